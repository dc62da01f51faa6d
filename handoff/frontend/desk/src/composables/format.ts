import { useI18n } from "vue-i18n";
import type { Bilingual } from "../api/types";

/** Names in people's words: the locale's text when there is one, else the wire's name made readable. */
export function humanise(name: string): string {
  const words = name.replace(/[_-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function useFormat() {
  const { t, te, locale } = useI18n();

  function label(group: string, name: string): string {
    const key = `${group}.${name}`;
    return te(key) || te(key, "en") ? t(key) : humanise(name);
  }

  function bilingual(text: Bilingual | string | null | undefined): string {
    if (!text) return "";
    if (typeof text === "string") return text;
    const { zh = "", en = "" } = text;
    return locale.value === "zh-CN" ? zh || en : en || zh;
  }

  /** `minor` in fen or cents. */
  function money(minor: number, currency: string): string {
    try {
      return new Intl.NumberFormat(locale.value, { style: "currency", currency }).format(minor / 100);
    } catch {
      return `${(minor / 100).toFixed(2)} ${currency}`;
    }
  }

  function time(iso: string): string {
    return new Intl.DateTimeFormat(locale.value, { hour: "2-digit", minute: "2-digit", hour12: false }).format(
      new Date(iso),
    );
  }

  function daysAgo(iso: string): number {
    const midnight = (date: Date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
    return Math.round((midnight(new Date()) - midnight(new Date(iso))) / DAY);
  }

  function day(iso: string): string {
    const ago = daysAgo(iso);
    if (ago === 0) return t("transcript.today");
    if (ago === 1) return t("transcript.yesterday");
    const date = new Date(iso);
    const sameYear = date.getFullYear() === new Date().getFullYear();
    const year = sameYear ? undefined : ("numeric" as const);
    return new Intl.DateTimeFormat(locale.value, { year, month: "short", day: "numeric" }).format(date);
  }

  /** The time of today, the day of anything earlier: for lists. */
  function shortMoment(iso: string): string {
    return daysAgo(iso) === 0 ? time(iso) : day(iso);
  }

  function moment(iso: string): string {
    return daysAgo(iso) === 0 ? time(iso) : `${day(iso)} ${time(iso)}`;
  }

  function duration(ms: number): string {
    const span = Math.max(0, ms);
    if (span < MINUTE) return t("duration.seconds", { n: Math.floor(span / 1000) });
    if (span < HOUR) return t("duration.minutes", { n: Math.floor(span / MINUTE) });
    if (span < DAY) {
      return t("duration.hours", { h: Math.floor(span / HOUR), m: Math.floor((span % HOUR) / MINUTE) });
    }
    return t("duration.days", { d: Math.floor(span / DAY), h: Math.floor((span % DAY) / HOUR) });
  }

  function percent(share: number): string {
    return `${Math.round(share * 100)}%`;
  }

  return { label, bilingual, money, time, day, shortMoment, moment, duration, percent };
}
