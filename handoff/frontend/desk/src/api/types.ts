/** The wire types of docs/interfaces.md §7, as the desk reads them. */

export type OwnerType = "bot" | "queue" | "agent";
export type ConversationStatus = "open" | "snoozed" | "resolved";
export type Priority = "normal" | "high" | "urgent";
export type Presence = "online" | "away" | "offline";
export type Role = "agent" | "supervisor" | "admin";
export type Sender = "customer" | "bot" | "agent" | "system";

/** Text that exists in both languages; some installations fill only one. */
export interface Bilingual {
  zh?: string;
  en?: string;
}

export interface Owner {
  type: OwnerType;
  id: string | null;
  name: string | null;
  epoch: number;
}

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

export interface ParcelEvent {
  at: string;
  place: Bilingual | null;
  text: Bilingual;
}

export interface Parcel {
  tracking_number: string;
  order_number?: string;
  carrier: Bilingual;
  status: string;
  eta?: string | null;
  events?: ParcelEvent[];
}

export interface OrderItem {
  sku: string;
  name: Bilingual;
  size?: string | null;
  quantity: number;
  price: number;
  returned?: number | boolean;
}

export interface Order {
  number: string;
  status: string;
  placed_at: string;
  paid_at?: string | null;
  delivered_at?: string | null;
  items: OrderItem[];
  total: number;
  currency: string;
  shipping_fee?: number;
  address?: { name?: string; phone_masked?: string; text?: string } | null;
  parcels?: Parcel[];
  returns?: { id: string; kind: string; sku: string; status: string }[];
  cancellable?: boolean;
  address_changeable?: boolean;
  returnable_until?: string | null;
}

export interface Product {
  sku: string;
  name: Bilingual;
  price: number;
  currency: string;
  list_price?: number | null;
  stock?: number | null;
  sizes?: { size: string; stock: number }[];
  url?: string | null;
}

/** `text` is always there; the rest depends on `type`. */
export interface Content {
  type: string;
  text: string;
  options?: { id: string; title: string }[];
  order?: Order;
  parcel?: Parcel;
  parcels?: Parcel[];
  products?: Product[];
  product?: Product;
  entry_id?: string;
  upload_id?: string;
  name?: string;
  mime?: string;
  size?: number;
  rating?: number | null;
  comment?: string | null;
}

export interface Message {
  seq: number;
  /** The seq before it that this reader may see; 0 at the start. */
  prev?: number;
  sender: Sender;
  sender_id?: string | null;
  name: string | null;
  content: Content;
  created_at: string;
  client_id?: string | null;
  private?: boolean;
  kind?: string | null;
}

export interface Detail extends Summary {
  handoff: Handoff | null;
  handoffs: Handoff[];
  turns: Turn[];
  slots: Slots;
  cases: Case[];
  orders: Order[];
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
  | { type: "auth"; token: string }
  | { type: "ping" }
  | { type: "typing"; conversation_id: string };
