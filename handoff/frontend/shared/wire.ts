/** What travels between the gateway and its two front ends: the types of docs/interfaces.md, sections 4, 6 and 7. */

export const LOCALES = ["zh-Hans", "zh-Hant", "en"] as const;
export type Locale = (typeof LOCALES)[number];

/** A text of the shop in its two written languages; zh is simplified. */
export interface Bilingual {
  zh: string;
  en: string;
}

export type OwnerType = "bot" | "queue" | "agent";

/** Who answers a conversation, as customers learn it. */
export interface PublicOwner {
  type: OwnerType;
  name: string | null;
}

/** Who answers, as agents learn it: with the epoch that every verb presents. */
export interface Owner extends PublicOwner {
  id: string | null;
  epoch: number;
}

export type Sender = "customer" | "bot" | "agent" | "system";

export interface Choice {
  id: string;
  title: string;
}

/** Minor units (fen) and an ISO 4217 code. */
export interface OrderItem {
  sku: string;
  name: Bilingual;
  size: string | null;
  quantity: number;
  price: number;
  returned?: boolean | number;
}

export type OrderStatus =
  "unpaid" | "paid" | "packed" | "shipped" | "delivered" | "completed" | "cancelled" | "refunding" | "refunded";

export interface Order {
  number: string;
  status: OrderStatus;
  placed_at: string;
  paid_at: string | null;
  delivered_at: string | null;
  items: OrderItem[];
  total: number;
  currency: string;
  shipping_fee: number;
  address: { name: string; phone_masked: string; text: string } | null;
  parcels: { tracking_number: string; carrier: Bilingual; status: ParcelStatus }[];
  invoice: unknown;
  returns: { id: string; kind: string; sku: string; status: string }[];
  cancellable: boolean;
  address_changeable: boolean;
  returnable_until: string | null;
}

export type ParcelStatus = "label" | "picked_up" | "in_transit" | "out_for_delivery" | "delivered" | "exception";

export interface ParcelEvent {
  at: string;
  place: Bilingual;
  text: Bilingual;
}

export interface Parcel {
  tracking_number: string;
  order_number?: string;
  carrier: Bilingual;
  status: ParcelStatus;
  eta: string | null;
  events: ParcelEvent[];
}

export interface Product {
  sku: string;
  name: Bilingual;
  category: string;
  description: Bilingual;
  price: number;
  currency: string;
  list_price: number | null;
  sizes: { size: string; stock: number }[];
  stock: number;
  delivery_days: [number, number];
  returnable: boolean;
  url: string | null;
  image: string | null;
}

export interface FormField {
  name: string;
  label?: string;
  required?: boolean;
}

/** `text` is always there: the fallback for a reader that does not know the type. */
export type Content =
  | { type: "text"; text: string }
  | { type: "choices"; text: string; options: Choice[] }
  | { type: "form"; text: string; id: string; fields: FormField[] }
  | { type: "order"; text: string; order: Order }
  | { type: "parcel"; text: string; parcel: Parcel }
  | { type: "product"; text: string; products: Product[] }
  | { type: "faq"; text: string; entry_id: string }
  | { type: "file"; text: string; upload_id: string; name: string; mime: string; size: number }
  | { type: "csat"; text: string; options?: Choice[] };

export type ContentType = Content["type"];

/** One line of a conversation's log. `prev` is the seq before it that this reader may see; 0 at the start. */
export interface Message {
  seq: number;
  prev: number;
  sender: Sender;
  name: string | null;
  content: Content;
  created_at: string;
  /** Only on what this side sent itself. */
  client_id?: string | null;
}

/** What agents see beyond that: private lines, and who wrote them. */
export interface AgentMessage extends Message {
  private?: boolean;
  kind?: "note" | "late_draft" | "whisper" | null;
  sender_id?: string | null;
}

/** An honest guess, in seconds: half of the customers wait no longer than p50, nine of ten no longer than p90. */
export interface WaitSeconds {
  p50: number;
  p90: number;
}

export interface QueuePlace {
  position: number;
  wait_seconds?: WaitSeconds | null;
}

/** The body of every refusal. */
export interface ErrorBody {
  code: string;
  message: string;
  errors?: { field: string; code: string }[];
}

export interface SessionReply {
  token: string;
  conversation_id: string;
  customer_id: string;
  verified: boolean;
  locale: Locale;
  config: { title: Bilingual; greeting: Bilingual };
}

export interface MessagesPage {
  items: Message[];
  last_seq: number;
  /** Which conversation this is about; the customer may have moved to a new one. */
  conversation_id?: string;
  owner: PublicOwner;
  queue?: QueuePlace | null;
}

/** Frames that the gateway sends to a customer. */
export type ServerFrame =
  | {
      type: "hello";
      conversation_id: string;
      owner: PublicOwner;
      last_seq: number;
      /** What the customer has read on any of his devices. */
      read_seq?: number;
      queue?: QueuePlace | null;
    }
  | { type: "ack"; client_id: string; seq: number }
  | ({ type: "message" } & Message)
  | ({ type: "queue" } & QueuePlace)
  | { type: "owner"; owner: PublicOwner }
  | { type: "typing"; sender: "agent" | "bot" }
  | { type: "pong" }
  | { type: "error"; code: string; message: string; client_id?: string | null; retry_after?: number | null };

/** Frames that a customer sends to the gateway. */
export type ClientFrame =
  | { type: "auth"; token: string; after: number }
  | { type: "message"; client_id: string; text: string }
  | { type: "choice"; client_id: string; option_id: string }
  | { type: "read"; seq: number }
  | { type: "typing" }
  | { type: "ping" };
