"""Long indexing tells how far it has come; short indexing says nothing."""

import logging

import pytest

from faq import progress
from faq.progress import Progress


def test_that_it_says_how_far_it_is_and_how_long_it_will_take(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    told = Progress()
    assert str(told) == "the entries are being read"
    with caplog.at_level(logging.INFO):
        for done in range(0, 1001, 100):
            told(done, 1000)
            now += 3.0
    lines = [record.getMessage() for record in caplog.records]
    assert lines[-1].startswith("indexing: 1,000 of 1,000 phrasings (100%)")
    assert 2 <= len(lines) <= 4
    assert "s left" in lines[0]


def test_that_a_terminal_gets_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    told = Progress()
    for done in (0, 50, 100):
        told(done, 100)
        now += 5.0
    shown = capsys.readouterr().err
    assert "█" * 15 + "░" * 15 in shown
    assert shown.endswith("\n")


def test_that_a_quick_indexing_is_silent(caplog: pytest.LogCaptureFixture) -> None:
    told = Progress()
    with caplog.at_level(logging.INFO):
        told(16, 16)
    assert caplog.records == []
