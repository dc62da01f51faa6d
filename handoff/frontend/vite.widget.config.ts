import { defineConfig } from "vite";
import { fileURLToPath } from "node:url";

// One classic script without imports: a shop adds it with a single <script src="…/sdk.js">.
export default defineConfig({
  root: fileURLToPath(new URL("./widget", import.meta.url)),
  publicDir: false,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: fileURLToPath(new URL("../static", import.meta.url)),
    emptyOutDir: false,
    target: "es2020",
    sourcemap: false,
    lib: {
      entry: fileURLToPath(new URL("./widget/src/sdk.ts", import.meta.url)),
      formats: ["iife"],
      name: "kefuWidget",
      fileName: () => "sdk.js",
    },
  },
});
