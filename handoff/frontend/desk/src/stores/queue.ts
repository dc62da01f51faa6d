import { defineStore } from "pinia";
import { computed, reactive, ref } from "vue";
import { asApiError } from "../api/errors";
import type { Agent, Message, Presence, Summary, Team } from "../api/types";
import * as reducer from "./lists";
import { LIST_KEYS, LIST_QUERIES, type ListKey } from "./lists";
import { useSession } from "./session";

const PAGE = 40;

/** The left column: lists of conversations, the teams' queues and the search. */
export const useQueue = defineStore("queue", () => {
  const session = useSession();
  const lists = ref<reducer.Lists>(reducer.EMPTY_LISTS);
  const cursors = reactive<Partial<Record<ListKey, string | null>>>({});
  const loading = reactive<Partial<Record<ListKey, boolean>>>({});
  const loaded = reactive<Partial<Record<ListKey, boolean>>>({});
  const error = ref<string | null>(null);
  const active = ref<ListKey>("mine");
  const teams = ref<Team[]>([]);
  const agents = ref<Agent[]>([]);
  const query = ref("");
  const found = ref<string[] | null>(null);
  let searching: AbortController | null = null;

  const me = () => ({ id: session.agent?.id ?? "" });
  const keys = computed(() => LIST_KEYS.filter((key) => key !== "all" || session.seesAll));
  const visible = computed<Summary[]>(() => {
    const ids = found.value ?? lists.value.ids[active.value];
    return ids.flatMap((id) => lists.value.summaries[id] ?? []);
  });
  const waiting = computed(() => lists.value.ids.queue.length);
  const unreadTotal = computed(() =>
    lists.value.ids.mine.reduce((sum, id) => {
      const summary = lists.value.summaries[id];
      return sum + (summary && reducer.unread(summary) > 0 ? 1 : 0);
    }, 0),
  );

  function summary(id: string): Summary | undefined {
    return lists.value.summaries[id];
  }

  async function load(key: ListKey, more = false): Promise<void> {
    if (loading[key] || (more && !cursors[key])) return;
    loading[key] = true;
    try {
      const cursor = more ? cursors[key] : undefined;
      const page = await session.api.conversations({ ...LIST_QUERIES[key], limit: PAGE, cursor });
      lists.value = reducer.loadPage(lists.value, key, page.items, me(), !more);
      cursors[key] = page.next_cursor ?? null;
      loaded[key] = true;
      error.value = null;
    } catch (cause) {
      error.value = asApiError(cause).code;
    } finally {
      loading[key] = false;
    }
  }

  /** After (re)connecting: everything that may have changed while nobody told us. */
  async function resync(): Promise<void> {
    const wanted = new Set<ListKey>(["mine", "queue", active.value, ...LIST_KEYS.filter((key) => loaded[key])]);
    await Promise.all([...[...wanted].map((key) => load(key)), loadTeams()]);
  }

  async function loadTeams(): Promise<void> {
    try {
      teams.value = (await session.api.teams()).items;
    } catch {
      // The teams are only needed for a transfer, which reads them again and shows the error.
    }
  }

  async function loadPeople(): Promise<void> {
    const [people, groups] = await Promise.all([session.api.agents(), session.api.teams()]);
    agents.value = people.items;
    teams.value = groups.items;
  }

  function select(key: ListKey): void {
    active.value = key;
    void load(key);
  }

  async function search(text: string): Promise<void> {
    query.value = text;
    searching?.abort();
    const trimmed = text.trim();
    if (trimmed === "") {
      found.value = null;
      return;
    }
    const mine = new AbortController();
    searching = mine;
    try {
      const page = await session.api.conversations({ owner: "any", q: trimmed, limit: PAGE }, mine.signal);
      if (searching !== mine) return;
      for (const one of page.items) update(one);
      found.value = page.items.map((one) => one.id);
      error.value = null;
    } catch (cause) {
      if (!mine.signal.aborted) error.value = asApiError(cause).code;
    }
  }

  function update(one: Summary): void {
    lists.value = reducer.place(lists.value, one, me());
  }

  /** False when the lists do not know this conversation yet. */
  function noteMessage(id: string, message: Message): boolean {
    const result = reducer.noteMessage(lists.value, id, message, me());
    lists.value = result.lists;
    return result.known;
  }

  function markRead(id: string, seq: number): void {
    lists.value = reducer.markRead(lists.value, id, seq);
  }

  function teamsChanged(changes: { id: string; waiting: number }[]): void {
    const counts = new Map(changes.map((change) => [change.id, change.waiting]));
    teams.value = teams.value.map((team) => ({ ...team, waiting: counts.get(team.id) ?? team.waiting }));
  }

  function presenceChanged(agentId: string, status: Presence): void {
    agents.value = agents.value.map((agent) => (agent.id === agentId ? { ...agent, status } : agent));
  }

  function reset(): void {
    lists.value = reducer.EMPTY_LISTS;
    for (const key of LIST_KEYS) {
      delete cursors[key];
      delete loaded[key];
    }
    found.value = null;
    query.value = "";
    active.value = "mine";
  }

  return {
    lists,
    cursors,
    loading,
    loaded,
    error,
    active,
    teams,
    agents,
    query,
    found,
    keys,
    visible,
    waiting,
    unreadTotal,
    summary,
    load,
    resync,
    loadTeams,
    loadPeople,
    select,
    search,
    update,
    noteMessage,
    markRead,
    teamsChanged,
    presenceChanged,
    reset,
  };
});
