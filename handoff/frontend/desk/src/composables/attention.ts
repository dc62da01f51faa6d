import { computed, onScopeDispose, watch, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import { drawBadge } from "./badge";
import { playRing } from "./ringtone";

const FLASH_EVERY_MS = 1000;
const RING_EVERY_MS = 3000;

export interface AttentionSources {
  /** How many offers ring. */
  ringing: Ref<number>;
  /** Conversations of mine with something new. */
  unread: Ref<number>;
  sound: Ref<boolean>;
}

/** Gets an agent back who looks elsewhere: the tab's title flashes, its icon counts, and it rings. */
export function useAttention({ ringing, unread, sound }: AttentionSources): void {
  const { t } = useI18n();
  const count = computed(() => ringing.value + unread.value);
  let flashTimer: ReturnType<typeof setInterval> | undefined;
  let ringTimer: ReturnType<typeof setInterval> | undefined;
  let flashed = false;

  function title(): string {
    const base = `${t("app.name")} · ${t("app.brand")}`;
    if (ringing.value > 0 && flashed) return `🔔 ${t("offer.tab")}`;
    return count.value > 0 ? `(${count.value}) ${base}` : base;
  }

  function show(): void {
    document.title = title();
  }

  function stop(): void {
    clearInterval(flashTimer);
    clearInterval(ringTimer);
    flashed = false;
  }

  watch(
    () => ringing.value > 0,
    (rings) => {
      stop();
      if (!rings) return;
      flashTimer = setInterval(() => {
        flashed = !flashed;
        show();
      }, FLASH_EVERY_MS);
      const ring = () => sound.value && playRing();
      ring();
      ringTimer = setInterval(ring, RING_EVERY_MS);
    },
    { immediate: true },
  );
  watch(
    [count, () => t("app.name")],
    () => {
      show();
      drawBadge(count.value, ringing.value > 0);
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    stop();
    drawBadge(0, false);
    document.title = `${t("app.name")} · ${t("app.brand")}`;
  });
}
