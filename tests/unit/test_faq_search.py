"""The search with a light encoder: what is found, what is encoded again, what survives a restart."""

from pathlib import Path

import numpy as np
import pytest

from faq import fusion
from faq.analysis import Analyser, prepare
from faq.fusion import Fusion, out_of_scope_lines, slip
from faq.index import Index
from faq.search import FaqSearch
from handoff.domain.faq import Entry
from nlp.encoders import CachedEncoder
from nlp.vectors import VectorCache
from tests.fakes.encoder import HashingEncoder

TOPICS = {
    "return-steps": (["怎么退货", "退货流程是什么", "我想把东西退了"], ["How do I return an item?", "return steps"]),
    "return-freight": (
        ["退货运费谁出", "退回去的邮费谁承担", "退货要付运费吗"],
        ["Who pays return shipping?", "return freight"],
    ),
    "ship-when": (["什么时候发货", "付款后几天发货", "多久能发出"], ["When will my order ship?", "dispatch time"]),
    "invoice-how": (["怎么开发票", "发票在哪里申请", "可以开票吗"], ["How do I get an invoice?", "request an invoice"]),
    "coupon-use": (
        ["优惠券怎么用", "券在哪里选", "优惠码怎么输入"],
        ["How do I use a coupon?", "enter a voucher code"],
    ),
    "account-close": (
        ["怎么注销账号", "我要销户", "注销账户的步骤"],
        ["How do I close my account?", "delete my account"],
    ),
    "wash-silk": (["真丝怎么洗", "丝绸能机洗吗", "真丝衣服清洗"], ["How do I wash silk?", "silk care"]),
    "customs-tax": (["关税谁付", "要交关税吗", "清关税费多少"], ["Do I pay customs?", "import duty"]),
}


def make(id: str) -> Entry:
    zh, en = TOPICS[id]
    return Entry(id, "topic", {"zh": tuple(zh), "en": tuple(en)}, {"zh": f"{id} 中文", "en": f"{id} English"})


ENTRIES = [make(id) for id in TOPICS]


@pytest.fixture
def encoder() -> HashingEncoder:
    return HashingEncoder()


@pytest.fixture
def search(encoder: HashingEncoder) -> FaqSearch:
    search = FaqSearch(CachedEncoder(encoder))
    search.update(ENTRIES)
    return search


@pytest.mark.parametrize(
    ("query", "locale", "id", "answer"),
    [
        ("退货运费谁出？", "zh-Hans", "return-freight", "return-freight 中文"),
        ("退貨運費誰出", "zh-Hant", "return-freight", "return-freight 中文"),
        ("请问怎么开发票呀", "zh-Hans", "invoice-how", "invoice-how 中文"),
        ("how do i wash silk", "en", "wash-silk", "wash-silk English"),
        ("How do I close my account", "zh-Hans", "account-close", "account-close 中文"),
    ],
)
def test_that_a_question_finds_its_answer_in_the_asked_language(
    search: FaqSearch, query: str, locale: str, id: str, answer: str
) -> None:
    found = search.search(query, locale)
    assert (found.results[0].entry_id, found.results[0].answer) == (id, answer)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_that_a_stored_phrasing_is_answered(search: FaqSearch, entry: Entry) -> None:
    for text in entry.texts():
        found = search.search(text, "zh-Hans")
        assert (found.results[0].entry_id, found.decision) == (entry.id, "answer")


@pytest.mark.parametrize("query", ["", "   ", "😀😀", "\ud83d", "\x00\x01", "？？？", "。"])
def test_that_a_query_without_a_word_is_unknown(search: FaqSearch, query: str) -> None:
    assert search.search(query, "zh-Hans").decision == "unknown"


def test_that_a_hundred_kilobytes_are_searched_like_a_line(search: FaqSearch) -> None:
    assert len(search.search("退货运费谁出" * 17_000, "zh-Hans").results) == 3


def test_that_scores_fall_from_one_to_nothing(search: FaqSearch) -> None:
    scores = [result.score for result in search.search("退货", "zh-Hans", limit=8).results]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_that_a_limit_beyond_the_entries_gives_all(search: FaqSearch) -> None:
    assert len(search.search("退货", "zh-Hans", limit=10).results) == len(ENTRIES)


def test_that_nothing_is_found_before_the_first_update_or_in_nothing(encoder: HashingEncoder) -> None:
    empty = FaqSearch(encoder)
    assert empty.search("怎么退货", "zh-Hans").decision == "unknown"
    empty.update([])
    assert empty.search("怎么退货", "zh-Hans").results == ()


def test_that_a_single_entry_is_found_and_a_strange_question_is_not_answered(encoder: HashingEncoder) -> None:
    search = FaqSearch(encoder)
    search.update([make("wash-silk")])
    assert search.search("真丝怎么洗", "zh-Hans").decision == "answer"
    assert search.search("股票今天涨了没有", "zh-Hans").decision == "unknown"


def test_that_an_edit_encodes_only_what_is_new(search: FaqSearch, encoder: HashingEncoder) -> None:
    encoder.encoded.clear()
    changed = Entry("ship-when", "topic", {"zh": ("什么时候发货", "加急发货可以吗")}, {"zh": "新答案"})
    search.update([changed if entry.id == "ship-when" else entry for entry in ENTRIES])
    assert "加急发货可以吗" in encoder.encoded
    assert not set(encoder.encoded) & {"怎么退货", "什么时候发货", "真丝怎么洗"}
    assert search.search("加急发货可以吗", "zh-Hans").results[0].answer == "新答案"


def test_that_a_removed_entry_is_gone_and_a_new_one_is_there(search: FaqSearch) -> None:
    new = Entry("gift-wrap", "topic", {"zh": ("可以礼品包装吗", "包成礼物")}, {"zh": "可以。"})
    search.update([entry for entry in ENTRIES if entry.id != "wash-silk"] + [new])
    assert search.search("可以礼品包装吗", "zh-Hans").results[0].entry_id == "gift-wrap"
    everything = search.search("真丝怎么洗", "zh-Hans", limit=10).results
    assert "wash-silk" not in {result.entry_id for result in everything}


def test_that_a_restart_encodes_nothing_and_finds_the_same(tmp_path: Path) -> None:
    first = FaqSearch(HashingEncoder(), tmp_path)
    first.update(ENTRIES)
    encoder = HashingEncoder()
    second = FaqSearch(encoder, tmp_path)
    second.update(ENTRIES)
    assert encoder.encoded == []
    for query in ("退货运费", "invoice", "洗"):
        assert second.search(query, "zh-Hans") == first.search(query, "zh-Hans")


def test_that_a_restart_after_edits_cuts_no_text_into_words_again_and_learns_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = FaqSearch(HashingEncoder(), tmp_path)
    first.update(ENTRIES)
    new = Entry("gift-wrap", "topic", {"zh": ("可以礼品包装吗",)}, {"zh": "可以。"})
    first.update([*ENTRIES, new])
    first.save()
    again = FaqSearch(HashingEncoder(), tmp_path)
    with monkeypatch.context() as patched:
        for name in ("faq.analysis.tokens", "faq.search.learn"):
            patched.setattr(name, lambda *_: pytest.fail("it is known"))
        again.update([*ENTRIES, new])
    for query in ("退货运费", "invoice", "礼品包装"):
        assert again.search(query, "zh-Hans") == first.search(query, "zh-Hans")


def test_that_ranks_do_not_depend_on_what_was_there_before(tmp_path: Path) -> None:
    edited, fresh = FaqSearch(HashingEncoder()), FaqSearch(HashingEncoder())
    gone = Entry("gone", "topic", {"en": ("how do I feed an invoice to a parrot",)}, {"en": "Parrot, please."})
    edited.update(ENTRIES)
    edited.update([*ENTRIES, gone])
    edited.update(ENTRIES)
    fresh.update(ENTRIES)
    assert edited.search("invoice parrot", "en") == fresh.search("invoice parrot", "en")


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 broken"])
def test_that_broken_files_are_made_anew(tmp_path: Path, content: bytes) -> None:
    FaqSearch(HashingEncoder(), tmp_path).update(ENTRIES)
    for path in tmp_path.iterdir():
        path.write_bytes(content)
    search = FaqSearch(HashingEncoder(), tmp_path)
    search.update(ENTRIES)
    assert search.search("怎么退货", "zh-Hans").results[0].entry_id == "return-steps"


def test_that_vectors_of_another_encoder_are_not_used(tmp_path: Path) -> None:
    VectorCache(HashingEncoder(), tmp_path).save()
    first = VectorCache(HashingEncoder(), tmp_path)
    first.get(["a"])
    first.save()
    other = HashingEncoder()
    other.name = "hashing-2"
    assert VectorCache(other, tmp_path).load() == 0
    assert VectorCache(HashingEncoder(), tmp_path).load() == 1


def test_that_progress_counts_what_is_encoded() -> None:
    told: list[tuple[int, int]] = []
    cache = VectorCache(HashingEncoder(), None)
    cache.get(["0"])
    cache.get([str(number) for number in range(40)], lambda done, of: told.append((done, of)))
    assert told == [(16, 39), (32, 39), (39, 39)]


def test_that_a_left_out_phrasing_is_not_seen(encoder: HashingEncoder) -> None:
    analyser = Analyser()
    index = Index.build(ENTRIES, analyser, VectorCache(encoder, None), encoder)
    row = next(n for n, found in enumerate(index.rows) if found.text == "真丝怎么洗")
    query, vector = analyser.query("真丝怎么洗"), encoder.encode(["真丝怎么洗"])[0]
    place = int(index.owners[row])
    assert index.features(query, vector)[place, 0] == pytest.approx(1, abs=0.01)
    assert index.features(query, vector, row)[place, 0] < 0.9


def test_that_learned_weights_survive_json_and_never_speak_against_nearness(tmp_path: Path) -> None:
    many = [
        Entry(f"{entry.id}-{n}", "t", {"zh": tuple(f"{text}{n}号店" for text in entry.phrasings["zh"])}, {"zh": "x"})
        for n in range(6)
        for entry in ENTRIES
    ]
    search = FaqSearch(HashingEncoder(), tmp_path)
    search.update(many)
    fusion = search._snapshot.fusion  # type: ignore[union-attr]
    assert min(fusion.weights) >= 0
    assert fusion != Fusion.untrained(len(fusion.weights))
    assert Fusion.from_dict(fusion.as_dict()) == fusion


def test_that_slips_are_small_and_always_the_same() -> None:
    assert slip("怎么申请退货退款", 3) == slip("怎么申请退货退款", 3)
    kept = [len(set("怎么申请退货退款") & set(slip("怎么申请退货退款", seed))) for seed in range(20)]
    assert min(kept) >= 6
    assert slip("", 1) in ("hi, ", "please: ", "")


def test_that_there_are_lines_out_of_scope_in_both_languages() -> None:
    lines = out_of_scope_lines()
    english = [line for line in lines if line.isascii()]
    assert len(english) >= 40
    assert len(lines) - len(english) >= 80
    assert len(set(lines)) == len(lines)


def test_that_ranks_do_not_depend_on_the_order_of_the_entries(encoder: HashingEncoder) -> None:
    backwards = FaqSearch(encoder)
    backwards.update(ENTRIES[::-1])
    forwards = FaqSearch(encoder)
    forwards.update(ENTRIES)
    assert backwards.search("退货", "en") == forwards.search("退货", "en")
    assert np.isfinite([result.score for result in forwards.search("退货", "en").results]).all()


def test_that_questions_that_come_near_nothing_of_theirs_teach_nothing() -> None:
    features = np.zeros((30, 9), np.float32)
    features[:29] = 1  # the right entry, the last one, is the farthest of all
    weights = fusion._fit_weights([features], np.array([29]))
    assert weights.tolist() == list(Fusion.untrained(9).weights)


def test_that_an_edit_does_not_wait_for_thousands_of_new_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = HashingEncoder()
    search = FaqSearch(encoder)
    search.update(ENTRIES)
    many = [Entry(f"many-{n}", "topic", {"zh": (f"第{n}个新问题", f"还有第{n}个")}, {"zh": "好。"}) for n in range(100)]
    changed = Entry("wash-silk", "topic", {"zh": ("可以机洗吗",)}, {"zh": "不可以。"})
    rest = [entry for entry in ENTRIES if entry.id != "wash-silk"]
    seen: list[str] = []

    def while_encoding(done: int, of: int) -> None:
        assert of > 100
        if not seen:
            seen.append(search.search("可以机洗吗", "zh-Hans").results[0].answer)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        search.update([*rest, *many, changed], while_encoding)
    assert seen == ["不可以。"]
    assert search.search("怎么退货", "zh-Hans").results[0].entry_id == "return-steps"
    search.update([*rest, *many, changed])
    stored = {text for entry in many for text in entry.texts() if "新问题" in text}
    new = [text for text in encoder.encoded if text in stored]
    assert len(new) == len(set(new)) == 100
    assert search.search("第7个新问题", "zh-Hans").results[0].entry_id == "many-7"


def test_that_an_entry_whose_new_texts_wait_is_found_by_its_old_ones() -> None:
    search = FaqSearch(HashingEncoder())
    search.update(ENTRIES)
    renewed = [
        Entry(entry.id, "topic", {"zh": tuple(f"{entry.id} 第{n}种新问法" for n in range(9))}, {"zh": "新。"})
        for entry in ENTRIES
    ]
    answers: list[str] = []
    search.update(renewed, lambda done, of: answers.append(search.search("怎么退货", "zh-Hans").results[0].answer))
    assert "新。" not in answers
    assert search.search("怎么退货", "zh-Hans", 20).results[0].answer == "新。"


def test_that_capitals_and_closing_signs_do_not_make_a_question_another_one(search: FaqSearch) -> None:
    assert prepare("How do I use a COUPON？！") == prepare("how do i use a coupon") == "how do i use a coupon"
    assert prepare("怎么退货？。") == prepare("怎么退货~") == "怎么退货"
    assert prepare("??") == "??"
    shouted, typed = search.search("RETURN STEPS?!", "en"), search.search("return steps", "en")
    assert (shouted.decision, shouted.results) == (typed.decision, typed.results)
    assert shouted.asked == "RETURN STEPS?!"  # people read it as it was written
