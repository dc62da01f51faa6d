// Node 20 does not run TypeScript by itself; Vite, which is here anyway, does.
import { createServer } from "vite";

const server = await createServer({
  configFile: false,
  root: new URL("..", import.meta.url).pathname,
  server: { middlewareMode: true, ws: false, watch: null },
  appType: "custom",
  optimizeDeps: { noDiscovery: true, include: [] },
});
const { preview } = await server.ssrLoadModule("/test/preview.ts");
await preview(Number(process.env.PORT ?? 0), { withoutSockets: process.argv.includes("--without-sockets") });
