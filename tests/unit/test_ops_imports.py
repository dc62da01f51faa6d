"""What import-linter cannot say: the domain imports the standard library alone, whatever is installed."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from ops.paths import ROOT

DOMAIN = ROOT / "handoff" / "domain"


def imported_names(source: str) -> set[str]:
    """The absolute names a module imports; relative ones stay inside their package by themselves."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
    return names


def test_that_imported_names_are_found_wherever_they_stand() -> None:
    source = "import os.path\ndef f():\n    from httpx import get\n    from . import sibling\n"
    assert imported_names(source) == {"os.path", "httpx"}


@pytest.mark.parametrize("path", sorted(DOMAIN.rglob("*.py")), ids=lambda path: path.name)
def test_that_the_domain_imports_the_standard_library_alone(path: Path) -> None:
    outside = {
        name
        for name in imported_names(path.read_text())
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("handoff.domain")
    }
    assert outside == set()
