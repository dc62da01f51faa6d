"""The search with the real encoders over the shipped entries: how good it is, and how fast."""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from faq.entries import load_folder
from faq.search import FaqSearch
from nlp.encoders import shared_encoder

# Measured when written: 0.59, 0.81 and 0.86; a margin for entries that change.
RECALL_AT_1, RECALL_AT_3, PRECISION = 0.53, 0.75, 0.8

# The same of Chinese entries with their first phrasing alone, asked by their second: 0.48, and 0.40 if words of answers counted little.
RECALL_AT_1_ALONE = 0.44

# Asked of the real index; none of these lines stands in faq/out_of_scope.txt or among the phrasings.
CHIT_CHAT = """
吃饭了吗 | 你多大了 | 你真聪明呀 | 太阳系有几颗行星 | 给我讲个鬼故事 | 上海明天多少度 | 怎么做蛋炒饭 | 最近有啥好看的小说 | 皇马昨晚赢没赢
光速是多少 | 我失恋了 | 早安 | 怎么学会游泳 | 唐朝有多少个皇帝 | 帮我算一下十五乘八 | 推荐几首好听的歌 | 嗨喽 | 我牙疼
what's up | do you dream | tell me something funny | who wrote hamlet | how far is the moon | recipe for pancakes | i feel sad today
can you dance | what is 15 times 8 | best football team ever | how do planes fly | good evening
"""
# Wordings of our own that stand nowhere in the entries, and the entry a person would expect.
QUESTIONS = [
    ("我密码想不起来了", "zh-Hans", "account-forgot-password"),
    ("密碼忘了怎麼辦", "zh-Hant", "account-forgot-password"),
    ("I can't remember my password", "en", "account-forgot-password"),
    ("请问在哪里可以领优惠券", "zh-Hans", "coupon-where"),
    ("where do I find coupons", "en", "coupon-where"),
    ("怎么注册一个新账号", "zh-Hans", "account-register"),
]


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> FaqSearch:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    search = FaqSearch(shared_encoder(), tmp_path_factory.mktemp("faq"))
    search.update(load_folder())
    return search


@pytest.mark.parametrize(("query", "locale", "entry_id"), QUESTIONS)
def test_that_a_new_wording_finds_the_entry(search: FaqSearch, query: str, locale: str, entry_id: str) -> None:
    found = search.search(query, locale)
    assert found.decision != "unknown"
    assert entry_id in [result.entry_id for result in found.results[:2]]
    answer = next(result.answer for result in found.results if result.entry_id == entry_id)
    assert answer.isascii() == (locale == "en")


def test_that_every_stored_phrasing_finds_its_entry(search: FaqSearch) -> None:
    wrong = []
    for entry in load_folder():
        question = entry.texts()[0]
        found = search.search(question, "zh-Hans")
        if found.results[0].entry_id != entry.id or found.decision == "unknown":
            wrong.append(question)
    assert wrong == []


def test_that_phrasings_left_out_are_found_by_the_others(search: FaqSearch, capsys: pytest.CaptureFixture[str]) -> None:
    """The hardest question: the phrasings of an entry were written to differ, and the nearest one is taken away."""
    snapshot = search._snapshot
    assert snapshot is not None
    index, decisions, right, near = snapshot.index, Counter[tuple[str, bool]](), 0, 0
    rows = np.random.default_rng(11).permutation(index.vector_rows)[:400]
    for row, (query, vector) in zip(rows, search._ask([index.rows[row].text for row in rows]), strict=True):
        decision, order, _ = snapshot.fusion.decide(index.features(query, vector, int(row)))
        owner = int(index.owners[row])
        right, near = right + (order[0] == owner), near + (owner in order[:3])
        decisions[decision, bool(order[0] == owner)] += 1
    answered = decisions["answer", True] + decisions["answer", False]
    precision = decisions["answer", True] / max(answered, 1)
    with capsys.disabled():
        print(
            f"\nleft out: recall@1 {right / 400:.3f}, recall@3 {near / 400:.3f}, answered {answered / 400:.3f} "
            f"of which right {precision:.3f}"
        )
    assert right / 400 >= RECALL_AT_1
    assert near / 400 >= RECALL_AT_3
    assert precision >= PRECISION


def test_that_one_phrasing_and_the_answer_often_suffice(search: FaqSearch, capsys: pytest.CaptureFixture[str]) -> None:
    """By the weights for entries from which nothing can be learned."""
    entries = load_folder()
    alone = FaqSearch(shared_encoder())
    alone.update([replace(entry, phrasings={"zh": entry.phrasings["zh"][:1]}) for entry in entries])
    asked = [(text, entry.id) for entry in entries for text in entry.phrasings["zh"][1:2]]
    right = sum(alone.search(text, "zh-Hans", 1).results[0].entry_id == id for text, id in asked)
    with capsys.disabled():
        print(f"\none phrasing: recall@1 {right / len(asked):.3f}")
    assert right / len(asked) >= RECALL_AT_1_ALONE


def test_that_chit_chat_is_not_answered(search: FaqSearch, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line.strip() for line in CHIT_CHAT.replace("\n", "|").split("|") if line.strip()]
    decisions = {line: search.search(line, "zh-Hans").decision for line in lines}
    known = [line for line, decision in decisions.items() if decision != "unknown"]
    with capsys.disabled():
        print(f"\nchit-chat: {len(lines)} lines, not unknown: {known}")
    assert len(known) <= len(lines) // 10
    assert not [line for line, decision in decisions.items() if decision == "answer"]


def test_that_a_restart_takes_no_time(search: FaqSearch) -> None:
    folder = search._folder
    assert isinstance(folder, Path)
    started = time.thread_time()  # what the work costs, however busy the machine is
    again = FaqSearch(shared_encoder(), folder)
    again.update(load_folder())
    assert time.thread_time() - started < 3
    assert again.search("怎么退货", "zh-Hans") == search.search("怎么退货", "zh-Hans")


def test_that_a_search_is_quick(search: FaqSearch, capsys: pytest.CaptureFixture[str]) -> None:
    times = []
    for number in range(20):
        started = time.thread_time()
        search.search(f"第{number}次买的衣服想退掉", "zh-Hans")
        times.append((time.thread_time() - started) * 1000)
    with capsys.disabled():
        print(f"\nsearch: median {np.median(times):.1f} ms of CPU")
    assert np.median(times) < 60  # 20 on a quiet machine; twice the promise of 30 for a busy one
