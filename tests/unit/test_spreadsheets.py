"""CSV and Excel files as people really have them, and as an attacker would make them."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from handoff.domain.faq_table import MAX_ROWS, TableRefused
from handoff.web import spreadsheets
from handoff.web.spreadsheets import guarded, read_table, unguarded, write_csv, write_xlsx

ROWS = [["id", "答案"], ["ship-when", "付款后\n两天，“内”发货"], ["x", '"quoted", a;b\tc']]
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
FORMULAS = ["=1+1", "+86 138", "-5", "@SUM(A1)", "＝1", " =1", "'=1", "''-", "\tx", "'plain", "", "'"]


def numbered(rows: list[list[str]]) -> list[tuple[int, list[str]]]:
    return list(enumerate(rows, start=1))


def problem(raw: bytes) -> tuple[int, str]:
    with pytest.raises(TableRefused) as refused:
        read_table(raw)
    (one,) = refused.value.problems
    return one.row, one.code


def book(*rows: list[object]) -> bytes:
    made = Workbook()
    for row in rows:
        made.active.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def with_part(raw: bytes, name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_that_csv_is_read_whatever_wrote_it(encoding: str, delimiter: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(ROWS)
    assert read_table(out.getvalue().encode(encoding)) == numbered(ROWS)


def test_that_both_formats_give_back_what_was_written() -> None:
    rows = [*ROWS, *[[text, "x"] for text in FORMULAS]]
    assert [cells for _, cells in read_table(write_csv(rows).encode())] == rows
    assert [cells for _, cells in read_table(write_xlsx(rows, "t"))] == rows


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=20)


@settings(max_examples=25)
@given(st.lists(st.tuples(CELL, CELL, st.just("x")).map(list), max_size=4))
def test_that_any_text_survives_csv_and_excel(rows: list[list[str]]) -> None:
    assert [cells for _, cells in read_table(write_csv(rows).encode())] == rows
    assert [cells for _, cells in read_table(write_xlsx(rows, "t"))] == rows


@given(st.text(st.sampled_from("'=+-@＝ \ta"), max_size=6))
def test_that_the_apostrophe_is_taken_back_exactly(text: str) -> None:
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("text", FORMULAS[:6])
def test_that_no_cell_leaves_as_a_formula(text: str) -> None:
    assert guarded(text).startswith("'")
    sheet = load_workbook(io.BytesIO(write_xlsx([[text]], "t"))).active
    assert sheet["A1"].data_type == "s"


def with_cells(cells: bytes) -> bytes:
    raw = book(["id"])
    sheet = zipfile.ZipFile(io.BytesIO(raw)).read("xl/worksheets/sheet1.xml")
    return with_part(raw, "xl/worksheets/sheet1.xml", sheet.replace(b"</sheetData>", cells + b"</sheetData>"))


def test_that_a_small_workbook_cannot_keep_the_gateway_busy() -> None:
    far = with_cells(b'<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>x</t></is></c></row>')
    assert problem(far) == (spreadsheets.MAX_SHEET_ROWS + 1, "too_many_rows")
    assert problem(with_cells(b"<row r='2'>" + b"<c/>" * spreadsheets.MAX_TAGS + b"</row>")) == (1, "too_large")


def test_that_a_formula_without_a_result_is_no_text() -> None:
    assert problem(book(["id", "answer.zh"], ["x", "a"], ["y", "#REF!"])) == (3, "formula_error")


def test_that_empty_rows_are_left_out_and_the_others_keep_their_numbers() -> None:
    assert read_table(b"id,a\n,,\n\nx,1\n") == [(1, ["id", "a"]), (4, ["x", "1"])]
    assert [n for n, _ in read_table(book(["id"], [], ["x"]))] == [1, 3]


def test_that_numbers_in_a_workbook_are_read_as_they_look() -> None:
    ((_, cells),) = read_table(book([7, 2.0, 1.5, True, None, "a"]))
    assert cells[:6] == ["7", "2", "1.5", "True", "", "a"]


@pytest.mark.parametrize(
    ("raw", "row", "code"),
    [
        (b'id,a\nx,"never closed\ny,1\n', 2, "broken"),
        (b'id,a\nx,1\ny,"a"b\n', 3, "broken"),
        (b"id,a\nx,1\n" + b'y,"' + b"a" * 200_000 + b'"\n', 3, "broken"),
        ("id,a\n你好,欢迎光临我们的小店\nx,".encode() + b"\xff\n", 3, "encoding"),
        (b"id,a\nx,\xff\xff\n", 2, "encoding"),
        ("id,a\nx,你好欢迎光临我们的店".encode() + b"\xed\xa0\x80", 2, "encoding"),
        (b"id,a\nx,\x00\n", 2, "unusable_characters"),
        ("id,a\n".encode("utf-16") + b"\x00", 2, "encoding"),
        (b"\xd0\xcf\x11\xe0 an old workbook", 1, "old_format"),
        (b"PK\x03\x04 no zip at all", 1, "broken"),
        (book(["id"])[:-200], 1, "broken"),
        (b"id\n" + b"x\n" * (MAX_ROWS + 1), MAX_ROWS + 2, "too_many_rows"),
    ],
    ids=range(12),
)
def test_that_a_broken_file_is_refused_by_its_row(raw: bytes, row: int, code: str) -> None:
    assert problem(raw) == (row, code)


def test_that_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = with_part(book(["id"]), "xl/worksheets/sheet1.xml", b"<a>" + b" " * spreadsheets.MAX_UNPACKED)
    assert len(bomb) < 200_000
    assert problem(bomb) == (1, "too_large")


def test_that_a_part_that_lies_about_its_size_is_no_way_around() -> None:
    content = b" " * 3_000_000
    bomb = bytearray(with_part(book(["id"]), "xl/worksheets/sheet1.xml", content))
    size = len(content).to_bytes(4, "little")
    while (at := bomb.find(size)) >= 0:
        bomb[at : at + 4] = (10).to_bytes(4, "little")
    assert problem(bytes(bomb)) == (1, "broken")


def test_that_entities_that_multiply_are_refused() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    row = '<row r="1"><c r="A1" t="inlineStr"><is><t>&e9;</t></is></c></row>'
    sheet = f'<worksheet xmlns="{SHEET}"><sheetData>{row}</sheetData></worksheet>'
    laughs = f'<?xml version="1.0"?><!DOCTYPE worksheet [<!ENTITY e0 "{"ha" * 500}">{entities}]>{sheet}'
    raw = with_part(book(["id", "text"]), "xl/worksheets/sheet1.xml", laughs.encode())
    assert problem(raw) == (1, "broken")
