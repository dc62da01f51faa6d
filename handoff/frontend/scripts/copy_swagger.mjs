// The API docs without an outside host (the page is the gateway's, handoff/web/pages.py): Swagger UI's files go to ../static/swagger/.
import { copyFile, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const frontend = join(dirname(fileURLToPath(import.meta.url)), "..");
const source = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
const target = join(frontend, "..", "static", "swagger");

await mkdir(target, { recursive: true });
for (const name of ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png", "LICENSE"]) {
  await copyFile(join(source, name), join(target, name));
}
console.log(`swagger: ${target}`);
