import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { contents } from "../../test/scenes";
import type { Content } from "../../shared/wire";
import { Language } from "../src/i18n/language";
import { mount, type Mounted } from "../src/mount";
import { FakeSocket } from "./fake_socket";
import { message } from "./messages";
import { Setting } from "./setting";

let setting: Setting;
let mounted: Mounted;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  setting = new Setting();
  mounted = mount(setting.client, new Language("zh-Hans"), (open) => setting.client.setOpen(open));
});
afterEach(async () => {
  mounted.remove();
  await vi.advanceTimersByTimeAsync(200); // whatever the view has scheduled
  vi.useRealTimers();
});

const root = () => document.getElementById("kefu-widget")!.shadowRoot!;
const all = (selector: string) => [...root().querySelectorAll<HTMLElement>(selector)];
const one = (selector: string) => {
  const found = all(selector);
  if (found.length !== 1) throw new Error(`${found.length} of ${selector}`);
  return found[0]!;
};
const rendered = () => vi.advanceTimersByTimeAsync(50);

async function opened(): Promise<FakeSocket> {
  one(".launcher").click();
  const socket = await setting.greet();
  await rendered();
  return socket;
}

async function shown(content: Content, seq = 1, sender: "bot" | "agent" | "system" = "bot"): Promise<FakeSocket> {
  const socket = FakeSocket.all.length ? FakeSocket.last : await opened();
  socket.says({ type: "message", ...message(seq, { sender, content }) });
  await rendered();
  return socket;
}

function press(field: HTMLElement, init: KeyboardEventInit & { keyCode?: number }): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...init });
  // happy-dom takes neither from the constructor.
  Object.defineProperty(event, "isComposing", { value: init.isComposing ?? false });
  Object.defineProperty(event, "keyCode", { value: init.keyCode ?? 13 });
  field.dispatchEvent(event);
  return event;
}

async function type(text: string): Promise<HTMLTextAreaElement> {
  const field = one("textarea") as HTMLTextAreaElement;
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await rendered();
  return field;
}

describe("writing", () => {
  test("that Enter sends and empties the field", async () => {
    const socket = await opened();
    const event = press(await type("你好"), { key: "Enter" });
    await rendered();
    expect(event.defaultPrevented).toBe(true);
    expect(socket.sentOf("message").map((frame) => frame.text)).toEqual(["你好"]);
    expect((one("textarea") as HTMLTextAreaElement).value).toBe("");
    expect(one(".delivery").textContent).toContain("发送中");
  });

  test.each([
    ["that takes a candidate", { isComposing: true }],
    ["that Safari reports after the composition", { keyCode: 229 }],
    ["with Shift", { shiftKey: true }],
  ])("that an Enter %s sends nothing and is left to the browser", async (_, init) => {
    const socket = await opened();
    const event = press(await type("ni hao"), { key: "Enter", ...init });
    await rendered();
    expect(event.defaultPrevented).toBe(false);
    expect(socket.sentOf("message")).toEqual([]);
  });

  test("that an empty field cannot be sent", async () => {
    const socket = await opened();
    press(await type("  \n"), { key: "Enter" });
    expect(socket.sentOf("message")).toEqual([]);
    expect((one(".send") as HTMLButtonElement).disabled).toBe(true);
  });

  test("that 转人工 is one press away, and no longer offered once it is under way", async () => {
    const socket = await opened();
    one(".human").click();
    expect(socket.sentOf("message").map((frame) => frame.text)).toEqual(["转人工"]);
    socket.says({ type: "owner", owner: { type: "queue", name: null } });
    socket.says({ type: "queue", position: 3, wait_seconds: { p50: 60, p90: 180 } });
    await rendered();
    expect((one(".human") as HTMLButtonElement).disabled).toBe(true);
    expect(one(".banner.queue").textContent).toBe("您当前排在第 3 位预计等待 1–3 分钟");
    socket.says({ type: "owner", owner: { type: "agent", name: "陈思雨" } });
    await rendered();
    expect(one("#kefu-title").textContent).toBe("陈思雨");
    expect(all(".banner.queue")).toEqual([]);
  });
});

describe("showing", () => {
  test.each(Object.entries(contents))("that %s is shown with its text", async (_, content) => {
    await shown(content);
    if (content.text) expect(one("ol.messages .bubble .text").textContent).toBe(content.text);
    expect(all("ol.messages .row")).toHaveLength(1);
  });

  test("that an unknown type is shown as its text", async () => {
    await shown({ type: "hologram", text: "见文字" } as unknown as Content);
    expect(one("ol.messages .text").textContent).toBe("见文字");
  });

  test.each(["choices", "order", "parcel", "product", "file", "csat"])(
    "that a %s without its data is shown as its text",
    async (kind) => {
      await shown({ type: kind, text: "见文字" } as unknown as Content);
      expect(one("ol.messages .text").textContent).toBe("见文字");
    },
  );

  test("that markup of any origin stays text", async () => {
    const evil = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>';
    const { order } = contents.order;
    const socket = await shown({ type: "text", text: evil });
    await shown({ type: "choices", text: evil, options: [{ id: "o", title: evil }] }, 2);
    await shown({ type: "order", text: evil, order: { ...order, number: evil, status: evil as "paid" } }, 3);
    await shown({ type: "file", text: "", upload_id: "u", name: evil, mime: "text/html", size: 1 }, 4);
    socket.says({ type: "message", ...message(5, { sender: "agent", name: evil, text: evil }) });
    socket.says({ type: "owner", owner: { type: "agent", name: evil } });
    await rendered();
    expect(all("img, script, iframe, [onerror]")).toEqual([]);
    expect(one("#kefu-title").textContent).toBe(evil);
  });

  test("that a product's address and picture are used only when they are web addresses", async () => {
    const product = contents.product.products[0]!;
    const bad = "javascript:alert(1)";
    await shown({ type: "product", text: "", products: [{ ...product, url: bad, image: bad }] });
    expect(all("a, img")).toEqual([]);
    await shown({ type: "product", text: "", products: [{ ...product, url: "https://shop.example/p" }] }, 2);
    expect(one("a.view").getAttribute("href")).toBe("https://shop.example/p");
  });

  test("that choices are pressed once, then show what was chosen", async () => {
    const socket = await shown(contents.choices);
    const buttons = () => all("button.choice") as HTMLButtonElement[];
    expect(buttons().map((button) => button.disabled)).toEqual([false, false, false]);
    buttons()[1]!.click();
    await rendered();
    expect(socket.sentOf("choice")).toMatchObject([{ option_id: "o2" }]);
    expect(buttons().map((button) => button.disabled)).toEqual([true, true, true]);
    buttons()[0]!.click();
    expect(socket.sentOf("choice")).toHaveLength(1);
    socket.says({ type: "message", ...message(2, { sender: "customer", clientId: "id-1", text: "手作粗陶马克杯" }) });
    await rendered();
    expect(buttons().map((button) => button.classList.contains("chosen"))).toEqual([false, true, false]);
    expect(all(".row.own")).toHaveLength(1);
  });

  test("that own words stand apart, and others carry their names", async () => {
    const socket = await shown({ type: "text", text: "hi" });
    socket.says({ type: "message", ...message(2, { sender: "customer", text: "me" }) });
    socket.says({ type: "message", ...message(3, { sender: "agent", name: "思雨", text: "you" }) });
    socket.says({ type: "message", ...message(4, { sender: "system", text: "note" }) });
    await rendered();
    expect(all("ol.messages .row").map((row) => row.className.split(" ")[1])).toEqual([
      "other",
      "own",
      "other",
      "system",
    ]);
    expect(one(".row.agent .name").textContent).toBe("思雨");
  });

  test("that a lost connection is told after a moment, with a word that nothing is lost", async () => {
    const socket = await opened();
    setting.answer = () => "network";
    socket.closes(1006);
    await vi.advanceTimersByTimeAsync(3000);
    expect(one(".banner.warn").textContent).toContain("正在重新连接");
  });

  test("that a rate limit counts down", async () => {
    const socket = await opened();
    press(await type("快"), { key: "Enter" });
    await rendered();
    socket.says({ type: "error", code: "rate_limited", message: "", client_id: "id-1", retry_after: 5 });
    await rendered();
    expect(one(".banner.warn").textContent).toContain("5 秒后");
    await vi.advanceTimersByTimeAsync(2000);
    expect(one(".banner.warn").textContent).toContain("3 秒后");
  });
});

describe("the launcher", () => {
  test("that it counts what came while the panel was closed, and forgets it when opened", async () => {
    const socket = await setting.online();
    socket.says({ type: "message", ...message(1) });
    socket.says({ type: "message", ...message(2) });
    await rendered();
    expect(one(".badge").textContent).toBe("2");
    expect(one(".launcher").getAttribute("aria-label")).toBe("打开客服对话，2 条未读消息");
    one(".launcher").click();
    await rendered();
    expect(all(".badge")).toEqual([]);
  });

  test("that Escape closes, but not while an input method is at work", async () => {
    await opened();
    press(one("textarea"), { key: "Escape", isComposing: true });
    await rendered();
    expect(setting.state.open).toBe(true);
    press(one("textarea"), { key: "Escape" });
    await rendered();
    expect(setting.state.open).toBe(false);
    expect(root().activeElement).toBe(one(".launcher"));
  });

  test("that the panel names itself, its log is live and every button has words", async () => {
    await opened();
    await shown(contents.parcel);
    expect(one("[role=log]").getAttribute("aria-live")).toBe("off"); // history is not read out
    await vi.advanceTimersByTimeAsync(2000);
    expect(one("[role=dialog]").getAttribute("aria-labelledby")).toBe("kefu-title");
    expect(one("[role=log]").getAttribute("aria-live")).toBe("polite");
    for (const button of all("button")) {
      expect(button.getAttribute("aria-label") || button.textContent?.trim(), button.className).toBeTruthy();
    }
  });
});
