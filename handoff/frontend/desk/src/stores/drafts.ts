import { defineStore } from "pinia";
import { reactive } from "vue";

export type ComposerMode = "reply" | "note";

export interface Draft {
  mode: ComposerMode;
  reply: string;
  note: string;
}

const KEY = "kefu.desk.drafts";

function saved(): Record<string, Draft> {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "{}") as Record<string, Draft>;
  } catch {
    return {};
  }
}

/** What was typed and not sent, per conversation; it survives a reload but not the tab. */
export const useDrafts = defineStore("drafts", () => {
  const drafts = reactive<Record<string, Draft>>(saved());

  function of(id: string): Draft {
    return drafts[id] ?? { mode: "reply", reply: "", note: "" };
  }

  function change(id: string, change: Partial<Draft>): void {
    const draft = { ...of(id), ...change };
    if (draft.reply === "" && draft.note === "" && draft.mode === "reply") delete drafts[id];
    else drafts[id] = draft;
    sessionStorage.setItem(KEY, JSON.stringify(drafts));
  }

  function clear(): void {
    for (const id of Object.keys(drafts)) delete drafts[id];
    sessionStorage.removeItem(KEY);
  }

  return { drafts, of, change, clear };
});
