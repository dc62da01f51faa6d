/** The queue in words. */
import type { QueuePlace } from "../../../shared/wire";
import type { Language } from "./language";

export function placeInWords(language: Language, queue: QueuePlace | null): string {
  if (!queue || !(queue.position > 0)) return language.t("queue_joined");
  return queue.position === 1 ? language.t("queue_next") : language.t("queue_position", { n: queue.position });
}

/** Null when the gateway does not know. */
export function waitInWords(language: Language, queue: QueuePlace | null): string | null {
  const wait = queue?.wait_seconds;
  if (!wait || !(wait.p90 > 0)) return null;
  if (wait.p90 < 60) return language.t("wait_short");
  const from = Math.max(1, Math.round(wait.p50 / 60));
  const to = Math.max(from, Math.ceil(wait.p90 / 60));
  return from === to ? language.t("wait_about", { n: to }) : language.t("wait_range", { from, to });
}
