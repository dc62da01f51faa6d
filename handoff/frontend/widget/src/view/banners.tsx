import { useEffect, useState } from "preact/hooks";
import type { ChatState, Notice } from "../chat/state";
import type { Language } from "../i18n/language";
import { placeInWords, waitInWords } from "../i18n/waiting";
import { useSurroundings } from "./context";
import { useLasting } from "./lasting";

/** A connection that is back within this time was never worth a word. */
const PATIENCE_MS = 1200;

export function Banners({ state }: { state: ChatState }) {
  const { client, language } = useSurroundings();
  const { connection, wasUp, owner, queue, notice } = state;
  const up = connection === "online" || connection === "polling" || connection === "idle";
  const down = useLasting(!up, PATIENCE_MS);
  const wait = waitInWords(language, queue);
  return (
    <div class="banners">
      <div role="status">
        {owner?.type === "queue" && (
          <div class="banner queue">
            <strong>{placeInWords(language, queue)}</strong>
            {wait && <span>{wait}</span>}
          </div>
        )}
        {connection === "refused" ? (
          <div class="banner warn">{language.t("refused")}</div>
        ) : (
          down && <div class="banner warn">{language.t(wasUp ? "reconnecting" : "connecting")}</div>
        )}
      </div>
      <div role="alert">
        {notice && connection !== "refused" && (
          <div class="banner warn">
            <Remaining notice={notice} language={language} />
            <button type="button" class="link" onClick={() => client.dismiss()}>
              {language.t("dismiss")}
            </button>
          </div>
        )}
      </div>
    </div>
  );
}

/** The notice in words; one that passes by itself counts down. */
function Remaining({ notice, language }: { notice: Notice; language: Language }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!notice.until) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [notice.until]);
  const n = notice.until ? Math.max(1, Math.ceil((notice.until - now) / 1000)) : 0;
  const words = language.word("error", notice.code) ?? language.t(notice.until ? "error_passing" : "error_other");
  return <span class="grow">{words.replace("{n}", String(n))}</span>;
}
