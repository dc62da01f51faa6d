import type { ChatState } from "../chat/state";
import { useSurroundings } from "./context";
import { BotIcon, CloseIcon, HourglassIcon, PersonIcon } from "./icons";

/** Who answers, the way to a human, and the way out. */
export function Header({ state, onClose }: { state: ChatState; onClose: () => void }) {
  const { client, language } = useSurroundings();
  const type = state.owner?.type ?? "bot";
  const title = language.pick(state.session?.config?.title) || language.t("title");
  const name = type === "agent" ? state.owner?.name || language.t("agent_name") : title;
  const human = { bot: language.t("human"), queue: language.t("human_queued"), agent: language.t("human_here") }[type];
  return (
    <header class="head">
      <span class={`avatar ${type}`} aria-hidden="true">
        {type === "bot" ? <BotIcon /> : type === "queue" ? <HourglassIcon /> : [...name][0]}
      </span>
      <div class="who" aria-live="polite">
        <h2 id="kefu-title">{name}</h2>
        <p>{language.t(`by_${type}`)}</p>
      </div>
      <button
        type="button"
        class="human"
        disabled={type !== "bot" || state.connection === "refused"}
        onClick={() => client.send(language.t("human_message"))}
      >
        <PersonIcon /> {human}
      </button>
      <button type="button" class="close" aria-label={language.t("close")} onClick={onClose}>
        <CloseIcon />
      </button>
    </header>
  );
}
