import { useEffect, useState } from "preact/hooks";
import type { Content } from "../../../shared/wire";
import { useSurroundings } from "./context";
import { FileIcon } from "./icons";

/** What the gateway re-encodes and a browser shows without running anything. */
const SHOWN_IMAGES = ["image/jpeg", "image/png", "image/webp", "image/gif"];

/** A file of the conversation. It is fetched with the token in a header; images at once, others when asked for. */
export function Attachment({ content }: { content: Extract<Content, { type: "file" }> }) {
  const { client, language } = useSurroundings();
  const [address, setAddress] = useState<string | null>(null);
  const [failed, setFailed] = useState(false);
  const isImage = SHOWN_IMAGES.includes(content.mime);

  useEffect(() => {
    if (!isImage) return;
    let url: string | null = null;
    let gone = false;
    client.download(content.upload_id).then(
      (blob) => {
        if (gone) return;
        url = URL.createObjectURL(blob);
        setAddress(url);
      },
      () => setFailed(true),
    );
    return () => {
      gone = true;
      if (url) URL.revokeObjectURL(url);
    };
  }, [content.upload_id]);

  async function save(): Promise<void> {
    setFailed(false);
    try {
      const url = URL.createObjectURL(await client.download(content.upload_id));
      const link = document.createElement("a");
      link.href = url;
      link.download = content.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch {
      setFailed(true);
    }
  }

  if (isImage && address)
    return <img class="image" src={address} alt={content.name} onError={() => setAddress(null)} />;
  return (
    <div class="card file">
      <FileIcon />
      <span class="grow">
        <span class="file-name">{content.name}</span>
        <span class="quiet small">{failed ? language.t("file_failed") : inBytes(content.size)}</span>
      </span>
      <button type="button" class="link" onClick={save}>
        {language.t("file_download")}
        <span class="hidden"> {content.name}</span>
      </button>
    </div>
  );
}

function inBytes(size: number): string {
  if (!(size >= 0)) return "";
  return size < 1024 * 1024 ? `${Math.max(1, Math.round(size / 1024))} kB` : `${(size / 1024 / 1024).toFixed(1)} MB`;
}
