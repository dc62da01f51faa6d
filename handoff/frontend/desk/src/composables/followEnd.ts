import { nextTick, onScopeDispose, ref, watch, type Ref } from "vue";

// Within this distance of the end (px) what is new scrolls into view.
const NEAR_END = 120;

/** Keeps a scrolled pane at its end while the reader is there, also when the pane itself changes its height. */
export function useFollowEnd(pane: Ref<HTMLElement | null>) {
  const atEnd = ref(true);

  function scrolled(): void {
    const element = pane.value;
    if (element) atEnd.value = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END;
  }

  function toEnd(): void {
    const element = pane.value;
    if (element) element.scrollTop = element.scrollHeight;
    atEnd.value = true;
  }

  /** After something was added: go on following; `always` for what the reader did himself. */
  async function follow(always = false): Promise<void> {
    const wanted = always || atEnd.value;
    await nextTick();
    if (wanted) toEnd();
  }

  /** Something is added above: the line that was being read stays where it was. */
  async function keepPlace(add: () => Promise<void>): Promise<void> {
    const before = pane.value?.scrollHeight ?? 0;
    await add();
    await nextTick();
    if (pane.value) pane.value.scrollTop += pane.value.scrollHeight - before;
  }

  let observer: ResizeObserver | undefined;
  watch(pane, (element) => {
    observer?.disconnect();
    if (!element || typeof ResizeObserver === "undefined") return;
    observer = new ResizeObserver(() => atEnd.value && toEnd());
    observer.observe(element);
  });
  onScopeDispose(() => observer?.disconnect());

  return { atEnd, scrolled, toEnd, follow, keepPlace };
}
