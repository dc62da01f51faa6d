/** The fake gateway with a shop page of difficult CSS: `npm run try:widget` prints its address. */
import { readFileSync } from "node:fs";
import { FakeGateway, WEBSITE_TOKEN } from "./fake_gateway.ts";
import { contents } from "./scenes.ts";

// A shop whose CSS and CSP would break a careless widget.
const PAGE = `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>青禾商店</title>
<style>html{font-size:30px}div{color:red!important;line-height:3}button{background:purple!important;border-radius:0!important}
p,ol,li{margin:40px;text-transform:uppercase}body{font-family:serif;margin:40px}</style></head>
<body><h1>青禾商店</h1><p>Shop</p><script src="/sdk.js"></script><script src="/start.js"></script></body></html>`;
const START = `kefuSDK.run({ websiteToken: "${WEBSITE_TOKEN}", locale: new URLSearchParams(location.search).get("locale") || undefined });`;

const bot = { type: "bot", name: null } as const;

export async function preview(port: number, options: { withoutSockets?: boolean } = {}): Promise<FakeGateway> {
  const gateway = new FakeGateway({
    ...options,
    onMessage(self, conversation, text) {
      const say = (content: Parameters<typeof self.append>[3]) => self.append(conversation, "bot", "小禾", content);
      const key = text.trim() as keyof typeof contents;
      if (Object.hasOwn(contents, key)) say(contents[key]);
      else if (text === "all") for (const content of Object.values(contents)) say(content);
      else if (["转人工", "轉人工", "Talk to a human"].includes(text)) {
        const place = { position: 3, wait_seconds: { p50: 60, p90: 180 } };
        self.append(conversation, "system", null, { type: "text", text: "已为您转接人工客服，请稍候。" });
        self.setOwner(conversation, { type: "queue", name: null }, place);
      } else if (text === "accept") {
        self.setOwner(conversation, { type: "agent", name: "陈思雨" });
        self.append(conversation, "system", null, { type: "text", text: "客服陈思雨为您服务" });
        self.append(conversation, "agent", "陈思雨", {
          type: "text",
          text: "您好，我是思雨，已经看到您的订单和问题了。",
        });
        self.push(conversation, { type: "typing", sender: "agent" });
      } else if (text === "back") self.setOwner(conversation, bot);
      else if (text === "limit") self.rateLimited = 1;
      else if (text !== "silence") say({ type: "text", text: `收到：${text}` });
    },
    serve(request, response) {
      const path = new URL(request.url ?? "/", "http://localhost").pathname;
      const send = (type: string, body: string): true => {
        response.setHeader(
          "Content-Security-Policy",
          "default-src 'none'; script-src 'self'; connect-src *; img-src * blob:; style-src 'unsafe-inline'",
        );
        response.writeHead(200, { "Content-Type": `${type}; charset=utf-8` }).end(body);
        return true;
      };
      if (path === "/") return send("text/html", PAGE);
      if (path === "/start.js") return send("text/javascript", START);
      if (path !== "/sdk.js") return false;
      return send("text/javascript", readFileSync(new URL("../../static/sdk.js", import.meta.url), "utf8"));
    },
  });
  console.log(await gateway.start(port));
  return gateway;
}
