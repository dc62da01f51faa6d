"""Every setting is documented, and nothing is read from the environment that is not a setting."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from honcho.environ import parse

from handoff.settings import SETTINGS, Setting

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = (ROOT / ".env.example").read_text()
PACKAGES = ("handoff", "faq", "nlp", "bot", "ops", "examples")
FILLED_IN = ("Procfile", "endpoints.yml", "credentials.yml", "config.yml", "domain.yml")
# Somebody else's variables, and what the launcher gives one process.
FOREIGN = {"PATH", "CI", "TMPDIR", "PORT", "PYENV_ROOT", "OMP_NUM_THREADS"}
# Of those who work on the project; told in README.md instead.
DEVELOPERS = {"KEFU_CHROMIUM", "VERBOSE"}
READERS = {"get", "pop", "getenv", "__getitem__"}


def python_files() -> list[Path]:
    found = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return [path for path in found if "node_modules" not in path.parts]


def is_environment(node: ast.expr) -> bool:
    """`os.environ`, or a name that says it is one."""
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return "environ" in name


def reads(tree: ast.AST) -> Iterator[str]:
    """The names of variables that a module reads; also every KEFU_* it names, however it comes to be read."""
    for node in ast.walk(tree):
        key: ast.expr | None = None
        if isinstance(node, ast.Subscript) and is_environment(node.value):
            key = node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READERS:
            if node.args and (is_environment(node.func.value) or node.func.attr == "getenv"):
                key = node.args[0]
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield key.value
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.fullmatch(r"KEFU_[A-Z][A-Z_]*[A-Z]", node.value):
                yield node.value


def test_that_the_search_for_variables_finds_each_way_to_read_one() -> None:
    source = """
import os
a = os.environ["ONE"]; b = os.environ.get("TWO", ""); c = os.getenv("THREE"); d = environment.get("FOUR")
e = settings.get({"gateway": "KEFU_FIVE"}[kind]); f = {}.get("NOT_ONE"); g = "KEFU_"
"""
    assert sorted(reads(ast.parse(source))) == ["FOUR", "KEFU_FIVE", "ONE", "THREE", "TWO"]


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=lambda setting: setting.env)
def test_that_the_example_names_each_setting_with_its_help_and_default(setting: Setting) -> None:
    default = "" if setting.secret else setting.default
    assert f"\n# {setting.help}\n# {setting.env}={default}\n" in EXAMPLE


def test_that_the_example_names_nothing_but_settings_and_sets_none() -> None:
    named = re.findall(r"(?m)^(?:# )?([A-Z][A-Z_]+)=", EXAMPLE)
    assert sorted(named) == sorted(SETTINGS)
    # Copied as it is, it must change nothing: the launcher takes a line with nothing behind the = as a wish.
    assert parse(EXAMPLE) == {}


def test_that_a_line_of_the_example_can_be_used_by_taking_its_sign_away() -> None:
    given = parse(re.sub(r"(?m)^# ([A-Z][A-Z_]+=.)", r"\1", EXAMPLE))
    assert given == {s.env: s.default for s in SETTINGS.values() if s.default}


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_that_a_module_reads_no_variable_that_is_not_a_setting(path: Path) -> None:
    unknown = set(reads(ast.parse(path.read_text()))) - set(SETTINGS) - FOREIGN - DEVELOPERS
    assert not unknown, f"{unknown}: add to SETTINGS in handoff/settings.py and to .env.example"


@pytest.mark.parametrize("name", FILLED_IN)
def test_that_no_file_is_filled_from_a_variable_that_is_not_a_setting(name: str) -> None:
    lines = [line for line in (ROOT / name).read_text().splitlines() if not line.lstrip().startswith("#")]
    named = {word for line in lines for word in re.findall(r"\$\{?([A-Z][A-Z0-9_]+)", line)}
    assert named <= set(SETTINGS) | FOREIGN


@pytest.mark.parametrize("name", sorted(DEVELOPERS))
def test_that_developers_are_told_of_their_variables(name: str) -> None:
    assert name in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md", "docs/operations.md", "docs/architecture.md"])
def test_that_the_documents_name_only_settings_that_exist(name: str) -> None:
    named = set(re.findall(r"\b(?:KEFU_[A-Z_]*[A-Z]|DATABASE_URL|REDIS_URL|RASA_URLS)\b", (ROOT / name).read_text()))
    assert named <= set(SETTINGS) | DEVELOPERS
