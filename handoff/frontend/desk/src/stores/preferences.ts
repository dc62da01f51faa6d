import { defineStore } from "pinia";
import { ref, watch } from "vue";

export type DeskLocale = "zh-CN" | "en";
export type Appearance = "light" | "dark";

const KEY = "kefu.desk.preferences";

interface Saved {
  locale?: DeskLocale;
  sound?: boolean;
  appearance?: Appearance;
}

function saved(): Saved {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Saved;
  } catch {
    return {};
  }
}

function browserLocale(): DeskLocale {
  return navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}

/** What one person set on this browser; not secret, so localStorage. */
export const usePreferences = defineStore("preferences", () => {
  const before = saved();
  const locale = ref<DeskLocale>(before.locale === "en" || before.locale === "zh-CN" ? before.locale : browserLocale());
  const sound = ref(before.sound ?? true);
  const appearance = ref<Appearance>(before.appearance === "dark" ? "dark" : "light");

  watch([locale, sound, appearance], () => {
    localStorage.setItem(
      KEY,
      JSON.stringify({ locale: locale.value, sound: sound.value, appearance: appearance.value } satisfies Saved),
    );
  });

  return { locale, sound, appearance };
});
