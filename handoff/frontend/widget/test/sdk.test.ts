import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeSocket } from "./fake_socket";
import { message } from "./messages";
import { sessionReply, settle } from "./setting";

const requests: { address: string; body: Record<string, unknown> }[] = [];
const options = { websiteToken: "site", baseUrl: "https://chat.example", locale: "en" };
const panel = () => document.getElementById("kefu-widget")?.shadowRoot?.querySelector(".panel") ?? null;
const rendered = () => vi.advanceTimersByTimeAsync(50);

beforeEach(async () => {
  vi.useFakeTimers();
  vi.resetModules();
  requests.length = 0;
  FakeSocket.all = [];
  localStorage.clear();
  sessionStorage.clear();
  delete window.$kefu;
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("fetch", async (address: string, init: RequestInit) => {
    requests.push({ address, body: JSON.parse(String(init.body)) as Record<string, unknown> });
    return new Response(JSON.stringify(sessionReply()), { status: 200 });
  });
  await import("../src/sdk");
});
afterEach(async () => {
  await window.$kefu?.reset();
  document.getElementById("kefu-widget")?.remove();
  await vi.advanceTimersByTimeAsync(200);
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("the public interface", () => {
  test("that a visitor who does not open the chat costs no request", async () => {
    const ready = vi.fn();
    window.addEventListener("kefu:ready", ready, { once: true });
    window.kefuSDK.run(options);
    await rendered();
    expect(ready).toHaveBeenCalledOnce();
    expect(requests).toEqual([]);
  });

  test("that toggle opens and closes, and the next page finds it as it was", async () => {
    window.kefuSDK.run(options);
    await rendered();
    window.$kefu!.toggle("open");
    await rendered();
    expect(panel()).not.toBeNull();
    expect(requests.map((request) => request.address)).toEqual(["https://chat.example/api/v1/widget/sessions"]);
    expect(sessionStorage.getItem("kefu:site:open")).toBe("true");
    window.$kefu!.toggle("close");
    await rendered();
    expect(panel()).toBeNull();
    window.$kefu!.toggle();
    await rendered();
    expect(panel()).not.toBeNull();
  });

  test("that setUser right after run is part of the first session", async () => {
    window.kefuSDK.run(options);
    window.$kefu!.setUser("c001", { name: "Lin", identifier_hash: "ab12" });
    await rendered();
    expect(requests.map((request) => request.body)).toEqual([
      { website_token: "site", locale: "en", identifier: "c001", identifier_hash: "ab12", name: "Lin" },
    ]);
    window.$kefu!.setUser("c001", { name: "Lin", identifier_hash: "ab12" });
    await rendered();
    expect(requests).toHaveLength(1);
  });

  test("that running twice changes nothing, and running without a token says so", async () => {
    expect(() => window.kefuSDK.run({ websiteToken: "" })).toThrow(TypeError);
    window.kefuSDK.run(options);
    const first = window.$kefu;
    window.kefuSDK.run({ ...options, websiteToken: "other" });
    await rendered();
    expect(window.$kefu).toBe(first);
    expect(document.querySelectorAll("#kefu-widget")).toHaveLength(1);
  });

  test("that setLocale changes the words at once", async () => {
    window.kefuSDK.run(options);
    await rendered();
    window.$kefu!.toggle("open");
    await rendered();
    expect(panel()!.querySelector(".human")!.textContent).toContain("Talk to a human");
    window.$kefu!.setLocale("zh-TW");
    await rendered();
    expect(panel()!.querySelector(".human")!.textContent).toContain("轉人工");
    window.$kefu!.setLocale("xx");
    await rendered();
    expect(panel()!.querySelector(".human")!.textContent).toContain("轉人工");
  });

  test("that the page hears of new messages on window and document", async () => {
    window.kefuSDK.run(options);
    await rendered();
    window.$kefu!.toggle("open");
    await settle();
    const onWindow = vi.fn();
    const onDocument = vi.fn();
    window.addEventListener("kefu:on-message", onWindow, { once: true });
    document.addEventListener("kefu:on-message", onDocument, { once: true });
    const socket = FakeSocket.last;
    socket.accepts();
    socket.says({ type: "hello", conversation_id: "c1", owner: { type: "bot", name: null }, last_seq: 0 });
    socket.says({ type: "message", ...message(1) });
    expect((onWindow.mock.calls[0]![0] as CustomEvent).detail).toMatchObject({ seq: 1 });
    expect(onDocument).toHaveBeenCalledOnce();
  });
});
