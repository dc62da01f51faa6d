"""What the documents point to is there, and the two READMEs tell the same."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), ROOT / "bot" / "models" / "README.md"]
MAX_IMAGE_BYTES = 300 * 1000
COMMAND = re.compile(r"^(?:make|cd|git|python3|curl|\.venv/)")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(text: str) -> list[tuple[str, str]]:
    """(language, code) of each fenced block."""
    return re.findall(r"(?ms)^```(\w*)\n(.*?)^```", text)


def prose(text: str) -> str:
    """The text without fenced blocks."""
    return re.sub(r"(?ms)^```.*?^```", "", text)


def headings(path: Path) -> list[str]:
    return re.findall(r"(?m)^(#{1,6}) ", prose(path.read_text()))


def anchors(path: Path) -> set[str]:
    """The anchors that a forge makes of a document's headings."""
    titles = re.findall(r"(?m)^#{1,6} (.+)$", prose(path.read_text()))
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def links(path: Path) -> list[str]:
    """Relative targets of links and images."""
    found = re.findall(r"\]\(([^)\s]+)\)", prose(path.read_text()))
    return [unquote(target) for target in found if not re.match(r"[a-z]+:", target)]


def commands(path: Path) -> list[str]:
    """The command lines of all blocks, without their comments."""
    lines = [line for _, code in blocks(path.read_text()) for line in code.splitlines()]
    return [re.sub(r"\s+#.*", "", line) for line in lines if COMMAND.match(line)]


def code(path: Path) -> list[tuple[str, str]]:
    """The blocks that name their language: what a reader copies."""
    return [block for block in blocks(path.read_text()) if block[0]]


def make_targets() -> set[str]:
    return set(re.findall(r"(?m)^([a-z][a-z-]*):", (ROOT / "Makefile").read_text()))


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_that_relative_links_lead_somewhere(path: Path) -> None:
    for target in links(path):
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_that_every_make_target_named_exists(path: Path) -> None:
    text = path.read_text()
    said = re.findall(r"`make ([a-z][a-z-]*)", text) + re.findall(r"(?m)^make ([a-z][a-z-]*)", text)
    assert set(said) <= make_targets()


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_that_every_file_named_by_its_path_exists(path: Path) -> None:
    folders = "bench|bot|docs|examples|faq|handoff|nlp|ops|tests|requirements"
    for named in re.findall(rf"`((?:{folders})/[\w./-]+\.(?:py|md|yml|txt|toml))`", prose(path.read_text())):
        if named.endswith("/CATEGORY.yml"):  # stands for any
            continue
        assert (ROOT / named).exists(), named


def test_that_both_readmes_have_the_same_sections() -> None:
    assert headings(ENGLISH) == headings(CHINESE)
    assert len(headings(ENGLISH)) > 10


def test_that_both_readmes_show_the_same_commands_code_and_places() -> None:
    assert commands(ENGLISH) == commands(CHINESE)
    assert code(ENGLISH) == code(CHINESE)
    assert {"make run", "make test"} <= set(commands(ENGLISH))
    here = {name(ENGLISH), name(CHINESE)}
    assert [t for t in links(ENGLISH) if t not in here] == [t for t in links(CHINESE) if t not in here]


def test_that_both_readmes_have_tables_and_lists_of_the_same_length() -> None:
    def shape(path: Path) -> list[str]:
        return re.findall(r"(?m)^(\||- |\d+\. )", prose(path.read_text()))

    assert shape(ENGLISH) == shape(CHINESE)


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "images").iterdir()), ids=lambda path: path.name)
def test_that_an_image_is_small_and_shown_somewhere(path: Path) -> None:
    assert path.stat().st_size < MAX_IMAGE_BYTES
    assert any(f"images/{path.name}" in document.read_text() for document in DOCUMENTS)


def test_that_every_decision_has_one_title() -> None:
    for path in (ROOT / "docs" / "decisions").glob("*.md"):
        assert headings(path).count("#") == 1, path.name
