import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createApp, h, nextTick, ref, type App } from "vue";
import MessageComposer from "../src/components/conversation/MessageComposer.vue";
import { createDeskI18n } from "../src/i18n";
import { useDrafts } from "../src/stores/drafts";

let app: App;
let root: HTMLElement;
const sent: [string, boolean][] = [];
const id = ref("c1");
const blocked = ref<string | null>(null);

function field(): HTMLTextAreaElement {
  return root.querySelector("textarea")!;
}

async function write(text: string): Promise<void> {
  field().value = text;
  field().dispatchEvent(new Event("input"));
  await nextTick();
}

async function press(options: KeyboardEventInit & { keyCode?: number }): Promise<KeyboardEvent> {
  const event = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true, ...options });
  if (options.keyCode !== undefined) Object.defineProperty(event, "keyCode", { value: options.keyCode });
  field().dispatchEvent(event);
  await nextTick();
  return event;
}

beforeEach(() => {
  sessionStorage.clear();
  sent.length = 0;
  id.value = "c1";
  blocked.value = null;
  const pinia = createPinia();
  setActivePinia(pinia);
  root = document.body.appendChild(document.createElement("div"));
  app = createApp({
    render: () =>
      h(MessageComposer, {
        id: id.value,
        blocked: blocked.value,
        question: "",
        locale: "zh-Hans",
        onSend: (text: string, isPrivate: boolean) => sent.push([text, isPrivate]),
      }),
  });
  app.use(pinia).use(createDeskI18n("zh-CN")).mount(root);
});

afterEach(() => {
  app.unmount();
  root.remove();
});

describe("the composer", () => {
  it("sends on Enter and empties itself", async () => {
    await write("您好，正在为您处理");
    const event = await press({});
    expect(sent).toEqual([["您好，正在为您处理", false]]);
    expect(event.defaultPrevented).toBe(true);
    expect(field().value).toBe("");
  });

  it("does not send half a word when Enter picks a word of the input method", async () => {
    await write("nihao");
    const event = await press({ isComposing: true });
    expect(sent).toEqual([]);
    expect(event.defaultPrevented).toBe(false);
    expect(field().value).toBe("nihao");
  });

  it("does not send on the Enter with which Safari ends a composition", async () => {
    await write("你好");
    await press({ keyCode: 229 });
    expect(sent).toEqual([]);
  });

  it("sends once the composition is over", async () => {
    await write("你好");
    await press({ isComposing: true });
    await press({ isComposing: false });
    expect(sent).toEqual([["你好", false]]);
  });

  it("begins a new line on Shift+Enter", async () => {
    await write("第一行");
    const event = await press({ shiftKey: true });
    expect(sent).toEqual([]);
    expect(event.defaultPrevented).toBe(false);
  });

  it("does not send blanks", async () => {
    await write("  \n ");
    await press({});
    expect(sent).toEqual([]);
  });

  it("keeps what was typed for each conversation, and for reply and note apart", async () => {
    await write("给第一位");
    id.value = "c2";
    await nextTick();
    expect(field().value).toBe("");
    id.value = "c1";
    await nextTick();
    expect(field().value).toBe("给第一位");
    root.querySelector<HTMLElement>("[data-test='tab-note']")!.click();
    await nextTick();
    expect(field().value).toBe("");
    await write("备注");
    await press({});
    expect(sent).toEqual([["备注", true]]);
    expect(useDrafts().of("c1").reply).toBe("给第一位");
  });

  it("takes only notes from somebody who does not own the conversation", async () => {
    blocked.value = "接入后即可回复";
    await nextTick();
    await write("先看一下订单");
    await press({});
    expect(sent).toEqual([["先看一下订单", true]]);
    expect(root.querySelector<HTMLButtonElement>("[data-test='tab-reply']")!.disabled).toBe(true);
  });

  it("sends on Ctrl+Enter from anywhere", async () => {
    await write("好的");
    window.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true }));
    expect(sent).toEqual([["好的", false]]);
  });
});
