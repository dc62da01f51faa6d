"""Tables of texts from and to CSV and Excel files, whatever program wrote them. Pure, and slow for large files: call in a thread."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence

from handoff.domain.faq_table import MAX_ROWS, RowProblem, TableRefused

Rows = list[tuple[int, list[str]]]

# A workbook is a zip of XML: what it may unpack to, and of how many parts. 5,000 long entries are 20 MB.
MAX_UNPACKED = 64 * 1024 * 1024
MAX_PARTS = 1000
# Tags of all parts: each costs 4 µs, and 20,000 rows of eight long cells have half as many.
MAX_TAGS = 2_000_000
# A sheet may say that its only other cell stands in row 1,048,576: each row in between costs 10 µs.
MAX_SHEET_ROWS = 5 * MAX_ROWS
# More columns are not looked at: nobody has so many fields.
MAX_COLUMNS = 64
_FORMULA_ERRORS = frozenset({"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})
_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_DELIMITERS = (",", ";", "\t")
# So many characters beyond ASCII that read well as UTF-8 are no chance: what breaks after them is a broken UTF-8 file.
_SURELY_UTF8 = 8
# What a spreadsheet takes for a formula, also as it comes from a Chinese input method; apostrophes before it are counted, so
# that taking one back gives exactly what was there.
_FORMULA = re.compile("'*(?:\\s*[=+\\-@＝＋－＠]|[\t\r])")


def guarded(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + text if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """What `guarded` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def write_csv(rows: Iterable[Sequence[str]]) -> str:
    """With a byte order mark, so that spreadsheets read Chinese."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([guarded(cell) for cell in row])
    return "\ufeff" + out.getvalue()


def write_xlsx(rows: Iterable[Sequence[str]], title: str) -> bytes:
    """A workbook of one sheet; all cells are texts."""
    from openpyxl import Workbook  # brings NumPy: 30 MB and a second that few gateways ever need
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    for row in rows:
        cells = [WriteOnlyCell(sheet, guarded(text)) for text in row]
        for cell in cells:
            cell.data_type = "s"  # also what looks like a formula or an error
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read_table(raw: bytes) -> Rows:
    """The rows that are not empty, up to the last cell that is not, with their numbers as a spreadsheet counts.

    Raises TableRefused, naming the row.
    """
    if raw.startswith(_ZIP):
        rows = _read_xlsx(raw)
    elif raw.startswith(_OLD_EXCEL):
        raise _refused(1, "old_format", "this is an old or encrypted Excel file; save it as .xlsx or CSV")
    else:
        rows = _read_csv(raw)
    kept: Rows = []
    for number, cells in enumerate(rows, start=1):
        if any(cell.strip() for cell in cells):
            filled = max(place for place, cell in enumerate(cells, start=1) if cell.strip())
            kept.append((number, [unguarded(cell) for cell in cells[:filled]]))
            if len(kept) > MAX_ROWS + 1:
                raise _refused(number, "too_many_rows", f"there are more than {MAX_ROWS} rows")
    return kept


def _refused(row: int, code: str, message: str) -> TableRefused:
    return TableRefused([RowProblem(row, "file", code, message)])


def _read_csv(raw: bytes) -> Iterator[list[str]]:
    text = _decoded(raw)
    if (at := text.find("\x00")) >= 0:
        raise _refused(text.count("\n", 0, at) + 1, "unusable_characters", "the file holds bytes that are no text")
    first = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _refused(number, "broken", f"the row cannot be read: {error}") from None
        yield row


def _decoded(raw: bytes) -> str:
    """UTF-8 or UTF-16 with or without its mark, or GB18030, which Chinese Excel writes."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _strictly(raw, "utf-16")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        read_well = raw[: error.start].decode("utf-8", "ignore")
        if sum(not char.isascii() for char in read_well) >= _SURELY_UTF8:
            row = raw.count(b"\n", 0, error.start) + 1
            raise _refused(row, "encoding", "the file is UTF-8 but for this row") from None
    return _strictly(raw, "gb18030")


def _strictly(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        row = raw.count(b"\n", 0, error.start) + 1
        raise _refused(row, "encoding", "the file is neither UTF-8 nor UTF-16 nor GB18030") from None


def _read_xlsx(raw: bytes) -> Iterator[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as parts:
            sizes = [part.file_size for part in parts.infolist()]
            # The sizes are those the file claims; what is unpacked beyond its claim is cut off by zipfile itself.
            if len(sizes) > MAX_PARTS or sum(sizes) > MAX_UNPACKED:
                raise _refused(1, "too_large", f"the workbook unpacks to more than {MAX_UNPACKED // 2**20} MB")
            if sum(parts.read(part).count(b"<") for part in parts.infolist()) > MAX_TAGS:
                raise _refused(
                    1, "too_large", f"the workbook has more cells than {MAX_ROWS} rows can fill; import it in parts"
                )
        from openpyxl import load_workbook  # as above

        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of them is often wrong
        for number, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True), start=1):
            if number > MAX_SHEET_ROWS:
                raise _refused(
                    number, "too_many_rows", f"the sheet goes on below row {MAX_SHEET_ROWS}; delete those rows"
                )
            cells = [_cell(value) for value in row]
            if failed := next((cell for cell in cells if cell in _FORMULA_ERRORS), None):
                raise _refused(number, "formula_error", f"a cell holds {failed}: its formula has no result")
            yield cells
    except TableRefused:
        raise
    except Exception as error:  # a broken workbook fails anywhere in its XML, with anything
        raise _refused(1, "broken", f"the workbook cannot be read ({type(error).__name__})") from None


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
