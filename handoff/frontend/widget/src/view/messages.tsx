import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Message } from "../../../shared/wire";
import type { OutboxEntry } from "../chat/outbox";
import type { ChatState } from "../chat/state";
import type { Language } from "../i18n/language";
import { ContentView } from "./content";
import { useSurroundings } from "./context";
import { BotIcon, CheckIcon, DownIcon } from "./icons";
import { useLasting } from "./lasting";
import { Text } from "./text";
import { toRows, type Row } from "./transcript";

/** This near to the end counts as "at the end": new messages then scroll into view. */
const NEAR_END_PX = 80;
/** What comes within this time after connecting is history, and not read out. */
const HISTORY_MS = 1500;

export function Messages({ state }: { state: ChatState }) {
  const { language } = useSurroundings();
  const scroller = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [missed, setMissed] = useState(false);
  const rows = toRows(state.log, state.outbox);
  const lastRow = rows[rows.length - 1];
  const lastIsOwn = lastRow?.kind === "pending";

  const toEnd = (): void => {
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
    setMissed(false);
  };
  useLayoutEffect(() => {
    if (atEnd.current || lastIsOwn) toEnd();
    else setMissed(true);
  }, [lastRow?.key, state.typing, state.open]);
  useEffect(() => {
    // Pictures and cards grow after they are shown; a phone's keyboard makes the room smaller.
    const element = scroller.current;
    if (!element || typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(() => atEnd.current && toEnd());
    observer.observe(element);
    for (const child of element.children) observer.observe(child);
    return () => observer.disconnect();
  }, []);
  const scrolled = (): void => {
    const element = scroller.current;
    if (!element) return;
    atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX;
    if (atEnd.current) setMissed(false);
  };

  const { wasUp, session } = state;
  const live = useLasting(wasUp, HISTORY_MS);
  return (
    <div
      class="scroll"
      ref={scroller}
      onScroll={scrolled}
      tabIndex={0}
      role="region"
      aria-label={language.t("panel_label")}
    >
      <div class="content">
        {session?.config?.greeting && (
          <div class="row other bot first">
            <span class="avatar small-avatar">
              <BotIcon />
            </span>
            <div class="stack greeting">
              <div class="bubble">
                <Text text={language.pick(session.config.greeting)} />
              </div>
            </div>
          </div>
        )}
        <div role="log" aria-live={live ? "polite" : "off"} aria-relevant="additions">
          <ol class="messages">
            {rows.map((row) => (
              <RowView key={row.key} row={row} />
            ))}
          </ol>
        </div>
        {state.typing && <Typing label={language.t(`typing_${state.typing}`)} />}
      </div>
      {missed && (
        <button type="button" class="missed" onClick={toEnd}>
          <DownIcon /> {language.t("new_messages")}
        </button>
      )}
    </div>
  );
}

function RowView({ row }: { row: Row }) {
  const { language } = useSurroundings();
  switch (row.kind) {
    case "day":
      return <li class="day">{language.day(row.at, new Date())}</li>;
    case "pending":
      return <Pending entry={row.entry} />;
    case "message":
      return <MessageView row={row} />;
  }
}

function MessageView({ row }: { row: Extract<Row, { kind: "message" }> }) {
  const { language } = useSurroundings();
  const { message, first } = row;
  if (message.sender === "system") {
    return (
      <li class="row system">
        <Text text={message.content.text} />
      </li>
    );
  }
  const own = message.sender === "customer";
  const name = nameOf(message, language);
  return (
    <li class={`row ${own ? "own" : "other"} ${message.sender} ${first ? "first" : ""}`}>
      {!own && <span class="avatar small-avatar">{first && <Face message={message} name={name} />}</span>}
      <div class="stack">
        <div class={own || !first ? "hidden" : "name"}>{name}</div>
        <ContentView content={message.content} answerable={row.answerable} answer={row.answer} />
        <time class="time" dateTime={message.created_at}>
          {language.time(message.created_at)}
        </time>
      </div>
    </li>
  );
}

function Face({ message, name }: { message: Message; name: string }) {
  return message.sender === "bot" ? <BotIcon /> : <span aria-hidden="true">{[...name][0]}</span>;
}

function nameOf(message: Message, language: Language): string {
  if (message.sender === "customer") return language.t("you");
  return message.name || language.t(message.sender === "bot" ? "bot_name" : "agent_name");
}

function Pending({ entry }: { entry: OutboxEntry }) {
  const { client, language } = useSurroundings();
  return (
    <li class={`row own first ${entry.state}`}>
      <div class="stack">
        <div class="hidden">{language.t("you")}</div>
        <div class="bubble">
          <Text text={entry.text} />
        </div>
        <div class="delivery">
          {entry.state === "sent" && <CheckIcon />}
          {language.t(entry.state)}
          {entry.state === "failed" && (
            <>
              {" · "}
              <button type="button" class="link" onClick={() => client.retry(entry.clientId)}>
                {language.t("retry")}
              </button>
              {" · "}
              <button type="button" class="link" onClick={() => client.discard(entry.clientId)}>
                {language.t("discard")}
              </button>
            </>
          )}
        </div>
      </div>
    </li>
  );
}

function Typing({ label }: { label: string }) {
  return (
    <div class="typing" role="status">
      <span class="hidden">{label}</span>
      <span class="dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
    </div>
  );
}
