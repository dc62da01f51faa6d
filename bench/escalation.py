"""Replay the escalation policy over recorded dialogues.

    .venv/bot/bin/python -m bench.escalation FILE [--part all|first|second] [--curve] [--encoder full|light]

FILE has one dialogue a line: {"turns": [{"user", "act", "sat", "system"}, ...]}. A turn is positive if its act is 联系客服 (asks for
a human) or 投诉, or its satisfaction is 0. The newest model in bot/models understands the turns; the policy sees each turn with those
before it, as in the running service. Last line, JSON: `f1` over turns, `gt_1` to `gt_3` (see `bench.scores.golden_transfer`),
`contact_recall` (of the turns with act 联系客服, those where a hand-over came at or before the turn), `handed_off_share` (of the
dialogues). --part takes one half, to tune on the first and report the second. --curve adds `curve`: the last two for eager
and patient settings of the policy.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.emotion import anger_threshold
from bench.rows import FileError, read_text, run
from bench.scores import golden_transfer, precision_recall_f1, rounded
from bench.shipped import Shipped, load, newest_model
from handoff.domain.escalation import Thresholds, TurnView, decide
from nlp.encoders import encoder

CONTACT, COMPLAINT = "联系客服", "投诉"
# (repeat_within, anger) of the curve before and after the policy's own setting; no anger reaches 1.01.
_PATIENT, _EAGER = ((0, 1.01), (0, 0.9), (0, 0.75), (1, 1.01)), ((1, 0.5), (2, 0.5), (3, 0.3))
# config.yml: below this confidence the bot asks back.
_UNDERSTOOD = 0.42


@dataclass(frozen=True)
class Dialogue:
    """The customer's turns, and what people said about each."""

    texts: tuple[str, ...]
    contact: tuple[bool, ...]
    positive: tuple[bool, ...]


def read_dialogues(path: Path) -> list[Dialogue]:
    """All dialogues of a file. Raises FileError naming the broken row."""
    dialogues = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            dialogues.append(_dialogue(line, f"{path.name}, row {number}"))
    if not dialogues:
        raise FileError(f"{path.name}: no dialogue in the file")
    return dialogues


def views(dialogues: Sequence[Dialogue], shipped: Shipped) -> list[list[TurnView]]:
    """What the bot would have told the policy of each turn."""
    texts = list(dict.fromkeys(text for dialogue in dialogues for text in dialogue.texts))
    understood = dict(zip(texts, shipped.classifier.predict_many(texts), strict=True))
    moods = dict(zip(texts, shipped.mood.score_many(texts), strict=True))
    found = []
    for dialogue in dialogues:
        turns = []
        for place, text in enumerate(dialogue.texts):
            prediction = understood[text]
            known = prediction.known and prediction.confidence >= _UNDERSTOOD
            turns.append(
                TurnView(
                    seq=place + 1,
                    text=text,
                    intent=prediction.label if known else "nlu_fallback",
                    confidence=prediction.confidence,
                    anger=moods[text]["anger"],
                    # Not "fallback": that comes from the knowledge base, which knows nothing of another shop.
                )
            )
        found.append(turns)
    return found


def measure(
    dialogues: Sequence[Dialogue], turns: Sequence[Sequence[TurnView]], limits: Thresholds
) -> dict[str, object]:
    """The numbers of the module's docstring, without the curve."""
    handed = [[decide(own[: end + 1], limits) is not None for end in range(len(own))] for own in turns]
    flat_truth = [flag for dialogue in dialogues for flag in dialogue.positive]
    caught = [
        any(own[: place + 1])
        for dialogue, own in zip(dialogues, handed, strict=True)
        for place, wanted in enumerate(dialogue.contact)
        if wanted
    ]
    return {
        "f1": precision_recall_f1(flat_truth, [flag for own in handed for flag in own])[2],
        "gt_1": _transfer(dialogues, handed, 1),
        "gt_2": _transfer(dialogues, handed, 2),
        "gt_3": _transfer(dialogues, handed, 3),
        "contact_recall": sum(caught) / len(caught) if caught else None,
        "handed_off_share": sum(any(own) for own in handed) / len(handed),
    }


def curve(
    dialogues: Sequence[Dialogue], turns: Sequence[Sequence[TurnView]], limits: Thresholds
) -> list[dict[str, object]]:
    """Contact recall against the share handed off, from the most patient to the most eager setting: the anger that counts, and
    how many turns back the same question counts as asked again (0: never)."""
    points: list[dict[str, object]] = []
    for repeat_within, anger in (*_PATIENT, (1, limits.anger), *_EAGER):
        setting = replace(
            limits, repeat_within=repeat_within, anger=anger, anger_rising=min(limits.anger_rising, anger)
        )
        found = measure(dialogues, turns, setting)
        kept = {name: found[name] for name in ("handed_off_share", "contact_recall", "f1")}
        points.append({"anger": anger, "repeat_within": repeat_within, **kept})
    return points


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.escalation", description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--part", choices=["all", "first", "second"], default="all", help="one half of the dialogues")
    parser.add_argument("--curve", action="store_true", help="contact_recall against handed_off_share")
    parser.add_argument("--encoder", choices=["full", "light"], default="full")
    chosen = parser.parse_args()
    dialogues = read_dialogues(chosen.file)
    half = len(dialogues) // 2
    dialogues = {"all": dialogues, "first": dialogues[:half], "second": dialogues[half:]}[chosen.part]
    if not dialogues:
        raise FileError(f"{chosen.file.name}: too few dialogues for halves")
    turns = views(dialogues, load(newest_model(), encoder(chosen.encoder)))
    limits = replace(Thresholds(), anger=anger_threshold())
    result = measure(dialogues, turns, limits)
    if chosen.curve:
        result["curve"] = [rounded(point) for point in curve(dialogues, turns, limits)]
    print(json.dumps(rounded(result)))


def _dialogue(line: str, where: str) -> Dialogue:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FileError(f"{where}: not JSON ({error})") from error
    turns = found.get("turns") if isinstance(found, dict) else None
    if not isinstance(turns, list):
        raise FileError(f'{where}: expected {{"turns": [{{"user", "act", "sat"}}, …]}}')
    if not turns:
        raise FileError(f"{where}: a dialogue without a turn")
    for place, turn in enumerate(turns, start=1):
        _check_turn(turn, f"{where}, turn {place}")
    acts = [{turn["act"]} if isinstance(turn["act"], str) else set(turn["act"] or ()) for turn in turns]
    return Dialogue(
        tuple(turn["user"] for turn in turns),
        tuple(CONTACT in own for own in acts),
        tuple(bool({CONTACT, COMPLAINT} & own) or turn["sat"] == 0 for turn, own in zip(turns, acts, strict=True)),
    )


def _check_turn(turn: object, where: str) -> None:
    """Refuse what would be counted as something it is not."""
    if not isinstance(turn, dict):
        raise FileError(f"{where}: not an object")
    if missing := {"user", "act", "sat"} - set(turn):
        raise FileError(f"{where}: {', '.join(sorted(missing))} is missing")
    user, act, satisfaction = turn["user"], turn["act"], turn["sat"]
    if not isinstance(user, str):
        raise FileError(f"{where}: user is not a text")
    if not (act is None or isinstance(act, str) or (isinstance(act, list) and all(isinstance(a, str) for a in act))):
        raise FileError(f"{where}: act is neither a text nor a list of texts nor null")
    if satisfaction is not None and (isinstance(satisfaction, bool) or not isinstance(satisfaction, int | float)):
        raise FileError(f"{where}: sat is neither a number nor null")


def _transfer(dialogues: Sequence[Dialogue], handed: Sequence[Sequence[bool]], tolerance: float) -> float:
    scores = [
        golden_transfer(_places(dialogue.positive), _places(own), tolerance)
        for dialogue, own in zip(dialogues, handed, strict=True)
    ]
    return sum(scores) / len(scores)


def _places(flags: Sequence[bool]) -> list[int]:
    return [place for place, flag in enumerate(flags) if flag]


if __name__ == "__main__":
    run(main)
