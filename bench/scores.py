"""Measures of predictions against the truth, in numpy."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence

import numpy as np


def mcc(truth: Sequence[Hashable], found: Sequence[Hashable]) -> float:
    """Matthews correlation over any number of classes (Gorodkin 2004, R_K); 0 if one side has a single class."""
    names = {name: place for place, name in enumerate(dict.fromkeys([*truth, *found]))}
    table = np.zeros((len(names), len(names)))
    for true, predicted in zip(truth, found, strict=True):
        table[names[true], names[predicted]] += 1
    total, right = table.sum(), np.trace(table)
    true_counts, found_counts = table.sum(axis=1), table.sum(axis=0)
    below = (total**2 - (found_counts**2).sum()) * (total**2 - (true_counts**2).sum())
    return float((right * total - true_counts @ found_counts) / math.sqrt(below)) if below > 0 else 0.0


def precision_recall_f1(truth: Sequence[bool], found: Sequence[bool]) -> tuple[float, float, float]:
    """Of one class; a share of nothing is 0."""
    both = sum(t and f for t, f in zip(truth, found, strict=True))
    precision = both / sum(found) if any(found) else 0.0
    recall = both / sum(truth) if any(truth) else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if both else 0.0


def macro_f1(truth: Sequence[Hashable], found: Sequence[Hashable]) -> float:
    """Mean F1 over the classes that stand in the truth or among the predictions."""
    names = list(dict.fromkeys([*truth, *found]))
    scores = [precision_recall_f1([t == name for t in truth], [f == name for f in found])[2] for name in names]
    return sum(scores) / len(scores) if scores else 0.0


def golden_transfer(positives: Sequence[int], predictions: Sequence[int], tolerance: float) -> float:
    """GT-T of one dialogue (Liu et al., AAAI 2021): for each predicted turn, how near the nearest positive one is.

    No positives and no predictions: 1; only one side empty: 0.
    """
    if not positives or not predictions:
        return float(not positives and not predictions)
    width = 2 * (tolerance + 1e-7) ** 2
    near = [max(math.exp(-((p - q) ** 2) / width) for q in positives) for p in predictions]
    return sum(near) / len(near)


def rounded(result: Mapping[str, object]) -> dict[str, object]:
    """The same with floats at four places, nested ones too."""
    return {
        key: round(value, 4) if isinstance(value, float) else rounded(value) if isinstance(value, dict) else value
        for key, value in result.items()
    }
