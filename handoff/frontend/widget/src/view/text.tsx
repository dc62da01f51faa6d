import { linkify } from "./linkify";

/** Words as they were written: line breaks kept, addresses clickable, everything else plain. */
export function Text(props: { text: string }) {
  return (
    <p class="text" dir="auto">
      {linkify(props.text).map((piece, index) =>
        piece.href ? (
          <a key={index} href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
            {piece.text}
          </a>
        ) : (
          piece.text
        ),
      )}
    </p>
  );
}
