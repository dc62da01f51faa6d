/** Puts the widget into a page: a host element, a shadow root that the shop's CSS does not reach, our styles, the view. */
import { render } from "preact";
import type { ChatClient } from "./chat/client";
import type { Language } from "./i18n/language";
import { App } from "./view/app";
import styles from "./view/styles.css?inline";

export interface Mounted {
  update(language: Language): void;
  /** Takes everything out of the page again. */
  remove(): void;
}

export function mount(client: ChatClient, language: Language, onToggle: (open: boolean) => void): Mounted {
  const host = document.createElement("div");
  host.id = "kefu-widget";
  const root = host.attachShadow({ mode: "open" });
  addStyles(root);
  const place = document.createElement("div");
  root.append(place);
  document.body.append(host);
  const update = (next: Language): void => render(<App client={client} language={next} onToggle={onToggle} />, place);
  update(language);
  const remove = (): void => {
    render(null, place);
    host.remove();
  };
  return { update, remove };
}

/** A constructed sheet needs no `style-src 'unsafe-inline'` of the shop; old browsers get a style element. */
function addStyles(root: ShadowRoot): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    root.adoptedStyleSheets = [sheet];
  } catch {
    const style = document.createElement("style");
    style.textContent = styles;
    root.append(style);
  }
}
