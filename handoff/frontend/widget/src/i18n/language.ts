/** Words, dates and money in the customer's language. */
import type { Bilingual, Locale } from "../../../shared/wire";
import { en, type Dictionary, type Key } from "./en";
import { zhHans } from "./zh-Hans";
import { zhHant } from "./zh-Hant";

export const dictionaries: Record<Locale, Dictionary> = { en, "zh-Hans": zhHans, "zh-Hant": zhHant };

/** Our three languages for any tag that a page or browser may name: zh-TW, zh_CN, en-GB, fr … */
export function toLocale(tag: string | null | undefined): Locale | null {
  const parts = (tag ?? "").toLowerCase().split(/[-_]/);
  if (parts[0] === "zh") return parts.some((part) => ["hant", "tw", "hk", "mo"].includes(part)) ? "zh-Hant" : "zh-Hans";
  return parts[0] === "en" ? "en" : null;
}

/** The first that is one of ours; English for everybody else. */
export function chooseLocale(...tags: (string | null | undefined)[]): Locale {
  for (const tag of tags) {
    const locale = toLocale(tag);
    if (locale) return locale;
  }
  return "en";
}

export class Language {
  constructor(readonly locale: Locale) {}

  t(key: Key, values: Record<string, string | number> = {}): string {
    return dictionaries[this.locale][key].replace(/\{(\w+)\}/g, (hole, name: string) => String(values[name] ?? hole));
  }

  /** A key that a wire value names, or null when we have no word for it. */
  word(prefix: string, value: string): string | null {
    const key = `${prefix}_${value}`;
    return Object.hasOwn(dictionaries[this.locale], key) ? dictionaries[this.locale][key as Key] : null;
  }

  /** The shop writes Chinese and English; one of them may be missing. */
  pick(text: Partial<Bilingual> | string | null | undefined): string {
    if (!text) return "";
    if (typeof text === "string") return text;
    return (this.locale === "en" ? text.en || text.zh : text.zh || text.en) ?? "";
  }

  /** From minor units. */
  money(minor: number, currency: string): string {
    try {
      const format = new Intl.NumberFormat(this.tag, { style: "currency", currency, currencyDisplay: "narrowSymbol" });
      return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
    } catch {
      return `${(minor / 100).toFixed(2)} ${currency}`; // not a currency code
    }
  }

  /** Facts on one line. Chinese fonts draw the dot as wide as a character, so it stands without spaces there. */
  join(...parts: (string | null | undefined)[]): string {
    return parts.filter(Boolean).join(this.locale === "en" ? " · " : "·");
  }

  time(iso: string): string {
    return this.format(iso, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  }

  date(iso: string): string {
    return this.format(iso, { month: "short", day: "numeric" });
  }

  dateTime(iso: string): string {
    return this.format(iso, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  }

  /** Today, yesterday, or the date. */
  day(iso: string, now: Date): string {
    const days = Math.round((midnight(now) - midnight(new Date(iso))) / 86_400_000);
    if (days === 0) return this.t("today");
    return days === 1 ? this.t("yesterday") : this.date(iso);
  }

  private get tag(): string {
    return { "zh-Hans": "zh-CN", "zh-Hant": "zh-TW", en: "en" }[this.locale];
  }

  private format(iso: string, options: Intl.DateTimeFormatOptions): string {
    const date = new Date(iso);
    return Number.isNaN(date.getTime()) ? "" : new Intl.DateTimeFormat(this.tag, options).format(date);
  }
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
