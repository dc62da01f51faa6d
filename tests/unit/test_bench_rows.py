"""Files of labelled texts: what is broken is named by file and row."""

from pathlib import Path

import pytest

from bench.rows import FileError, Rows, check_known, check_training, read_rows


def file(folder: Path, content: str | bytes) -> Path:
    path = folder / "rows.tsv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_that_rows_are_read_as_they_stand(tmp_path: Path) -> None:
    rows = read_rows(file(tmp_path, "\ufefftext\tlabel\r\n 退货 \u2028怎么\x85弄\ta\r\n\tb\r\n"))
    assert rows.texts == (" 退货 \u2028怎么\x85弄", "")
    assert rows.labels == ("a", "b")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "rows.tsv: the file is empty"),
        ("text\tlabel\n", "rows.tsv: no row"),
        ("label,text\na,b\n", "rows.tsv, row 1: the header"),
        ("文本\t标签\n", r"found '文本\\t标签'"),
        ("text\tlabel\na\tx\n\nb\ty\n", "rows.tsv, row 3: expected .* found 0 tabs"),
        ("text\tlabel\na\tx\nb\n", "rows.tsv, row 3: expected"),
        ("text\tlabel\na\tx\ty\n", "rows.tsv, row 2: expected"),
        ("text\tlabel\na\t \n", "rows.tsv, row 2: the label is empty"),
        (b"text\tlabel\nok\tx\n\xff\tx\n", "rows.tsv, row 3: not UTF-8"),
    ],
)
def test_that_a_broken_file_is_refused_by_row(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(FileError, match=said):
        read_rows(file(tmp_path, content))


def test_that_blank_lines_at_the_end_are_no_rows(tmp_path: Path) -> None:
    assert len(read_rows(file(tmp_path, "text\tlabel\na\tx\n\r\n\n")).texts) == 1


def test_that_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="No such file"):
        read_rows(tmp_path / "none.tsv")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (Rows("t", ("a",), ("x",)), "found only 'x' in 1 row$"),
        (Rows("t", ("a", "b"), ("x", "x")), "found only 'x' in 2 rows"),
        (Rows("t", ("a", "b"), ("oos", "x")), "found only 'x'"),
        (Rows("t", ("a", " "), ("x", "y")), "t, row 3: the text is empty"),
    ],
)
def test_that_what_teaches_nothing_is_refused(rows: Rows, said: str) -> None:
    with pytest.raises(FileError, match=said):
        check_training(rows)


def test_that_a_label_without_training_is_refused_unless_it_means_out_of_scope() -> None:
    known = Rows("train", ("a", "b"), ("x", "y"))
    check_known(Rows("test", ("a", "b"), ("x", "NO_NODES_DETECTED")), known)
    with pytest.raises(FileError, match="test, row 3: the label 'z' does not stand in train"):
        check_known(Rows("test", ("a", "b"), ("x", "z")), known)
