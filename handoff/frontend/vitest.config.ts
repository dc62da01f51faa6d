import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [vue()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  test: {
    include: ["shared/**/*.test.ts", "widget/**/*.test.{ts,tsx}", "desk/**/*.test.ts"],
    environment: "happy-dom",
    // The machines that run this have two cores and other work.
    maxWorkers: 2,
    restoreMocks: true,
  },
});
