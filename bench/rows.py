"""Files of labelled texts: TSV, UTF-8, header `text<TAB>label`, one row a line. What is wrong is told by file and row."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nlp.scope import OUT_OF_SCOPE


class FileError(ValueError):
    """A file that cannot be used; the text names the file and, where one is to blame, the row."""


@dataclass(frozen=True)
class Rows:
    """Row i + 2 of the file (the header is row 1) is `texts[i]`, `labels[i]`."""

    name: str
    texts: tuple[str, ...]
    labels: tuple[str, ...]

    def row(self, index: int) -> str:
        """How an error names the row at `index`."""
        return f"{self.name}, row {index + 2}"


def read_rows(path: Path) -> Rows:
    """All rows, texts as they stand. Raises FileError: unreadable, not UTF-8, no rows, a wrong header or a broken row."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from error
    texts, labels = [], []
    # Not splitlines(): U+0085 and U+2028 stand inside customers' texts.
    lines = raw.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    while lines and not lines[-1].strip(b"\r"):  # a blank last line is no row
        lines.pop()
    if not lines:
        raise FileError(f"{path.name}: the file is empty; expected the header text<TAB>label and rows")
    for number, line in enumerate(lines, start=1):
        try:
            columns = line.rstrip(b"\r").decode("utf-8").split("\t")
        except UnicodeDecodeError as error:
            raise FileError(f"{path.name}, row {number}: not UTF-8 ({error.reason})") from error
        if number == 1:
            if [column.strip() for column in columns] != ["text", "label"]:
                found = line[:60].decode("utf-8", "ignore")
                raise FileError(f"{path.name}, row 1: the header must be text<TAB>label, found {found!r}")
        elif len(columns) != 2:
            raise FileError(
                f"{path.name}, row {number}: expected a text, one tab and a label, found {len(columns) - 1} tabs"
            )
        elif not columns[1].strip():
            raise FileError(f"{path.name}, row {number}: the label is empty")
        else:
            texts.append(columns[0])
            labels.append(columns[1].strip())
    if not texts:
        raise FileError(f"{path.name}: no row behind the header")
    return Rows(path.name, tuple(texts), tuple(labels))


def read_text(path: Path) -> str:
    """A UTF-8 file with or without its mark. Raises FileError, naming the row that is not UTF-8."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = raw.count(b"\n", 0, error.start) + 1
        raise FileError(f"{path.name}, row {row}: not UTF-8 ({error.reason})") from error


def check_training(rows: Rows) -> None:
    """Refuse what nothing can be learned from: an empty text, or fewer than two labels that are in scope."""
    for index, text in enumerate(rows.texts):
        if not text.strip():
            raise FileError(f"{rows.row(index)}: the text is empty")
    names = sorted(set(rows.labels) - OUT_OF_SCOPE)
    if len(names) < 2:
        found = f"only {names[0]!r}" if names else "none"
        count = f"{len(rows.texts)} row{'s' if len(rows.texts) > 1 else ''}"
        raise FileError(f"{rows.name}: at least two labels are needed to tell apart, found {found} in {count}")


def check_known(rows: Rows, known: Rows) -> None:
    """Refuse a label that `known` does not hold, unless it means out of scope: no model can ever be right there."""
    names = set(known.labels) | OUT_OF_SCOPE
    for index, label in enumerate(rows.labels):
        if label not in names:
            raise FileError(f"{rows.row(index)}: the label {label!r} does not stand in {known.name}")


def run(main: Callable[[], None]) -> None:
    """Run a command: a FileError is one line on standard error and exit code 2."""
    try:
        main()
    except FileError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
