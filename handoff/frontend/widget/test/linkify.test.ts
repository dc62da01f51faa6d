import { describe, expect, test } from "vitest";
import { linkify, safeAddress } from "../src/view/linkify";

const links = (text: string) => linkify(text).filter((piece) => piece.href !== null);

describe("links in a text", () => {
  test.each([
    ["看 https://shop.example/a?b=1#c。谢谢", "https://shop.example/a?b=1#c"],
    ["请打开https://shop.example/退货", "https://shop.example/"],
    ["(see https://shop.example/x_(y))", "https://shop.example/x_(y)"],
    ["https://shop.example/a, and more", "https://shop.example/a"],
    ["HTTP://SHOP.example!", "http://shop.example/"],
    ["www.shop.example/a.", "https://www.shop.example/a"],
  ])("that %s leads to %s", (text, href) => {
    expect(links(text).map((piece) => piece.href)).toEqual([href]);
  });

  test.each([
    "javascript:alert(1)",
    "data:text/html,x",
    "http://",
    "https://user:pass@bank.example",
    "KF202611170042",
    "a.b",
  ])("that %s is no link", (text) => expect(links(text)).toEqual([]));

  test.each([
    "",
    "普通文字",
    "a https://x.example b www.y.example。",
    "<b>https://x.example</b>",
    "https://user:p@x.example z",
  ])("that no character of %s is lost", (text) =>
    expect(
      linkify(text)
        .map((piece) => piece.text)
        .join(""),
    ).toBe(text),
  );

  test("that only the web is a safe address, relative ones with their base", () => {
    expect(safeAddress("/p/1", "https://shop.example/x")).toBe("https://shop.example/p/1");
    for (const bad of [
      "javascript:alert(1)",
      "JAVASCRIPT:alert(1)",
      " javascript:alert(1)",
      "data:text/html,x",
      "blob:x",
      "",
      null,
    ])
      expect(safeAddress(bad)).toBeNull();
    expect(safeAddress("javascript:alert(1)", "https://shop.example/")).toBeNull();
  });
});
