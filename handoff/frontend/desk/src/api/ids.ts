/** A fresh id that fits `[A-Za-z0-9_-]{1,64}`. `randomUUID` is missing outside secure contexts, so it is built here. */
export function newId(prefix: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `${prefix}-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
