"""What is counted of texts: each stored text is analysed once, also across restarts."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

import nlp.ngrams
import nlp.text
import nlp.tokens
from faq.postings import Counted, Terms
from handoff.domain.faq import LANGUAGES
from nlp.ngrams import grams
from nlp.text import is_han, mask, normalise
from nlp.tokens import DICTIONARY_DIR, tokens

log = logging.getLogger(__name__)
# A question to a knowledge base is short; the rest of a long message would cost time and blur the vector.
QUERY_CHARS = 120
# Signs that end a sentence, in the form that normalised text has.
_CLOSING = " ?!.,;:、。~"
_KEY_BYTES = 16
_Lists = tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Prepared:
    """A text as the index sees it."""

    text: str
    language: int  # its place in LANGUAGES
    words: Counted
    grams: Counted


class Analyser:
    """Texts to counted terms. Stored texts are analysed once; one analyser lives as long as the process.

    With a folder what was analysed is kept there: at the next start it is read instead of cut into words again.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.words, self.grams = Terms(), Terms()
        self._stored: dict[tuple[str, int], Prepared] = {}
        self._path = folder / "analysis.npz" if folder else None
        self._kept = _Kept.load(self._path, self.words, self.grams) if self._path else _Kept()
        self.fresh = 0
        """How many texts were analysed since the file was written."""

    def stored(self, text: str, language: int) -> Prepared:
        """A phrasing or an answer, remembered."""
        key = (text, language)
        found = self._stored.get(key)
        if found is None:
            found = self._kept.get(text, language)
            if found is None:
                plain = prepare(text)
                found = Prepared(plain, language, self.words.count(tokens(plain)), self.grams.count(grams(plain)))
                self.fresh += 1
            self._stored[key] = found
        return found

    def query(self, text: str) -> Prepared:
        """A customer's text, normalised and cut; its language is Chinese if it has a Chinese character."""
        plain = prepare(text)
        language = LANGUAGES.index("zh" if any(map(is_han, plain)) else "en")
        return Prepared(plain, language, self.words.look_up(tokens(plain)), self.grams.look_up(grams(plain)))

    def keep_only(self, kept: set[tuple[str, int]]) -> None:
        """Keep only these texts in memory; what the file had beside them is not needed either."""
        self._stored = {key: value for key, value in self._stored.items() if key in kept}
        self._kept = _Kept()

    def save(self) -> None:
        """Write the texts in memory. The file is replaced whole: a crash leaves the old one."""
        if self._path is None or not self.fresh:
            return
        fresh = self._path.with_suffix(".tmp.npz")
        texts = list(self._stored.items())
        arrays = {
            "version": np.frombuffer(_version(), np.uint8),
            "keys": np.frombuffer(b"".join(_key(text, language) for (text, language), _ in texts), np.uint8),
            "languages": np.array([prepared.language for _, prepared in texts], np.int8),
            "texts": _packed(prepared.text for _, prepared in texts),
            "words": _packed(self.words),
            "grams": _packed(self.grams),
        }
        for name, counted in (("word", [p.words for _, p in texts]), ("gram", [p.grams for _, p in texts])):
            arrays[f"{name}_ends"] = np.cumsum([0, *(len(one.numbers) for one in counted)]).astype(np.int64)
            arrays[f"{name}_numbers"] = np.concatenate([one.numbers for one in counted] or [np.zeros(0, np.int32)])
            arrays[f"{name}_counts"] = np.concatenate([one.counts for one in counted] or [np.zeros(0, np.float32)])
        try:
            np.savez(fresh, allow_pickle=False, **arrays)
            os.replace(fresh, self._path)
            self.fresh = 0
        except OSError as error:
            log.warning("the analysed texts could not be written: %s", error)


class _Kept:
    """What the file holds, by text; empty without one."""

    def __init__(self) -> None:
        self._places: dict[bytes, int] = {}
        self._texts: list[str] = []
        self._languages: list[int] = []
        self._words: _Lists
        self._grams: _Lists

    @classmethod
    def load(cls, path: Path, words: Terms, terms: Terms) -> _Kept:
        """The file, its terms numbered as they were; a broken one or one of another version is as if there were none."""
        kept = cls()
        if not path.exists():
            return kept
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
                if saved["version"].tobytes() != _version():
                    return kept
                keys = saved["keys"].tobytes()
                kept._texts = _unpacked(saved["texts"])
                kept._languages = saved["languages"].tolist()
                kept._words, kept._grams = (
                    (saved[f"{name}_ends"], saved[f"{name}_numbers"], saved[f"{name}_counts"])
                    for name in ("word", "gram")
                )
                vocabulary = _unpacked(saved["words"]), _unpacked(saved["grams"])
            count = len(kept._texts)
            if {len(keys) // _KEY_BYTES, len(kept._languages), len(kept._words[0]) - 1} != {count}:
                raise ValueError("the parts do not fit")
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            log.warning("the analysed texts are not readable and will be made anew: %s", error)
            return cls()
        words.number(vocabulary[0])
        terms.number(vocabulary[1])
        kept._places = {keys[n * _KEY_BYTES : (n + 1) * _KEY_BYTES]: n for n in range(count)}
        return kept

    def get(self, text: str, language: int) -> Prepared | None:
        """As it was analysed, None if it was not."""
        place = self._places.get(_key(text, language)) if self._places else None
        if place is None:
            return None
        return Prepared(
            self._texts[place], self._languages[place], _part(self._words, place), _part(self._grams, place)
        )


def prepare(text: str) -> str:
    """What is encoded and counted of a text: in lower case, without the signs at its end.

    Who asks writes "return policy" where the entry has "Return policy?"; to an encoder these are two texts.
    """
    plain = mask(normalise(text, QUERY_CHARS)).lower()
    return plain.rstrip(_CLOSING) or plain


def _part(lists: _Lists, place: int) -> Counted:
    ends, numbers, counts = lists
    return Counted(numbers[ends[place] : ends[place + 1]], counts[ends[place] : ends[place + 1]])


def _key(text: str, language: int) -> bytes:
    return hashlib.blake2b(f"{language} {text}".encode("utf-8", "replace"), digest_size=_KEY_BYTES).digest()


@lru_cache(maxsize=1)
def _version() -> bytes:
    """Another one whenever the code or the dictionaries that analyse are others."""
    files = [Path(str(module.__file__)) for module in (nlp.text, nlp.tokens, nlp.ngrams)]
    files += [Path(__file__), *sorted(DICTIONARY_DIR.glob("*.txt"))]
    return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).digest()


def _packed(texts: Iterator[str] | Terms) -> npt.NDArray[np.uint8]:
    """Lines; no normalised text and no term of one has a line break."""
    return np.frombuffer("".join(f"{text}\n" for text in texts).encode("utf-8", "replace"), np.uint8)


def _unpacked(lines: npt.NDArray[np.uint8]) -> list[str]:
    return lines.tobytes().decode().split("\n")[:-1]
