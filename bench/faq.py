"""Measure the FAQ search on stored questions and the queries that ask for them.

    .venv/handoff/bin/python -m bench.faq --questions Q --queries Q [--encoder full|light]

Both files are TSV with the header `text<TAB>label`; stored questions of one label are one entry. The ranking is learned from the
stored questions alone, as everywhere. Last line, JSON: `recall_at_1`, `recall_at_3`, `mrr` (over the first 50 places),
`ms_per_query` (one at a time, nothing cached), `index_seconds` (encoding and learning).
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from bench.rows import FileError, Rows, check_known, read_rows, run
from bench.scores import rounded
from faq.search import FaqSearch
from handoff.domain.faq import LANGUAGES, Entry
from nlp.encoders import Encoder, encoder
from nlp.scope import OUT_OF_SCOPE
from nlp.text import is_han
from nlp.tokens import warm_up

_PLACES = 50


def entries_of(questions: Rows) -> list[Entry]:
    """One entry per label. Its answer says nothing, so that the questions alone are searched. Raises FileError for an empty text."""
    phrasings: dict[str, dict[str, list[str]]] = {}
    for index, (text, label) in enumerate(zip(questions.texts, questions.labels, strict=True)):
        if not text.strip():
            raise FileError(f"{questions.row(index)}: the text is empty")
        phrasings.setdefault(label, {}).setdefault("zh" if any(map(is_han, text)) else "en", []).append(text)
    return [
        Entry(label, "bench", {key: tuple(texts) for key, texts in own.items()}, dict.fromkeys(LANGUAGES, "…"))
        for label, own in phrasings.items()
    ]


def measure(questions: Rows, queries: Rows, chosen: Encoder) -> dict[str, object]:
    """The numbers of the module's docstring; queries that are out of scope are left out."""
    entries = entries_of(questions)
    asked = [pair for pair in zip(queries.texts, queries.labels, strict=True) if pair[1] not in OUT_OF_SCOPE]
    if not asked:
        raise FileError(f"{queries.name}: every row is out of scope; there is nothing to find")
    warm_up()
    chosen.encode(["warm"])
    started = time.perf_counter()
    search = FaqSearch(chosen)
    search.update(entries)
    index_seconds = time.perf_counter() - started
    places = []
    started = time.perf_counter()
    for text, label in asked:
        results = search.search(text, "zh-Hans", _PLACES)
        places.append(next((n for n, result in enumerate(results.results, 1) if result.entry_id == label), 0))
    return {
        "recall_at_1": sum(place == 1 for place in places) / len(places),
        "recall_at_3": sum(1 <= place <= 3 for place in places) / len(places),
        "mrr": sum(1 / place for place in places if place) / len(places),
        "ms_per_query": (time.perf_counter() - started) * 1000 / len(places),
        "index_seconds": index_seconds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.faq", description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--queries", type=Path, required=True)
    parser.add_argument("--encoder", choices=["full", "light"], default="full")
    chosen = parser.parse_args()
    questions, queries = read_rows(chosen.questions), read_rows(chosen.queries)
    check_known(queries, questions)
    print(json.dumps(rounded(measure(questions, queries, encoder(chosen.encoder)))))


if __name__ == "__main__":
    run(main)
