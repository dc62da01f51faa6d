"""Measure the FAQ search at the size of a large shop: entries are made up at run time (bench/made_entries.py).

    .venv/handoff/bin/python -m bench.faq_size [--entries 5000] [--phrasings 5] [--encoder full|light] [--queries 300]

Last line, JSON: `index_seconds` (the first time: encoding, counting, learning), `load_seconds` (the same from its files, as after a
restart), `edit_seconds` (until one changed entry is searched) and `edit_encoded` (how many texts that encoded), `ms_per_query`
(one at a time, nothing cached), each also as processor time (`…_cpu`), which other work on the machine does not change;
`recall_at_1`, `recall_at_3` of one more question for an entry, `vector_mb` and `analysis_mb` on disk.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from bench.made_entries import make_entries
from bench.scores import rounded
from faq.progress import Progress
from faq.search import FaqSearch
from nlp.encoders import Encoder, Matrix, WrappedEncoder, encoder
from nlp.tokens import warm_up


class CountingEncoder(WrappedEncoder):
    """Another encoder that counts the texts it is given."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder)
        self.texts = 0

    def encode(self, texts: Sequence[str]) -> Matrix:
        self.texts += len(texts)
        return self._encoder.encode(texts)


def timed(numbers: dict[str, float], name: str, work: Callable[[], None], unit: float = 1.0) -> None:
    """Run it, and note its seconds divided by `unit`, by the clock and of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    numbers[name] = (time.perf_counter() - wall) / unit
    numbers[f"{name}_cpu"] = (time.process_time() - cpu) / unit


def measure(entries: int, phrasings: int, queries: int, kind: str, folder: Path) -> dict[str, float]:
    """The numbers of the module's docstring."""
    made = make_entries(entries, phrasings)
    counting = CountingEncoder(encoder(kind))
    warm_up()
    counting.encode(["warm"])
    numbers: dict[str, float] = {"entries": entries, "phrasings": entries * phrasings}
    search = FaqSearch(counting, folder)
    timed(numbers, "index_seconds", lambda: search.update(made.entries, Progress()))
    search.save()
    loaded: list[FaqSearch] = []

    def load() -> None:
        loaded.append(FaqSearch(counting, folder))
        loaded[0].update(made.entries)

    timed(numbers, "load_seconds", load)
    search, counting.texts = loaded[0], 0
    first = made.entries[0]
    changed = replace(first, phrasings={"zh": ("刚刚改过的问题是什么", *next(iter(first.phrasings.values())))})
    timed(numbers, "edit_seconds", lambda: search.update([changed, *made.entries[1:]]))
    numbers["edit_encoded"] = counting.texts
    asked = list(zip(made.questions, made.entries, strict=True))[1 : queries + 1]
    places: list[int] = []

    def ask() -> None:
        for text, entry in asked:
            ids = [result.entry_id for result in search.search(text, "zh-Hans").results]
            places.append(ids.index(entry.id) + 1 if entry.id in ids else 0)

    timed(numbers, "ms_per_query", ask, len(asked) / 1000)
    numbers["recall_at_1"] = sum(place == 1 for place in places) / len(places)
    numbers["recall_at_3"] = sum(1 <= place <= 3 for place in places) / len(places)
    for name, pattern in (("vector_mb", "vectors-*"), ("analysis_mb", "analysis*")):
        numbers[name] = sum(path.stat().st_size for path in folder.glob(pattern)) / 2**20
    return numbers


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.faq_size", description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=5000)
    parser.add_argument("--phrasings", type=int, default=5)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--encoder", choices=["full", "light"], default="full")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with tempfile.TemporaryDirectory(prefix="kefu-faq-size-") as folder:
        numbers = measure(chosen.entries, chosen.phrasings, max(1, chosen.queries), chosen.encoder, Path(folder))
    print(json.dumps(rounded({"encoder": chosen.encoder, **numbers})))


if __name__ == "__main__":
    main()
