/** Splits a text into words and web addresses. Nothing is ever parsed as HTML. */

export interface Piece {
  text: string;
  /** An http or https address, for a link; null for plain words. */
  href: string | null;
}

// Chinese follows an address without a space, so an address is what RFC 3986 allows and nothing else.
const ADDRESS = /\b(?:https?:\/\/|www\.)[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+/gi;

export function linkify(text: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const shown = trimEnd(match[0]);
    const href = safeAddress(/^www\./i.test(shown) ? `https://${shown}` : shown);
    if (!href) continue;
    if (match.index > end) pieces.push({ text: text.slice(end, match.index), href: null });
    pieces.push({ text: shown, href });
    end = match.index + shown.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), href: null });
  return pieces;
}

/** The address if a browser may be sent there: http and https only, no credentials. */
export function safeAddress(address: string | null | undefined, base?: string): string | null {
  if (!address) return null;
  try {
    const url = new URL(address, base);
    const isWeb = url.protocol === "http:" || url.protocol === "https:";
    return isWeb && url.hostname && !url.username && !url.password ? url.href : null;
  } catch {
    return null;
  }
}

/** The full stop of the sentence is not part of the address, nor a bracket that was opened before it. */
function trimEnd(address: string): string {
  let end = address;
  for (;;) {
    const last = end[end.length - 1] ?? "";
    const unmatched = last === ")" && end.split("(").length < end.split(")").length;
    if (!unmatched && !".,;:!?'*]".includes(last)) return end;
    end = end.slice(0, -1);
  }
}
