/** What is shown for a while and goes by itself: who is typing, and notices. */
import type { ChatState, Store } from "./state";

/** Longer than the pause between two typing marks of a person who writes on. */
const TYPING_SHOWN_MS = 6000;
/** A bot that says nothing for so long after a question is not "typing" any more. */
const ANSWER_AWAITED_MS = 20_000;

export class Passing {
  private typingTimer: ReturnType<typeof setTimeout> | undefined;
  private noticeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly store: Store<ChatState>) {}

  typing(sender: "agent" | "bot"): void {
    this.show(sender, TYPING_SHOWN_MS);
  }

  /** The bot has the customer's message. */
  awaitAnswer(): void {
    this.show("bot", ANSWER_AWAITED_MS);
  }

  answered(): void {
    clearTimeout(this.typingTimer);
    this.store.set({ typing: null });
  }

  /** `until` in milliseconds since the epoch; null: until the customer dismisses it or writes again. */
  notice(code: string, message: string, until: number | null): void {
    clearTimeout(this.noticeTimer);
    this.store.set({ notice: { code, message, until } });
    if (until) this.noticeTimer = setTimeout(() => this.dismiss(), until - Date.now());
  }

  dismiss(): void {
    clearTimeout(this.noticeTimer);
    this.store.set({ notice: null });
  }

  private show(sender: "agent" | "bot", milliseconds: number): void {
    clearTimeout(this.typingTimer);
    this.store.set({ typing: sender });
    this.typingTimer = setTimeout(() => this.answered(), milliseconds);
  }
}
