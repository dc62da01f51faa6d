/** One message's content. A type that this version does not know, or one that is damaged, is shown as its text. */
import type { Choice, Content } from "../../../shared/wire";
import { Attachment } from "./attachment";
import { OrderCard, ParcelCard, ProductCards } from "./cards";
import { useSurroundings } from "./context";
import { CheckIcon } from "./icons";
import { Text } from "./text";

export interface ContentProps {
  content: Content;
  /** False once the customer has answered: then buttons are history. */
  answerable: boolean;
  /** What the customer answered, to mark the button that was pressed. */
  answer: string | null;
}

export function ContentView({ content, answerable, answer }: ContentProps) {
  const { language } = useSurroundings();
  const bubble = content.text ? (
    <div class="bubble">
      <Text text={content.text} />
      {content.type === "faq" && <div class="source">{language.t("faq_source")}</div>}
    </div>
  ) : null;
  return (
    <>
      {bubble}
      <Extra content={content} answerable={answerable} answer={answer} />
    </>
  );
}

function Extra({ content, answerable, answer }: ContentProps) {
  const { language } = useSurroundings();
  switch (content.type) {
    case "choices":
      return <Choices options={content.options} answerable={answerable} answer={answer} />;
    case "csat":
      return (
        <Choices options={content.options} answerable={answerable} answer={answer} label={language.t("csat_label")} />
      );
    case "order":
      return content.order?.number ? <OrderCard order={content.order} /> : null;
    case "parcel":
      return content.parcel?.tracking_number ? <ParcelCard parcel={content.parcel} /> : null;
    case "product":
      return content.products?.length ? <ProductCards products={content.products} /> : null;
    case "file":
      return content.upload_id ? <Attachment content={content} /> : null;
    default:
      return null;
  }
}

interface ChoicesProps {
  options: Choice[] | undefined;
  answerable: boolean;
  answer: string | null;
  label?: string;
}

function Choices({ options, answerable, answer, label }: ChoicesProps) {
  const { client, language } = useSurroundings();
  if (!options?.length) return null;
  return (
    <div class="choices" role="group" aria-label={label}>
      {options.map((option) => {
        const chosen = !answerable && answer === option.title;
        return (
          <button
            key={option.id}
            type="button"
            class={chosen ? "choice chosen" : "choice"}
            disabled={!answerable}
            onClick={() => client.choose(option.id, option.title)}
          >
            {chosen && <CheckIcon />}
            {option.title}
            {chosen && <span class="hidden"> ({language.t("chosen")})</span>}
          </button>
        );
      })}
    </div>
  );
}
