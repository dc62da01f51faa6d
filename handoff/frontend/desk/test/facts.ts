import type { Agent, Message, Summary } from "../src/api/types";

export const ME: Agent = {
  id: "a1",
  name: "林晓雯",
  email: "lin@example.com",
  role: "agent",
  status: "online",
  capacity: 5,
  load: 1,
  teams: [],
  locale: "zh-Hans",
};

export function message(seq: number, change: Partial<Message> = {}): Message {
  return {
    seq,
    prev: seq - 1,
    sender: "customer",
    sender_id: null,
    name: "陈静",
    content: { type: "text", text: `第 ${seq} 条` },
    created_at: new Date(Date.UTC(2026, 10, 22, 8, 0, seq)).toISOString(),
    ...change,
  };
}

export function summary(id: string, change: Partial<Summary> = {}): Summary {
  return {
    id,
    status: "open",
    owner: { type: "agent", id: ME.id, name: ME.name, epoch: 3 },
    customer: { id: "c001", name: "陈静", identifier: "c001", verified: true },
    inbox: { id: "web", name: "官网", channel: "web" },
    locale: "zh-Hans",
    last_seq: 1,
    last_message: { seq: 1, sender: "customer", text: "在吗", created_at: "2026-11-22T08:00:01Z" },
    read_seq: 0,
    priority: "normal",
    team: null,
    waiting_since: null,
    reason: null,
    created_at: "2026-11-22T08:00:00Z",
    updated_at: "2026-11-22T08:00:01Z",
    ...change,
  };
}

export function waiting(id: string, change: Partial<Summary> = {}): Summary {
  return summary(id, {
    owner: { type: "queue", id: null, name: null, epoch: 2 },
    waiting_since: "2026-11-22T08:00:00Z",
    ...change,
  });
}
