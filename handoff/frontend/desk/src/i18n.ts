import { createI18n } from "vue-i18n";
import en from "./locales/en";
import zhCN from "./locales/zh-CN";
import type { DeskLocale } from "./stores/preferences";

/** Composition API only. Messages are interpreted, not compiled to functions (a build flag), so the CSP can forbid eval. */
export function createDeskI18n(locale: DeskLocale) {
  return createI18n({ legacy: false, locale, fallbackLocale: "en", messages: { "zh-CN": zhCN, en } });
}
