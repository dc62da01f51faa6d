/**
 * A gateway to work on the desk with: interfaces.md §7 over the world of world.mjs, in memory.
 *
 *   node desk/dev/fake-gateway.mjs [port]        then   KEFU_DEV_GATEWAY=http://127.0.0.1:PORT npm run dev:desk
 *
 * It also serves the built desk under /desk/ with the CSP of the real one. Any password but "wrong" logs in.
 * POST /dev/{ring|say|drop|steal|refuse} makes things happen: an offer, a customer's message, a lost connection,
 * a colleague who is faster, the next verb answered with 503.
 */
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import { agents, conversations, teams } from "./world.mjs";

const BUILT = fileURLToPath(new URL("../../../static/desk", import.meta.url));
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; " +
  "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};

const tokens = new Map();
const keys = new Map();
const sockets = new Set();
let failedLogins = 0;
let refuseNext = false;

const byId = new Map(conversations.map((one) => [one.id, one]));
const lastSeq = (one) => one.messages.length;

function summary(one) {
  const visible = one.messages.filter((message) => !message.private).at(-1);
  const {
    id,
    status,
    owner,
    customer,
    inbox,
    locale,
    read_seq,
    priority,
    team,
    waiting_since,
    reason,
    created_at,
    updated_at,
  } = one;
  const last_message = visible && {
    seq: visible.seq,
    sender: visible.sender,
    text: visible.content.text,
    created_at: visible.created_at,
  };
  return {
    id,
    status,
    owner,
    customer,
    inbox,
    locale,
    last_seq: lastSeq(one),
    last_message,
    read_seq,
    priority,
    team,
    waiting_since,
    reason,
    created_at,
    updated_at,
  };
}

function detail(one) {
  const { handoff, handoffs, turns, slots, cases, orders, previous } = one;
  return { ...summary(one), handoff, handoffs, turns, slots, cases, orders, previous };
}

function broadcast(frame) {
  for (const socket of sockets) if (socket.agent) socket.send(JSON.stringify(frame));
}

function updated(one) {
  one.updated_at = new Date().toISOString();
  broadcast({
    type: "conversation.updated",
    conversation_id: one.id,
    seq: lastSeq(one),
    epoch: one.owner.epoch,
    conversation: summary(one),
  });
}

function append(one, message) {
  const seq = lastSeq(one) + 1;
  const full = {
    seq,
    prev: seq - 1,
    sender_id: null,
    name: null,
    client_id: null,
    private: false,
    kind: null,
    created_at: new Date().toISOString(),
    ...message,
  };
  one.messages.push(full);
  broadcast({ type: "message.created", conversation_id: one.id, seq, epoch: one.owner.epoch, message: full });
  return full;
}

function give(one, owner) {
  one.owner = { id: null, name: null, ...owner, epoch: one.owner.epoch + 1 };
  one.waiting_since = owner.type === "queue" ? new Date().toISOString() : null;
  updated(one);
}

class Refused extends Error {
  constructor(status, code, extra = {}) {
    super(code);
    Object.assign(this, { status, body: { code, message: code, errors: [], ...extra } });
  }
}

function checkEpoch(one, agent, body) {
  if (typeof body.epoch !== "number")
    throw new Refused(422, "invalid", { errors: [{ field: "epoch", code: "required" }] });
  if (one.owner.id !== agent.id && agent.role === "agent")
    throw new Refused(409, "conversation_taken", { owner: one.owner });
  if (one.owner.epoch !== body.epoch) throw new Refused(409, "stale_epoch", { owner: one.owner });
}

function say(one, agent, body, isPrivate) {
  const known = one.messages.find((message) => message.client_id === body.client_id);
  if (known) return { message: known };
  const kind = isPrivate ? "note" : null;
  return {
    message: append(one, {
      sender: "agent",
      sender_id: agent.id,
      name: agent.name,
      content: { type: "text", text: body.text },
      client_id: body.client_id,
      private: isPrivate,
      kind,
    }),
  };
}

const verbs = {
  accept(one, agent, body) {
    if (one.owner.type === "agent") throw new Refused(409, "conversation_taken", { owner: one.owner });
    if (one.owner.type !== "queue") throw new Refused(409, "not_waiting", { owner: one.owner });
    if (agent.load >= agent.capacity && !body.force) throw new Refused(409, "at_capacity", { owner: one.owner });
    agent.load += 1;
    if (one.handoff)
      Object.assign(one.handoff, {
        accepted_at: new Date().toISOString(),
        accepted_by: { id: agent.id, name: agent.name },
      });
    append(one, { sender: "system", content: { type: "text", text: `客服${agent.name}已接入` } });
    give(one, { type: "agent", id: agent.id, name: agent.name });
  },
  decline() {},
  reply(one, agent, body) {
    checkEpoch(one, agent, body);
    return say(one, agent, body, false);
  },
  note: (one, agent, body) => say(one, agent, body, true),
  transfer(one, agent, body) {
    checkEpoch(one, agent, body);
    agent.load -= 1;
    const colleague = agents.find((other) => other.id === body.agent_id);
    if (body.note) say(one, agent, { text: body.note }, true);
    one.team = teams.find((team) => team.id === body.team_id) ?? one.team;
    give(one, colleague ? { type: "agent", id: colleague.id, name: colleague.name } : { type: "queue" });
  },
  hand_back(one, agent, body) {
    checkEpoch(one, agent, body);
    agent.load -= 1;
    append(one, { sender: "system", content: { type: "text", text: "已交还机器人继续为您服务" } });
    give(one, { type: "bot" });
  },
  resolve(one, agent, body) {
    checkEpoch(one, agent, body);
    agent.load -= 1;
    one.status = "resolved";
    append(one, { sender: "system", content: { type: "text", text: "会话已解决" } });
    give(one, { type: "bot" });
  },
  reopen(one, agent) {
    one.status = "open";
    agent.load += 1;
    give(one, { type: "agent", id: agent.id, name: agent.name });
  },
  read(one, agent, body) {
    one.read_seq = Math.max(one.read_seq, body.seq);
  },
};

function list(agent, query) {
  const owner = query.get("owner") ?? "any";
  const q = query.get("q") ?? "";
  const status = query.get("status");
  const fits = (one) =>
    (!status || one.status === status) &&
    (owner === "any" || (owner === "me" ? one.owner.id === agent.id : one.owner.type === owner)) &&
    (q === "" || JSON.stringify([one.customer, one.messages.map((message) => message.content.text)]).includes(q));
  return { items: conversations.filter(fits).map(summary), next_cursor: null };
}

function faq(query) {
  const answers = [
    ["pickup-when", "上门取件什么时候来？", "提交后 24 小时内安排，也可以和客服约定具体时段。"],
    ["exchange-time", "换货多久能收到新的？", "仓库收到旧件后 1 到 2 个工作日寄出新件，一般 3 到 5 天送达。"],
    ["exchange-fee", "换货的运费谁出？", "尺码不合适的首次换货免运费。"],
  ];
  return {
    results: query
      ? answers.map(([entry_id, question, answer], index) => ({
          entry_id,
          category: "returns",
          question,
          answer,
          score: 0.9 - index / 10,
        }))
      : [],
  };
}

function happen(what) {
  const one = byId.get("c_parcel");
  if (what === "ring") {
    broadcast({
      type: "handoff.offered",
      conversation_id: one.id,
      seq: lastSeq(one),
      epoch: one.owner.epoch,
      handoff_id: "h2",
      expires_at: new Date(Date.now() + 30_000).toISOString(),
      conversation: summary(one),
    });
  } else if (what === "say") {
    broadcast({ type: "typing", conversation_id: "c_exchange", sender: "customer" });
    setTimeout(
      () =>
        append(byId.get("c_exchange"), {
          sender: "customer",
          name: "陈静",
          content: { type: "text", text: "好的，麻烦快一点哦" },
        }),
      1500,
    );
  } else if (what === "drop") {
    for (const socket of sockets) socket.close(1012);
  } else if (what === "steal") {
    one.owner = { type: "agent", id: "a2", name: "周铭", epoch: one.owner.epoch + 1 };
  } else if (what === "refuse") {
    refuseNext = true;
  }
}

function route(method, path, query, body, agent) {
  const [, first, id, verb] = path.split("/");
  if (path === "/me") return agent;
  if (path === "/me/status") {
    agent.status = body.status;
    broadcast({ type: "presence.changed", agent_id: agent.id, status: agent.status });
    return agent;
  }
  if (path === "/auth/logout") return {};
  if (path === "/agents") return { items: agents };
  if (path === "/teams") return { items: teams };
  if (path === "/faq/suggest") return faq(body.query);
  if (path === "/conversations") return list(agent, query);
  if (first === "cases" && method === "POST") {
    const found = conversations.flatMap((one) => one.cases).find((one) => one.id === id);
    found.status = body.status;
    return found;
  }
  const one = first === "conversations" ? byId.get(id) : undefined;
  if (!one) throw new Refused(404, "not_found");
  if (!verb) return detail(one);
  if (verb === "messages") {
    const after = Number(query.get("after") ?? 0);
    return { items: one.messages.slice(after, after + Number(query.get("limit") ?? 100)), last_seq: lastSeq(one) };
  }
  if (!verbs[verb]) throw new Refused(404, "not_found");
  if (refuseNext && verb !== "read") {
    refuseNext = false;
    throw new Refused(503, "unavailable", { retry_after: 2 });
  }
  return verbs[verb](one, agent, body) ?? summary(one);
}

function answer(request, path, query, body) {
  if (path === "/auth/login") {
    if (failedLogins >= 5) throw new Refused(429, "too_many_tries", { retry_after: 60 });
    const agent = agents.find((one) => one.email === body.email);
    if (!agent || body.password === "wrong") {
      failedLogins += 1;
      throw new Refused(401, "bad_credentials");
    }
    const token = `dev-${agent.id}-${Date.now()}`;
    tokens.set(token, agent);
    return { token, expires_at: new Date(Date.now() + 8 * 3600_000).toISOString(), agent };
  }
  const agent = tokens.get((request.headers.authorization ?? "").replace("Bearer ", ""));
  if (!agent) throw new Refused(401, "unauthenticated");
  const key = request.headers["idempotency-key"];
  if (key && keys.has(key)) return keys.get(key);
  const result = route(request.method, path, query, body, agent);
  if (key) keys.set(key, result);
  return result;
}

function serveBuilt(path, response) {
  const wanted = join(BUILT, normalize(path.slice("/desk/".length) || "index.html"));
  if (!wanted.startsWith(BUILT) || !existsSync(wanted) || !statSync(wanted).isFile())
    return response.writeHead(404).end();
  response.writeHead(200, {
    "Content-Type": TYPES[extname(wanted)] ?? "application/octet-stream",
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
  });
  createReadStream(wanted).pipe(response);
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://localhost");
  if (url.pathname.startsWith("/desk/")) return serveBuilt(url.pathname, response);
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const send = (status, body, headers = {}) =>
    response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(body));
  try {
    if (url.pathname.startsWith("/dev/")) {
      happen(url.pathname.slice(5));
      return send(200, {});
    }
    const body = chunks.length ? JSON.parse(Buffer.concat(chunks).toString()) : {};
    send(200, answer(request, url.pathname.replace("/api/v1", ""), url.searchParams, body));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    send(error.status, error.body, error.body.retry_after ? { "Retry-After": String(error.body.retry_after) } : {});
  }
});

new WebSocketServer({ server, path: "/ws/agent" }).on("connection", (socket) => {
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
  socket.on("message", (data) => {
    const frame = JSON.parse(String(data));
    if (frame.type === "auth") {
      socket.agent = tokens.get(frame.token);
      if (!socket.agent) return socket.close(4401);
      socket.send(JSON.stringify({ type: "hello", agent: socket.agent }));
    } else if (frame.type === "ping") socket.send(JSON.stringify({ type: "pong" }));
  });
});

server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  process.stdout.write(`http://127.0.0.1:${server.address().port}/desk/\n`);
});
