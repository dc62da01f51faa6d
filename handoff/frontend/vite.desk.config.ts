import vue from "@vitejs/plugin-vue";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// The gateway serves the desk under /desk/ with a CSP without inline scripts and eval. vue-i18n's
// flag below selects its interpreter of messages, which needs no eval.
export default defineConfig({
  root: fileURLToPath(new URL("./desk", import.meta.url)),
  base: "/desk/",
  plugins: [vue()],
  define: {
    __VUE_OPTIONS_API__: "true",
    __VUE_PROD_DEVTOOLS__: "false",
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
    __VUE_I18N_FULL_INSTALL__: "true",
    __VUE_I18N_LEGACY_API__: "false",
    __INTLIFY_JIT_COMPILATION__: "true",
    __INTLIFY_DROP_MESSAGE_COMPILER__: "false",
    __INTLIFY_PROD_DEVTOOLS__: "false",
  },
  build: {
    outDir: fileURLToPath(new URL("../static/desk", import.meta.url)),
    emptyOutDir: true,
    target: "es2022",
    // Small assets stay files, so that the CSP needs no data: for fonts and scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
  },
  server: {
    host: "127.0.0.1",
    proxy: {
      "/api": process.env.KEFU_DEV_GATEWAY ?? "http://127.0.0.1:8080",
      "/ws": { target: process.env.KEFU_DEV_GATEWAY ?? "http://127.0.0.1:8080", ws: true },
    },
  },
});
