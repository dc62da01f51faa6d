"""Entities of a normalised text: codes by pattern, words of choice by spaCy rulers. Needs spaCy (the bot's environment)."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from nlp.codes import Code, find_codes
from nlp.lexicon import PHRASES
from nlp.locale import language
from nlp.tokens import segment

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

# One 汉字, one run of letters or of digits: a phrase then matches wherever it stands in a Chinese sentence, but never
# inside a Latin word. jieba's words would hide 上门 in "能上门吗" cut another way.
_PIECE = re.compile(r"[A-Za-z]+|\d+|\s+|.", re.DOTALL)
_NEGATION = re.compile(
    r"(?:(?:不(?:要|想|用|需要|能|可以|是)?|别|没|无法)(?:给我|帮我)?"
    r"|(?:not|n't|without|(?<![a-z])no)(?: want| need)?(?: to)?(?: an?| the)?) ?$",
    re.IGNORECASE,
)
_NEGATABLE = frozenset({"resolution", "pickup"})
# Two-character names that also come about between words (集中通知); only at the borders of jieba's words.
_AT_WORD_BORDERS = frozenset({"courier"})


@dataclass(frozen=True)
class Entity:
    """`text[start:end]`, offsets in the normalised text."""

    entity: str
    value: str
    start: int
    end: int

    def as_dict(self) -> dict[str, str | int]:
        """The shape Rasa and the gateway pass on."""
        return {"entity": self.entity, "value": self.value, "start": self.start, "end": self.end}


class EntityExtractor:
    """Blank `zh` and `en` pipelines with a span ruler each. Built at first use; thread-safe."""

    def extract(self, text: str, locale: str = "zh-Hans", today: date | None = None) -> list[Entity]:
        """The entities of a normalised `text` in order, none overlapping another. `today` resolves relative dates.

        `resolution`: refund, exchange. `pickup`: door, drop_off. `return_reason`: size, quality, not_as_described,
        wrong_item, changed_mind. `courier`: its short name (sf, yto …). The rest as in `nlp.codes.find_codes`.
        """
        codes = [_from_code(code) for code in find_codes(text, today)]
        words = [
            word
            for word in self._words(text, locale)
            if not any(word.start < code.end and code.start < word.end for code in codes)
        ]
        return sorted(codes + words, key=lambda entity: entity.start)

    def _words(self, text: str, locale: str) -> list[Entity]:
        if not text.strip():
            return []
        with _LOCK:
            doc = _pipeline(language(locale))(text)
        spans = sorted(doc.spans["ruler"], key=lambda span: (span.start_char - span.end_char, span.start_char))
        borders = _borders(text)
        found: list[Entity] = []
        for span in spans:  # the longest first
            start, end = span.start_char, span.end_char
            if any(start < other.end and other.start < end for other in found):
                continue
            if span.label_ in _NEGATABLE and _NEGATION.search(text[:start]):
                continue
            if span.label_ in _AT_WORD_BORDERS and not {start, end} <= borders:
                continue
            if any((other.entity, other.value) == (span.label_, span.id_) for other in found):
                continue  # "pick it up at my door" is one wish
            found.append(Entity(span.label_, span.id_, start, end))
        return found


_LOCK = threading.Lock()


class _Tokenizer:
    """Cuts a text into pieces for spaCy."""

    def __init__(self, vocab: Vocab) -> None:
        self._vocab = vocab

    def __call__(self, text: str) -> Doc:
        from spacy.tokens import Doc

        pieces = _PIECE.findall(text)
        return Doc(self._vocab, words=pieces, spaces=[False] * len(pieces))


@lru_cache(maxsize=2)
def _pipeline(lang: str) -> Language:
    import spacy

    pipeline = spacy.blank(lang)
    pipeline.tokenizer = _Tokenizer(pipeline.vocab)
    ruler: Any = pipeline.add_pipe("span_ruler", config={"phrase_matcher_attr": "LOWER"})
    ruler.add_patterns(
        [
            {"label": label, "pattern": phrase, "id": value}
            for label, values in PHRASES.items()
            for value, phrases in values.items()
            for phrase in phrases
        ]
    )
    return pipeline


def _borders(text: str) -> set[int]:
    borders, at = {0}, 0
    for word in segment(text):
        at += len(word)
        borders.add(at)
    return borders


def _from_code(code: Code) -> Entity:
    return Entity(code.kind, code.value, code.start, code.end)
