import { describe, expect, it } from "vitest";
import { HELP_ROWS } from "../src/composables/shortcuts";
import en from "../src/locales/en";
import zhCN from "../src/locales/zh-CN";

type Tree = { [key: string]: string | Tree };

function flat(tree: Tree, prefix = ""): Map<string, string> {
  return new Map(
    Object.entries(tree).flatMap(([key, value]) =>
      typeof value === "string" ? [[`${prefix}${key}`, value] as const] : [...flat(value, `${prefix}${key}.`)],
    ),
  );
}

const chinese = flat(zhCN);
const english = flat(en);
const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
const sources = import.meta.glob<string>("../src/**/*.{vue,ts}", { query: "?raw", import: "default", eager: true });

describe("the locales", () => {
  it("have the same keys", () => {
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort());
  });

  it("have a text for every key", () => {
    for (const [key, text] of [...chinese, ...english]) expect(text.trim(), key).not.toBe("");
  });

  it("fill the same placeholders", () => {
    for (const [key, text] of chinese) expect(placeholders(english.get(key) ?? ""), key).toEqual(placeholders(text));
  });

  it("have no Chinese left in English, but for the names of languages", () => {
    for (const [key, text] of english) {
      if (!key.startsWith("language.") && key !== "shell.language") expect(text, key).not.toMatch(/\p{Script=Han}/u);
    }
  });

  it("know every key that the code names", () => {
    const used = Object.entries(sources).flatMap(([file, source]) =>
      [...source.matchAll(/\bt\(\s*["']([\w.-]+)["']/g)].map((match) => [file, match[1]!] as const),
    );
    expect(used.length).toBeGreaterThan(80);
    for (const [file, key] of used) expect(chinese.has(key), `${key} in ${file}`).toBe(true);
  });

  it("know the groups of keys that the code builds", () => {
    const groups = Object.entries(sources).flatMap(([file, source]) => [
      ...[...source.matchAll(/\blabel\(\s*"([\w.]+)"/g)].map((match) => [file, `${match[1]}.`] as const),
      ...[...source.matchAll(/\bt\(\s*`([\w.]+\.)\$\{/g)].map((match) => [file, match[1]!] as const),
    ]);
    expect(groups.length).toBeGreaterThan(15);
    for (const [file, prefix] of groups) {
      expect(
        [...chinese.keys()].some((key) => key.startsWith(prefix)),
        `${prefix} in ${file}`,
      ).toBe(true);
    }
  });

  it("explain every shortcut", () => {
    for (const row of HELP_ROWS) expect(chinese.has(`help.${row.text}`), row.text).toBe(true);
  });
});
