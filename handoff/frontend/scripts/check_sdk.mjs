// What the widget promises to the shop that embeds it: small, one file, and no request to anybody but its gateway.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const GZIP_LIMIT_BYTES = 60_000;
const path = new URL("../../static/sdk.js", import.meta.url);
const source = readFileSync(path, "utf8");
const gzipped = gzipSync(source).length;
const failures = [];

if (gzipped > GZIP_LIMIT_BYTES) failures.push(`${gzipped} bytes gzipped, the limit is ${GZIP_LIMIT_BYTES}`);
const addresses = [...source.matchAll(/(?:https?|wss?):\/\/[a-z0-9][\w.-]*/gi)].map((match) => match[0]);
const foreign = addresses.filter((address) => !address.includes("//www.w3.org"));
if (foreign.length) failures.push(`names outside addresses: ${foreign.join(", ")}`);
if (/\bimport\s*\(|\beval\s*\(|new Function\s*\(/.test(source)) failures.push("loads or evaluates code");

if (failures.length) {
  for (const failure of failures) console.error(`sdk.js: ${failure}`);
  process.exit(1);
}
console.log(`sdk.js: ${source.length} bytes, ${gzipped} gzipped`);
