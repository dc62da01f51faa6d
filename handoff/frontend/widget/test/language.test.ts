import { describe, expect, test } from "vitest";
import { LOCALES } from "../../shared/wire";
import { chooseLocale, dictionaries, Language, toLocale } from "../src/i18n/language";
import { placeInWords, waitInWords } from "../src/i18n/waiting";

const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
// Characters that only the other script writes.
const SIMPLIFIED_ALONE = /[订单货询发网络语转们这关态续]/u;
const TRADITIONAL_ALONE = /[訂單貨詢發網絡語轉們這關態續]/u;

describe("the languages", () => {
  test.each(LOCALES)("that %s has every word, none empty, with the same holes", (locale) => {
    const { en } = dictionaries;
    expect(Object.keys(dictionaries[locale]).sort()).toEqual(Object.keys(en).sort());
    for (const [key, text] of Object.entries(dictionaries[locale])) {
      expect(text.trim(), key).not.toBe("");
      expect(holes(text), key).toEqual(holes(en[key as keyof typeof en]));
    }
  });

  test("that neither Chinese borrows the other's characters, and English none", () => {
    for (const text of Object.values(dictionaries["zh-Hans"])) expect(text).not.toMatch(TRADITIONAL_ALONE);
    for (const text of Object.values(dictionaries["zh-Hant"])) expect(text).not.toMatch(SIMPLIFIED_ALONE);
    for (const text of Object.values(dictionaries.en)) expect(text).not.toMatch(/\p{Script=Han}/u);
  });

  test.each([
    ["zh", "zh-Hans"],
    ["zh-CN", "zh-Hans"],
    ["zh_TW", "zh-Hant"],
    ["zh-HK", "zh-Hant"],
    ["zh-Hant-CN", "zh-Hant"],
    ["en-GB", "en"],
    ["fr", null],
    ["", null],
  ])("that the tag %s means %s", (tag, locale) => expect(toLocale(tag)).toBe(locale));

  test("that the first language we speak is taken, and English when there is none", () => {
    expect(chooseLocale(undefined, "fr", "zh-TW", "en")).toBe("zh-Hant");
    expect(chooseLocale("de", null)).toBe("en");
  });

  test("that money comes from minor units", () => {
    expect(new Language("zh-Hans").money(12900, "CNY")).toBe("¥129.00");
    expect(new Language("en").money(1200, "JPY")).toBe("¥1,200");
    expect(new Language("en").money(1200, "not a currency")).toBe("12.00 not a currency");
  });

  test("that the shop's text falls back to the language it has", () => {
    expect(new Language("en").pick({ zh: "杯子" })).toBe("杯子");
    expect(new Language("zh-Hant").pick({ zh: "杯子", en: "Cup" })).toBe("杯子");
    expect(new Language("en").pick(null)).toBe("");
  });

  test("that a status without a word is known as such", () => {
    const language = new Language("en");
    expect(language.word("order", "shipped")).toBe("Shipped");
    expect(language.word("order", "teleported")).toBeNull();
    expect(language.word("to", "String")).toBeNull();
  });

  test("that the queue and the wait are told in words", () => {
    const language = new Language("zh-Hans");
    expect(placeInWords(language, { position: 3 })).toContain("3");
    expect(placeInWords(language, { position: 1 })).toBe(language.t("queue_next"));
    expect(placeInWords(language, null)).toBe(language.t("queue_joined"));
    expect(waitInWords(language, { position: 3, wait_seconds: { p50: 60, p90: 170 } })).toBe("预计等待 1–3 分钟");
    expect(waitInWords(language, { position: 1, wait_seconds: { p50: 10, p90: 40 } })).toBe("预计等待不到 1 分钟");
    expect(waitInWords(language, { position: 1, wait_seconds: { p50: 110, p90: 120 } })).toBe("预计等待约 2 分钟");
    expect(waitInWords(language, { position: 1 })).toBeNull();
  });
});
