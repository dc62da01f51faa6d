"""`make eval`: run the evaluation commands on the data beside the project and write docs/evaluation.md.

    .venv/handoff/bin/python -m bench.evaluate [--data ../shared/data] [--peer]

Only numbers are written, no line of the data. A set that is not there is left out and said to be missing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "evaluation.md"


@dataclass(frozen=True)
class Run:
    """One command over one set: its files, and what others have published of that set."""

    title: str
    environment: str
    arguments: tuple[str, ...]  # {data} is the folder of the data
    published: str


RUNS = (
    Run(
        "HINT3 SOFMattress (English, 21 intents)",
        "bot",
        ("intents", "--lang", "en", "--train", "{data}/intent/hint3-sofmattress/train.tsv")
        + ("--test", "{data}/intent/hint3-sofmattress/test.tsv"),
        "in-scope accuracy: Rasa .693, Dialogflow .732, LUIS .593, Haptik .723, BERT .736; best MCC: Dialogflow .638",
    ),
    Run(
        "HINT3 SOFMattress, the light variant (one encoder)",
        "bot",
        ("intents", "--lang", "en", "--encoder", "light", "--train", "{data}/intent/hint3-sofmattress/train.tsv")
        + ("--test", "{data}/intent/hint3-sofmattress/test.tsv"),
        "as above",
    ),
    Run(
        "JDDC, 51 intents (Chinese)",
        "bot",
        ("intents", "--train", "{data}/intent/jddc51/train.tsv", "--test", "{data}/intent/jddc51/test.tsv"),
        "none with this split; character n-grams alone .779",
    ),
    Run(
        "JDDC, 51 intents, the light variant (one encoder)",
        "bot",
        ("intents", "--encoder", "light", "--train", "{data}/intent/jddc51/train.tsv")
        + ("--test", "{data}/intent/jddc51/test.tsv"),
        "as above",
    ),
    Run(
        "StackFAQ",
        "handoff",
        ("faq", "--questions", "{data}/faq/stackfaq/questions.tsv", "--queries", "{data}/faq/stackfaq/queries.tsv"),
        "n-grams alone: recall@1 .72",
    ),
    Run(
        "JDDC, 51 entries with 5 questions each",
        "handoff",
        ("faq", "--questions", "{data}/faq/jddc51/questions.tsv", "--queries", "{data}/faq/jddc51/queries.tsv"),
        "n-grams alone: recall@1 .42 to .51",
    ),
    Run(
        "SMP2020, six moods, trained on the given file",
        "bot",
        ("emotion", "--train", "{data}/emotion/smp2020_train.tsv", "--test", "{data}/emotion/smp2020_dev.tsv"),
        "on the test set, with a larger training file: BERT accuracy .772, macro-F1 .739",
    ),
    Run(
        "The shipped anger detector: our 280 held-out angry lines, and alarms on real customers' lines",
        "bot",
        ("emotion", "--shipped", "--test", "tests/fixtures/angry.tsv")
        + ("--calm", "{data}/robustness/customer_utterances_zh.txt"),
        "none",
    ),
    Run(
        "Escalation on the second half of the USS dialogues of JD",
        "bot",
        ("escalation", "{data}/handoff/jddc_uss_valid.jsonl", "--part", "second", "--curve"),
        "none for this split; handing over at every turn: f1 .37",
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.evaluate", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--peer", action="store_true", help="train Rasa's default pipeline beside ours (minutes)")
    chosen = parser.parse_args()
    sections, failed = [], []
    for run in RUNS:
        print(f"eval: {run.title}", flush=True)
        result = measure(run, chosen.data.resolve(), chosen.peer)
        if isinstance(result, str):
            failed.append(run.title)
        sections.append(section(run, result))
    PAGE.write_text(page(sections), encoding="utf-8")
    print(f"eval: wrote {PAGE.relative_to(ROOT)}")
    if failed:
        sys.exit(f"eval: not measured: {', '.join(failed)}")


def measure(run: Run, data: Path, peer: bool) -> dict[str, Any] | str:
    """The command's result, or the line in which it says why there is none."""
    arguments = [part.replace("{data}", str(data)) for part in run.arguments]
    if peer and arguments[0] == "intents" and "light" not in arguments:
        arguments.append("--peer")
    python = str(ROOT / ".venv" / run.environment / "bin" / "python")
    done = subprocess.run(
        [python, "-m", f"bench.{arguments[0]}", *arguments[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        return (done.stderr.strip().splitlines() or ["no message"])[-1].replace(str(data), "data")
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def section(run: Run, result: dict[str, Any] | str) -> str:
    """One set as Markdown."""
    command = " ".join(part.replace("{data}", "../shared/data") for part in run.arguments)
    lines = [f"## {run.title}", "", f"`.venv/{run.environment}/bin/python -m bench.{command}`", ""]
    if isinstance(result, str):
        return "\n".join([*lines, f"Not measured: {result}", ""])
    peer, points = result.pop("plain_rasa", None), result.pop("curve", [])
    head = ["measure", "ours", *(["plain Rasa (DIET)"] if peer else [])]
    lines += [f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
    for name, value in result.items():
        cells = [name, _cell(value), *([_cell(peer.get(name))] if peer else [])]
        lines.append(f"| {' | '.join(cells)} |")
    if points:
        lines += ["", *_table(points)]
    return "\n".join([*lines, "", f"Published: {run.published}.", ""])


def _table(points: list[dict[str, Any]]) -> list[str]:
    """Rows with the same names as a Markdown table."""
    head = list(points[0])
    rows = [[_cell(point[name]) for name in head] for point in points]
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def page(sections: list[str]) -> str:
    """The whole page."""
    today = datetime.now(timezone.utc).date().isoformat()
    return (
        "# Evaluation\n\n"
        f"Written by `make eval` on {today}. The sets were made by other people, serve to measure only and are not part of the "
        "project; everything was tuned on training files and on our own texts. Times are of the machine it ran on.\n\n"
        + "\n".join(sections)
    )


def _cell(value: object) -> str:
    return "–" if value is None else str(value)


if __name__ == "__main__":
    main()
