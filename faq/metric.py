"""What of a sentence vector tells questions apart: a linear map for each encoder, learned once from the bot's training lines.

    .venv/handoff/bin/python -m faq.metric [--lines bot/data/nlu] [--entries faq/entries]

writes `faq/metric.npz` and `nlp/data/metric.npz`. Encoders place texts by all that they have in common, tone and length among it.
Under the map, lines of one intent, in both languages, are nearer to each other than to those of other intents. The entries are not
learned from for the first: what is learned of them later, the weights and thresholds of `faq.fusion`, needs phrasings that nothing has
seen. The second is for intents (`nlp.metric.told_apart`) and knows them: each entry is one more thing to tell apart.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import yaml

from faq.analysis import prepare
from faq.entries import FOLDER, load_folder
from nlp.encoders import Encoder, Matrix, encoder, meaning, unit
from nlp.metric import INTENTS_FILE, part_names
from nlp.text import is_han

METRIC_FILE = Path(__file__).parent / "metric.npz"
Labels = npt.NDArray[np.int64]

# Their lines do not mean one thing.
_MIXED = {"affirm", "deny", "inform", "stop", "correct", "out_of_scope", "ask_faq", "small_talk"}
_LINES = 65  # of each intent: none counts more than another, and it takes some minutes
_RANK = 32  # 85 % of what the maps change; the rest changes no recall
_SHARPNESS = 10.0  # of the softmax over cosines
_STAY = 50.0  # how strongly the map is held to changing nothing
_INTENTS_STAY = 20.0  # seven times as many things to tell apart say more surely what to change
_STEPS, _RATE = 30, 0.06
_ENTITY = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})")


def learn(vectors: Matrix, labels: Labels, languages: Labels, stay: float = _STAY) -> Matrix:
    """float32 [dim, dim] near the identity, from vectors [n, dim] of length 1 and each one's label and language.

    Each row is asked for among all others, by a softmax over their cosines, and those of its label shall have the most of it
    together (neighbourhood components, Goldberger et al. 2004), by 30 steps of Adam. The languages' centres are taken away before.
    """
    rows = vectors.copy()
    for language in np.unique(languages):
        rows[languages == language] -= rows[languages == language].mean(axis=0)
    alike = (labels[:, None] == labels) & ~np.eye(len(labels), dtype=bool)
    asked = alike.any(axis=1)[:, None] / max(int(alike.any(axis=1).sum()), 1)
    identity = np.eye(rows.shape[1], dtype=np.float32)
    found, mean, square = identity.copy(), np.zeros_like(identity), np.zeros_like(identity)
    for step in range(1, _STEPS + 1):
        moved = rows @ found
        lengths = np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
        moved /= lengths
        cosines = moved @ moved.T
        np.fill_diagonal(cosines, -np.inf)
        share = np.exp(_SHARPNESS * (cosines - cosines.max(axis=1, keepdims=True)))
        share /= share.sum(axis=1, keepdims=True)
        wanted = np.where(alike, share, 0)
        wanted /= np.maximum(wanted.sum(axis=1, keepdims=True), 1e-12)
        slope = _SHARPNESS * (share - wanted) * asked
        pull = (slope + slope.T) @ moved
        pull -= moved * (pull * moved).sum(axis=1, keepdims=True)
        gradient = rows.T @ (pull / lengths) + stay * (found - identity) / len(identity)
        mean, square = 0.9 * mean + 0.1 * gradient, 0.99 * square + 0.01 * gradient**2
        rate = _RATE * (1 - step / _STEPS) / len(identity) ** 0.5
        found -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return np.asarray(found, np.float32)


def halves(found: Matrix, rank: int = _RANK) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.float16]]:
    """`left` [dim, rank] and `right` [rank, dim]: their product is the nearest there is to `found` without the identity."""
    left, values, right = np.linalg.svd(found - np.eye(len(found)))
    roots = np.sqrt(values[:rank])
    return (left[:, :rank] * roots).astype(np.float16), (roots[:, None] * right[:rank]).astype(np.float16)


def read_lines(folder: Path) -> list[tuple[str, str]]:
    """Text and intent of Rasa's training lines in `*.yml`, of each intent that means one thing the same number at most."""
    found: list[tuple[str, str]] = []
    random = np.random.default_rng(0)
    for path in sorted(folder.glob("*.yml")):
        for item in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            if item.get("intent", "out_of_scope") in _MIXED:
                continue
            lines = [line.removeprefix("- ") for line in item["examples"].splitlines() if line.startswith("- ")]
            kept = random.permutation(len(lines))[:_LINES]
            found += [(_ENTITY.sub(r"\1", lines[place]), item["intent"]) for place in kept]
    return found


def phrasings_below(folder: Path) -> list[tuple[str, str]]:
    """Each phrasing of a folder's entries, with the entry's id."""
    return [(text, entry.id) for entry in load_folder(folder) for texts in entry.phrasings.values() for text in texts]


def save_maps(path: Path, rows: Sequence[tuple[str, str]], whole: Encoder, stay: float) -> None:
    """Learn a map for each part of an encoder's vectors, from texts and what each one means, and write them."""
    texts, meant = zip(*rows, strict=True)
    labels = np.unique(meant, return_inverse=True)[1].astype(np.int64)
    languages = np.array([any(map(is_han, text)) for text in texts], np.int64)
    parts = np.split(whole.encode([prepare(text) for text in texts]), np.cumsum(whole.widths)[:-1], axis=1)
    arrays = {}
    for name, part in zip(part_names(whole), parts, strict=True):
        arrays[f"{name} left"], arrays[f"{name} right"] = halves(learn(unit(part), labels, languages, stay))
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    print(f"{path.name}: learned from {len(texts)} texts")


def main(arguments: list[str] | None = None) -> None:
    """Learn the maps of both encoders and write them, for the search and for intents."""
    parser = argparse.ArgumentParser(prog="python -m faq.metric", description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=Path, default=Path("bot/data/nlu"))
    parser.add_argument("--entries", type=Path, default=FOLDER)
    parser.add_argument("--to", type=Path, default=METRIC_FILE)
    parser.add_argument("--intents-to", type=Path, default=INTENTS_FILE)
    chosen = parser.parse_args(arguments)
    full = meaning(encoder("full"))
    lines = read_lines(chosen.lines)
    save_maps(chosen.to, lines, full, _STAY)
    save_maps(chosen.intents_to, [*lines, *phrasings_below(chosen.entries)], full, _INTENTS_STAY)


if __name__ == "__main__":
    main()
