"""The shipped FAQ entries: complete in both languages, no two alike, typed as people expect."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import opencc
import pytest
import yaml

ENTRIES = Path(__file__).resolve().parents[2] / "faq" / "entries"
CATEGORIES = (
    "account",
    "coupons",
    "customs",
    "exchange",
    "invoices",
    "membership",
    "payment",
    "privacy",
    "product_use",
    "repair",
    "returns",
    "shipping",
)
LOCALES = ("zh", "en")
PHRASINGS_PER_LOCALE = {"zh": range(4, 7), "en": range(3, 5)}
# A chat bubble, not a page; the shortest that still says what to do.
ANSWER_CHARACTERS = {"zh": range(40, 121), "en": range(100, 301)}
# Above this share of common pieces two questions of different entries would be the same question.
TOO_ALIKE = 0.75

CJK = "\u3400-\u9fff"
ODD_IN_CHINESE = re.compile(
    rf"[{CJK}][,.;:!?()]|[,;:!?()][{CJK}]"  # half-width punctuation touching Chinese
    r"|[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]"  # full-width digits and letters
    r"|[\uffe5\u3000\"']"  # another yen sign, ideographic space, typewriter quotes
)
ODD_IN_ENGLISH = re.compile(rf"[{CJK}\u3000-\u303f\uff00-\uffef\u2010-\u203f]")
MONEY = re.compile(r"¥\s?([\d,]+)|(\d[\d,]*)元")

Entry = dict[str, Any]


def read(category: str) -> list[Entry]:
    entries = yaml.safe_load((ENTRIES / f"{category}.yml").read_text(encoding="utf-8"))
    assert isinstance(entries, list)
    return entries


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    return [entry for category in CATEGORIES for entry in read(category)]


def normalise(text: str) -> str:
    """Letters and digits only, lower case: punctuation and spaces do not make a text another one."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).lower() if c.isalnum())


def sentences(answer: str) -> list[str]:
    return [part for part in (normalise(s) for s in re.split(r"[。！？.!?]", answer)) if part]


def pieces(text: str, locale: str) -> frozenset[str]:
    """What a question is made of: pairs of characters in Chinese, words in English."""
    if locale == "en":
        return frozenset(re.findall(r"[a-z0-9]+", text.lower()))
    plain = normalise(text)
    return frozenset(a + b for a, b in zip(plain, plain[1:], strict=False))


def texts(entry: Entry, locale: str) -> Iterator[str]:
    yield from entry["phrasings"][locale]
    yield entry["answer"][locale]


def test_that_there_is_one_file_for_each_category() -> None:
    assert sorted(path.stem for path in ENTRIES.glob("*.yml")) == sorted(CATEGORIES)


def test_that_there_are_at_least_150_entries(entries: list[Entry]) -> None:
    assert len(entries) >= 150


@pytest.mark.parametrize("category", CATEGORIES)
def test_that_a_category_has_at_least_ten_entries(category: str) -> None:
    assert len(read(category)) >= 10


@pytest.mark.parametrize("category", CATEGORIES)
def test_that_every_entry_has_the_agreed_shape(category: str) -> None:
    for entry in read(category):
        assert set(entry) in ({"id", "phrasings", "answer"}, {"id", "category", "phrasings", "answer"}), entry
        assert entry.get("category", category) == category
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", entry["id"]), entry["id"]
        assert len(entry["id"]) <= 64
        assert set(entry["phrasings"]) == set(entry["answer"]) == set(LOCALES), entry["id"]
        for locale in LOCALES:
            assert len(entry["phrasings"][locale]) in PHRASINGS_PER_LOCALE[locale], (entry["id"], locale)
            for text in texts(entry, locale):
                assert isinstance(text, str), (entry["id"], text)
                assert normalise(text), (entry["id"], locale)
                assert text == " ".join(text.split()), (entry["id"], text)


def test_that_ids_are_unique(entries: list[Entry]) -> None:
    ids = [entry["id"] for entry in entries]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("locale", LOCALES)
def test_that_no_phrasing_is_given_twice(entries: list[Entry], locale: str) -> None:
    owners = defaultdict(list)
    for entry in entries:
        for phrasing in entry["phrasings"][locale]:
            owners[normalise(phrasing)].append(entry["id"])
    assert {phrasing: ids for phrasing, ids in owners.items() if len(ids) > 1} == {}


@pytest.mark.parametrize("locale", LOCALES)
def test_that_no_two_entries_ask_nearly_the_same(entries: list[Entry], locale: str) -> None:
    asked = [(e["id"], p, pieces(p, locale)) for e in entries for p in e["phrasings"][locale]]
    alike = [
        (one, other)
        for (id_a, one, a), (id_b, other, b) in combinations(asked, 2)
        if id_a != id_b and len(a & b) > TOO_ALIKE * len(a | b)
    ]
    assert alike == []


@pytest.mark.parametrize("locale", LOCALES)
def test_that_no_two_entries_share_an_answer_sentence(entries: list[Entry], locale: str) -> None:
    owners = defaultdict(list)
    for entry in entries:
        for sentence in sentences(entry["answer"][locale]):
            owners[sentence].append(entry["id"])
    assert {sentence: ids for sentence, ids in owners.items() if len(ids) > 1} == {}


@pytest.mark.parametrize("locale", LOCALES)
def test_that_answers_are_one_to_four_sentences_and_fit_a_chat_bubble(entries: list[Entry], locale: str) -> None:
    for entry in entries:
        answer = entry["answer"][locale]
        assert answer[-1] in "。.", entry["id"]
        assert 1 <= len(sentences(answer)) <= 4, entry["id"]
        assert len(answer) in ANSWER_CHARACTERS[locale], (entry["id"], len(answer))


def test_that_chinese_is_simplified_and_has_no_width_oddities(entries: list[Entry]) -> None:
    to_simplified = opencc.OpenCC("t2s")
    for entry in entries:
        for text in texts(entry, "zh"):
            assert re.search(f"[{CJK}]", text), (entry["id"], text)
            assert not ODD_IN_CHINESE.search(text), (entry["id"], text)
            assert to_simplified.convert(text) == text, (entry["id"], text)


def test_that_english_has_no_chinese_and_no_wide_characters(entries: list[Entry]) -> None:
    for entry in entries:
        for text in texts(entry, "en"):
            assert not ODD_IN_ENGLISH.search(text), (entry["id"], text)


def test_that_both_languages_name_the_same_sums_of_money(entries: list[Entry]) -> None:
    def sums(answer: str) -> set[int]:
        return {int((a or b).replace(",", "")) for a, b in MONEY.findall(answer)}

    differing = {e["id"]: (sums(e["answer"]["zh"]), sums(e["answer"]["en"])) for e in entries}
    assert {id: pair for id, pair in differing.items() if pair[0] != pair[1]} == {}
