import type { Agent, Message, Priority, Summary } from "../api/types";
import type { ListQuery } from "../api/desk";

export const LIST_KEYS = ["mine", "queue", "bot", "all", "resolved"] as const;
export type ListKey = (typeof LIST_KEYS)[number];

export const LIST_QUERIES: Record<ListKey, Pick<ListQuery, "owner" | "status">> = {
  mine: { owner: "me", status: "open" },
  queue: { owner: "queue", status: "open" },
  bot: { owner: "bot", status: "open" },
  all: { owner: "any", status: "open" },
  resolved: { owner: "any", status: "resolved" },
};

/** Ids per list, in order, over summaries kept once. Pure: every function returns new lists. */
export interface Lists {
  summaries: Readonly<Record<string, Summary>>;
  ids: Readonly<Record<ListKey, readonly string[]>>;
}

export const EMPTY_LISTS: Lists = { summaries: {}, ids: { mine: [], queue: [], bot: [], all: [], resolved: [] } };

const PRIORITY_RANK: Record<Priority, number> = { urgent: 0, high: 1, normal: 2 };

export function belongs(summary: Summary, key: ListKey, me: Pick<Agent, "id">): boolean {
  if (key === "resolved") return summary.status === "resolved";
  if (summary.status === "resolved") return false;
  switch (key) {
    case "mine":
      return summary.owner.type === "agent" && summary.owner.id === me.id;
    case "queue":
      return summary.owner.type === "queue";
    case "bot":
      return summary.owner.type === "bot";
    case "all":
      return true;
  }
}

/** Of two accounts of the same conversation the later one: by epoch, then by seq, then by the server's clock. */
export function newer(known: Summary | undefined, incoming: Summary): Summary {
  if (!known) return incoming;
  if (incoming.owner.epoch !== known.owner.epoch) return incoming.owner.epoch > known.owner.epoch ? incoming : known;
  if (incoming.last_seq !== known.last_seq) return incoming.last_seq > known.last_seq ? incoming : known;
  return Date.parse(incoming.updated_at) >= Date.parse(known.updated_at) ? incoming : known;
}

function activity(summary: Summary): number {
  return Date.parse(summary.last_message?.created_at ?? summary.updated_at);
}

/** The queue orders by priority, then by who waits longest; every other list by the latest message. */
function comparator(key: ListKey): (a: Summary, b: Summary) => number {
  if (key !== "queue") return (a, b) => activity(b) - activity(a) || a.id.localeCompare(b.id);
  const since = (summary: Summary) => Date.parse(summary.waiting_since ?? summary.updated_at);
  return (a, b) => PRIORITY_RANK[a.priority] - PRIORITY_RANK[b.priority] || since(a) - since(b);
}

function sorted(ids: Iterable<string>, key: ListKey, summaries: Lists["summaries"]): string[] {
  const present = [...new Set(ids)].flatMap((id) => summaries[id] ?? []);
  return present.sort(comparator(key)).map((summary) => summary.id);
}

/** A page of one list as the server gave it. `replace` for the first page: what it no longer names has left. */
export function loadPage(
  lists: Lists,
  key: ListKey,
  page: readonly Summary[],
  me: Pick<Agent, "id">,
  replace: boolean,
): Lists {
  const summaries = { ...lists.summaries };
  for (const summary of page) summaries[summary.id] = newer(summaries[summary.id], summary);
  const named = page.map((summary) => summary.id);
  const ids = (replace ? named : [...lists.ids[key], ...named]).filter((id) => {
    const summary = summaries[id];
    return summary !== undefined && belongs(summary, key, me);
  });
  return { summaries, ids: { ...lists.ids, [key]: sorted(ids, key, summaries) } };
}

/** One conversation changed: put it into the lists it belongs to now and take it out of the others. */
export function place(lists: Lists, incoming: Summary, me: Pick<Agent, "id">): Lists {
  const summary = newer(lists.summaries[incoming.id], incoming);
  const summaries = { ...lists.summaries, [summary.id]: summary };
  const ids = {} as Record<ListKey, readonly string[]>;
  for (const key of LIST_KEYS) {
    const others = lists.ids[key].filter((id) => id !== summary.id);
    ids[key] = belongs(summary, key, me) ? sorted([...others, summary.id], key, summaries) : others;
  }
  return { summaries, ids };
}

/** A message arrived: bring the preview of a known conversation up to date; `known` false when the lists must be re-read. */
export function noteMessage(
  lists: Lists,
  id: string,
  message: Message,
  me: Pick<Agent, "id">,
): { lists: Lists; known: boolean } {
  const summary = lists.summaries[id];
  if (!summary) return { lists, known: false };
  if (message.seq <= summary.last_seq) return { lists, known: true };
  const last_message = message.private
    ? summary.last_message
    : { seq: message.seq, sender: message.sender, text: message.content.text, created_at: message.created_at };
  const changed: Summary = { ...summary, last_seq: message.seq, last_message };
  return { lists: place(lists, changed, me), known: true };
}

export function markRead(lists: Lists, id: string, seq: number): Lists {
  const summary = lists.summaries[id];
  if (!summary || summary.read_seq >= seq) return lists;
  return { ...lists, summaries: { ...lists.summaries, [id]: { ...summary, read_seq: seq } } };
}

/** How many messages of the conversation this agent has not seen; 0 when the last word was not the customer's. */
export function unread(summary: Summary): number {
  if (summary.last_message?.sender !== "customer") return 0;
  return Math.max(0, summary.last_seq - summary.read_seq);
}
