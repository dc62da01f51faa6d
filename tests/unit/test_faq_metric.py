"""The linear map over sentence vectors: learned from labels, kept in a file by encoder, put before the search."""

from pathlib import Path

import numpy as np
import pytest

from faq import metric
from faq.metric import METRIC_FILE, halves, learn, phrasings_below, read_lines
from faq.search import FaqSearch
from handoff.domain.faq import Entry
from nlp.encoders import Matrix, encoder, meaning, unit
from nlp.metric import INTENTS_FILE, mapped, maps, part_names, told_apart
from tests.fakes.encoder import HashingEncoder

LINES = """
version: "3.1"
nlu:
  - intent: track_order
    examples: |
      - 我的订单[KF202611220001](order_number)到哪了
      - where is [my order]{"entity": "thing"}
      - 订单到哪了
  - intent: ask_size
    examples: |
      - 多大尺码
      - which size
      - 尺码怎么选
  - intent: affirm
    examples: |
      - 好
  - synonym: x
    examples: |
      - y
"""

ENTRIES = """
- id: warranty
  phrasings:
    zh: [保修多久, 质保几年]
    en: [how long is the warranty]
  answer:
    zh: 一年。
- id: gift
  phrasings:
    zh: [能送礼盒吗, 有礼品包装吗]
  answer:
    zh: 有。
"""


def nearest_is_alike(vectors: Matrix, labels: np.ndarray) -> float:
    cosines = unit(vectors) @ unit(vectors).T
    np.fill_diagonal(cosines, -1)
    return float((labels[cosines.argmax(axis=1)] == labels).mean())


def test_that_what_tells_labels_apart_counts_more_afterwards_also_among_labels_not_seen() -> None:
    random = np.random.default_rng(5)
    labels, languages = np.repeat(np.arange(60), 8), np.tile([0, 1], 240)
    meaning = random.standard_normal((60, 8))[labels]
    rows = np.hstack([meaning, 1.1 * random.standard_normal((480, 24))]) + 3.0 * languages[:, None]
    vectors = unit(rows - rows.mean(axis=0))
    seen = labels < 40
    found = learn(vectors[seen], labels[seen], languages[seen])
    moved = vectors.copy()
    for language in (0, 1):
        moved[languages == language] -= moved[languages == language].mean(axis=0)
    before, after = (nearest_is_alike(rows[~seen], labels[~seen]) for rows in (moved, moved @ found))
    assert after > before + 0.1


def test_that_labels_of_one_row_each_leave_the_vectors_as_they_are() -> None:
    vectors = unit(np.random.default_rng(1).standard_normal((6, 5)))
    assert np.allclose(learn(vectors, np.arange(6), np.zeros(6, np.int64)), np.eye(5))


def test_that_the_kept_halves_are_the_nearest_of_their_rank() -> None:
    random = np.random.default_rng(2)
    change = random.standard_normal((20, 3)) @ random.standard_normal((3, 20))
    left, right = halves(np.eye(20) + change, 3)
    assert (left.shape, right.shape) == ((20, 3), (3, 20))
    assert np.allclose(left.astype(float) @ right, change, atol=0.05)


def test_that_lines_come_without_marks_and_without_intents_that_mean_many_things(tmp_path: Path) -> None:
    (tmp_path / "lines.yml").write_text(LINES, encoding="utf-8")
    found = sorted(read_lines(tmp_path))
    assert ("我的订单KF202611220001到哪了", "track_order") in found
    assert ("where is my order", "track_order") in found
    assert {intent for _, intent in found} == {"track_order", "ask_size"}
    assert len(found) == 6


def test_that_each_phrasing_of_an_entry_is_one_example_of_it(tmp_path: Path) -> None:
    (tmp_path / "shop.yml").write_text(ENTRIES, encoding="utf-8")
    found = phrasings_below(tmp_path)
    assert len(found) == 5
    assert {("保修多久", "warranty"), ("how long is the warranty", "warranty"), ("能送礼盒吗", "gift")} <= set(found)


def test_that_learned_maps_are_used_by_the_search_of_the_same_encoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lines.yml").write_text(LINES, encoding="utf-8")
    monkeypatch.setattr(metric, "encoder", lambda kind: HashingPart())
    (tmp_path / "entries").mkdir()
    (tmp_path / "entries" / "shop.yml").write_text(ENTRIES, encoding="utf-8")
    files = [tmp_path / "metric.npz", tmp_path / "intents.npz"]
    metric.main(
        [
            "--lines",
            str(tmp_path),
            "--entries",
            str(tmp_path / "entries"),
            "--to",
            str(files[0]),
            "--intents-to",
            str(files[1]),
        ]
    )
    plain = HashingPart()
    assert mapped(plain, files[1]).name != mapped(plain, files[0]).name, "one knows the entries"
    changed = mapped(plain, tmp_path / "metric.npz")
    assert changed.name.startswith(f"{plain.name}~")  # vectors that were kept without the maps are not taken for these
    assert changed.widths == plain.widths
    vectors, before = changed.encode(["尺码怎么选", "订单到哪了"]), plain.encode(["尺码怎么选", "订单到哪了"])
    assert vectors.shape == before.shape
    assert not np.allclose(unit(vectors), before, atol=1e-3)
    search = FaqSearch(changed)
    search.update([Entry(id, "x", {"zh": (id,)}, {"zh": "好"}) for id in ("尺码怎么选", "订单到哪了")])
    assert search.search("订单到哪", "zh-Hans").results[0].entry_id == "订单到哪了"


class HashingPart(HashingEncoder):
    """In one part, as an encoder that stands alone."""

    name = "hashing-part"
    widths = (96,)


@pytest.mark.parametrize("kind", ["full", "light"])
@pytest.mark.parametrize("path", [METRIC_FILE, INTENTS_FILE])
def test_that_the_shipped_maps_fit_the_encoders_that_are_locked(kind: str, path: Path) -> None:
    plain = meaning(encoder(kind))
    assert mapped(plain, path).name.startswith(f"{plain.name}~")
    known, _ = maps(path)
    for name, width in zip(part_names(plain), plain.widths, strict=True):
        left, right = known[name]
        assert (left.shape, right.shape) == ((width, 32), (32, width))
        assert 0 < np.abs(left @ right).max() < 1


def test_that_search_and_intents_see_the_meaning_each_by_its_own_maps() -> None:
    whole = encoder("full")
    assert FaqSearch(whole)._encoder.name == mapped(meaning(whole), METRIC_FILE).name
    assert told_apart(whole).name == mapped(meaning(whole), INTENTS_FILE).name
    assert told_apart(whole).name != FaqSearch(whole)._encoder.name


def test_that_an_encoder_nobody_learned_for_stays_as_it_is() -> None:
    plain = HashingEncoder()
    assert mapped(plain, METRIC_FILE) is plain
    assert told_apart(plain) is plain
