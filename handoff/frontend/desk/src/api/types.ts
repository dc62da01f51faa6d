/** The wire types of docs/interfaces.md §7, as the desk reads them; what the widget reads too is in `shared/wire`. */
import type { AgentMessage, Bilingual, Order, Owner, Sender } from "../../../shared/wire";

export type {
  Bilingual,
  Content,
  Order,
  Owner,
  OwnerType,
  Parcel,
  ParcelEvent,
  Product,
  Sender,
} from "../../../shared/wire";

export type Message = AgentMessage;
export type ConversationStatus = "open" | "snoozed" | "resolved";
export type Priority = "normal" | "high" | "urgent";
export type Presence = "online" | "away" | "offline";
export type Role = "agent" | "supervisor" | "admin";
export interface TeamRef {
  id: string;
  name: Bilingual | string;
}

export interface Team extends TeamRef {
  waiting: number;
  online: number;
}

export interface Agent {
  id: string;
  name: string;
  email: string;
  role: Role;
  status: Presence;
  capacity: number;
  load: number;
  teams: TeamRef[];
  locale: string;
}

export interface CustomerRef {
  id: string;
  name: string | null;
  identifier: string | null;
  verified: boolean;
  vip?: boolean;
}

export interface LastMessage {
  seq: number;
  sender: Sender;
  text: string;
  created_at: string;
}

export interface Summary {
  id: string;
  status: ConversationStatus;
  owner: Owner;
  customer: CustomerRef;
  inbox: { id: string; name: string; channel: string };
  locale: string;
  last_seq: number;
  last_message: LastMessage | null;
  read_seq: number;
  priority: Priority;
  team: TeamRef | null;
  waiting_since: string | null;
  reason: string | null;
  created_at: string;
  updated_at: string;
}

export type Slots = Record<string, unknown>;

export interface HandoffReason {
  rule: string;
  detail: string | null;
  seq: number | null;
}

export interface Handoff {
  id: string;
  reason: string;
  reasons: HandoffReason[];
  signals: string[];
  summary: string | null;
  slots: Slots;
  team: TeamRef | string | null;
  priority: Priority;
  requested_at: string;
  accepted_at: string | null;
  accepted_by: { id: string; name: string } | null;
  ended_at: string | null;
  outcome: string | null;
}

export interface Turn {
  turn_no: number;
  first_seq: number;
  last_seq: number;
  state: "running" | "answered" | "failed" | "late";
  intent: string | null;
  confidence: number | null;
  ranking: { name: string; confidence: number }[] | null;
  entities: { entity: string; value: unknown; start?: number; end?: number }[] | null;
  mood: { label: string; anger: number } | null;
  signals: string[] | null;
  took_ms: number | null;
}

export type CaseStatus = "open" | "in_progress" | "done" | "rejected" | "cancelled";

export interface Case {
  id: string;
  number: string;
  kind: string;
  status: CaseStatus;
  order_number: string | null;
  summary: string | null;
  data: Record<string, unknown>;
  due_at: string | null;
  created_at: string;
}

export interface Detail extends Summary {
  handoff: Handoff | null;
  handoffs: Handoff[];
  turns: Turn[];
  slots: Slots;
  cases: Case[];
  orders: Order[];
  /** False when the shop did not answer: then `orders` says nothing. */
  shop_available?: boolean;
  previous: { id: string; status: ConversationStatus; created_at: string; summary: string | null }[];
}

export interface FaqResult {
  entry_id: string;
  category: string;
  question: string;
  answer: string;
  score: number;
}

export interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}

export interface MessagePage {
  items: Message[];
  last_seq: number;
}

export type ServerFrame =
  | { type: "hello"; agent: Agent }
  | { type: "pong" }
  | { type: "message.created"; conversation_id: string; seq: number; epoch: number; message: Message }
  | { type: "conversation.updated"; conversation_id: string; seq: number; epoch: number; conversation: Summary }
  | {
      type: "handoff.offered";
      conversation_id: string;
      seq: number;
      epoch: number;
      handoff_id: string;
      expires_at: string;
      conversation: Summary;
    }
  | { type: "queue.changed"; teams: { id: string; waiting: number }[] }
  | { type: "presence.changed"; agent_id: string; status: Presence }
  | { type: "sla.warning"; conversation_id: string; seq?: number; epoch?: number }
  | { type: "typing"; conversation_id: string; sender: string }
  | { type: "error"; code: string; message: string; retry_after?: number };

export type ClientFrame =
  { type: "auth"; token: string } | { type: "ping" } | { type: "typing"; conversation_id: string };
