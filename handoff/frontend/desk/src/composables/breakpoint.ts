import { computed, onScopeDispose, ref, type ComputedRef } from "vue";

function useMedia(query: string) {
  const media = window.matchMedia(query);
  const matches = ref(media.matches);
  const update = () => (matches.value = media.matches);
  media.addEventListener("change", update);
  onScopeDispose(() => media.removeEventListener("change", update));
  return matches;
}

/** `wide` shows three columns, `medium` two and the details in a drawer, `phone` one at a time. */
export function useBreakpoint(): ComputedRef<"phone" | "medium" | "wide"> {
  const wide = useMedia("(min-width: 1180px)");
  const phone = useMedia("(max-width: 719px)");
  return computed(() => (phone.value ? "phone" : wide.value ? "wide" : "medium"));
}
