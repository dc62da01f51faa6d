import { describe, expect, it, vi } from "vitest";
import { DeskApi } from "../src/api/desk";
import type { ApiError } from "../src/api/errors";
import { Http } from "../src/api/http";

type Call = { url: string; init: RequestInit };

function answering(...answers: (Response | Error)[]) {
  const calls: Call[] = [];
  const onUnauthorized = vi.fn();
  const send = (async (url: string, init: RequestInit) => {
    calls.push({ url, init });
    const answer = answers[Math.min(calls.length, answers.length) - 1]!;
    if (answer instanceof Error) throw answer;
    return answer.clone();
  }) as unknown as typeof fetch;
  const http = new Http({ base: "/api/v1", token: () => "secret", onUnauthorized, fetch: send, sleep: async () => {} });
  return { http, api: new DeskApi(http), calls, onUnauthorized };
}

const json = (status: number, body: unknown, headers = {}) => new Response(JSON.stringify(body), { status, headers });
const header = (call: Call | undefined, name: string) => (call?.init.headers as Record<string, string>)[name];
const refused = async (promise: Promise<unknown>) => (await promise.catch((error: unknown) => error)) as ApiError;

describe("errors of the gateway", () => {
  it("carry the fresh owner of a conflict", async () => {
    const owner = { type: "agent", id: "a2", name: "周铭", epoch: 6 };
    const { api } = answering(json(409, { code: "conversation_taken", message: "taken", errors: [], owner }));
    const error = await refused(api.accept("c1"));
    expect(error).toMatchObject({ status: 409, code: "conversation_taken", isOwnership: true, owner });
  });

  it("do not call a full desk an ownership conflict", async () => {
    const { api } = answering(json(409, { code: "at_capacity", message: "" }));
    expect(await refused(api.accept("c1"))).toMatchObject({ code: "at_capacity", isOwnership: false, owner: null });
  });

  it("carry the wait of a 429, from the body or from the header", async () => {
    const fromBody = answering(
      json(429, { code: "too_many_tries", message: "", retry_after: 12.2 }, { "Retry-After": "99" }),
    );
    expect((await refused(fromBody.api.login("a@b.c", "x"))).retryAfter).toBe(13);
    const fromHeader = answering(json(429, { code: "too_many_tries", message: "" }, { "Retry-After": "60" }));
    expect((await refused(fromHeader.api.login("a@b.c", "x"))).retryAfter).toBe(60);
  });

  it("name the fields of a 422", async () => {
    const errors = [{ field: "epoch", code: "required" }];
    const { api } = answering(json(422, { code: "invalid", message: "", errors }));
    expect((await refused(api.handBack("c1", 1))).options.errors).toEqual(errors);
  });

  it("survive an answer that is not JSON", async () => {
    const { api } = answering(new Response("<html>Bad gateway</html>", { status: 502 }));
    expect(await refused(api.me())).toMatchObject({ status: 502, code: "http_502" });
  });

  it("end the session on 401, but not on a refused log-in without a token", async () => {
    const { api, onUnauthorized } = answering(json(401, { code: "unauthenticated", message: "" }));
    await refused(api.me());
    expect(onUnauthorized).toHaveBeenCalledOnce();
    const ended = vi.fn();
    const send = (async () => json(401, { code: "bad_credentials", message: "" })) as unknown as typeof fetch;
    const anonymous = new DeskApi(new Http({ base: "", token: () => null, onUnauthorized: ended, fetch: send }));
    await refused(anonymous.login("a@b.c", "x"));
    expect(ended).not.toHaveBeenCalled();
  });
});

describe("verbs", () => {
  it("carry the token, the epoch and an idempotency key", async () => {
    const { api, calls } = answering(json(200, { id: "c1" }));
    await api.resolve("c1", 7, "solved");
    expect(calls[0]?.url).toBe("/api/v1/conversations/c1/resolve");
    expect(JSON.parse(String(calls[0]?.init.body))).toEqual({ epoch: 7, outcome: "solved" });
    expect(header(calls[0], "Authorization")).toBe("Bearer secret");
    expect(header(calls[0], "Idempotency-Key")).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
  });

  it("are repeated with the same key when the connection was lost", async () => {
    const { api, calls } = answering(new TypeError("lost"), new TypeError("lost"), json(200, { id: "c1" }));
    await api.transfer("c1", 3, { team_id: "after_sales" });
    expect(calls).toHaveLength(3);
    expect(new Set(calls.map((call) => header(call, "Idempotency-Key"))).size).toBe(1);
  });

  it("give up after some tries and say that it was the network", async () => {
    const { api, calls } = answering(new TypeError("lost"));
    expect(await refused(api.reply("c1", 1, "您好", "desk-1"))).toMatchObject({ status: 0, code: "network" });
    expect(calls).toHaveLength(3);
    expect(header(calls[0], "Idempotency-Key")).toBe("desk-1");
  });

  it("are not repeated when the gateway has answered", async () => {
    const { api, calls } = answering(json(503, { code: "unavailable", message: "" }, { "Retry-After": "2" }));
    expect((await refused(api.accept("c1"))).retryAfter).toBe(2);
    expect(calls).toHaveLength(1);
  });

  it("never send a log-in twice", async () => {
    const { api, calls } = answering(new TypeError("lost"));
    await refused(api.login("a@b.c", "x"));
    expect(calls).toHaveLength(1);
  });

  it("leave empty queries out and quote ids", async () => {
    const { api, calls } = answering(json(200, { items: [] }));
    await api.conversations({ owner: "me", status: "open", q: "", cursor: null });
    expect(calls[0]?.url).toBe("/api/v1/conversations?owner=me&status=open");
    await api.conversation("../me");
    expect(calls[1]?.url).toBe("/api/v1/conversations/..%2Fme");
  });
});
