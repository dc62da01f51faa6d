import js from "@eslint/js";
import vue from "eslint-plugin-vue";
import globals from "globals";
import typescript from "typescript-eslint";
import vueParser from "vue-eslint-parser";

export default typescript.config(
  { ignores: ["node_modules/", "dist/"] },
  js.configs.recommended,
  ...typescript.configs.recommended,
  ...vue.configs["flat/recommended"],
  {
    languageOptions: { globals: { ...globals.browser } },
    rules: {
      eqeqeq: ["error", "always"],
      "no-console": "error",
      "no-undef": "off", // TypeScript knows better
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-explicit-any": "error",
      // What comes from a customer is only ever a text node.
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Render text nodes." },
        { property: "outerHTML", message: "Render text nodes." },
        { property: "insertAdjacentHTML", message: "Render text nodes." },
      ],
      "no-restricted-syntax": [
        "error",
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: "Render text nodes." },
      ],
      "no-eval": "error",
      "no-new-func": "error",
      "vue/no-v-html": "error",
      // Prettier lays out the templates.
      "vue/max-attributes-per-line": "off",
      "vue/singleline-html-element-content-newline": "off",
      "vue/multiline-html-element-content-newline": "off",
      "vue/html-self-closing": "off",
      "vue/html-indent": "off",
      "vue/html-closing-bracket-newline": "off",
    },
  },
  {
    files: ["**/*.vue"],
    languageOptions: { parser: vueParser, parserOptions: { parser: typescript.parser, sourceType: "module" } },
  },
  {
    files: ["scripts/**", "test/**", "*.config.*"],
    languageOptions: { globals: { ...globals.node } },
    rules: { "no-console": "off" },
  },
);
