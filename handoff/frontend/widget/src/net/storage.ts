/** JSON values under keys of one website, in localStorage; in memory where the browser forbids that. */

export interface KeyValues {
  read(key: string): unknown;
  write(key: string, value: unknown): void;
  remove(key: string): void;
  /** Keys (without the website's prefix) that start so. */
  keys(prefix: string): string[];
}

export class WebsiteStorage implements KeyValues {
  private readonly prefix: string;
  private readonly memory = new Map<string, string>();

  constructor(
    websiteToken: string,
    private readonly backing: Storage | null,
  ) {
    this.prefix = `kefu:${websiteToken}:`;
  }

  read(key: string): unknown {
    try {
      const raw = this.memory.get(key) ?? this.backing?.getItem(this.prefix + key) ?? null;
      return raw === null ? null : JSON.parse(raw);
    } catch {
      return null; // damaged, or forbidden: as if it were not there
    }
  }

  write(key: string, value: unknown): void {
    const raw = JSON.stringify(value);
    try {
      if (!this.backing) throw new Error("no storage");
      this.backing.setItem(this.prefix + key, raw);
      this.memory.delete(key);
    } catch {
      this.memory.set(key, raw); // full or forbidden: at least until the next reload
    }
  }

  remove(key: string): void {
    this.memory.delete(key);
    try {
      this.backing?.removeItem(this.prefix + key);
    } catch {
      // forbidden: then there was nothing to remove
    }
  }

  keys(prefix: string): string[] {
    const found = new Set([...this.memory.keys()].filter((key) => key.startsWith(prefix)));
    try {
      for (let index = 0; index < (this.backing?.length ?? 0); index++) {
        const key = this.backing?.key(index);
        if (key?.startsWith(this.prefix + prefix)) found.add(key.slice(this.prefix.length));
      }
    } catch {
      // forbidden
    }
    return [...found];
  }

  /** True for a storage event (another tab wrote) about this key. */
  isAbout(event: StorageEvent, key: string): boolean {
    return event.key === this.prefix + key;
  }
}

/** Reading the property alone throws where a browser forbids storage. */
export function browserStorage(kind: "localStorage" | "sessionStorage"): Storage | null {
  try {
    return window[kind];
  } catch {
    return null;
  }
}
