"""The training data of the bot: enough of it, varied, and apart from the lines it is measured with."""

import csv
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TRAINING = sorted((ROOT / "bot/data/nlu").glob("*.yml"))
HELD_OUT = ROOT / "tests/dialogue/nlu_heldout.yml"
MOOD = ROOT / "nlp/data/mood.tsv"

# The tasks that cost the customer most when misunderstood need more lines: (Chinese, English).
LEAST = (55, 20)
LEAST_OF_TASKS = dict.fromkeys(
    (
        "track_order track_parcel start_return check_case_status cancel_order change_address "
        "request_human complain inform request_invoice out_of_scope"
    ).split(),
    (75, 20),
) | {"ask_faq": (180, 70), "out_of_scope": (120, 40)}
LEAST_TRADITIONAL = 5
LEAST_MOOD = {
    ("angry", "zh"): 220, ("angry", "en"): 90, ("sad", "any"): 60, ("happy", "any"): 60, ("neutral", "any"): 250,
}  # fmt: skip
# Characters that only traditional script or written Cantonese has.
TRADITIONAL = set(
    "嗎這個單請們費號點說沒開發貨麼時間訂運換錢買賣還會給來東樣問題謝對應該為無過從裡後認識門關電話機體國內聯繫轉處級總經"
    "遞郵顏碼幫誰讓嘅冇喺咗唔係哋俾嚟喇啱仲邊佢氣爛態憑證歡滿擔紅藍員態訴檢舉實離譜亂丟響讚寫填優賠償維修進馬車書"
    "館資聽講準備選擇錯誤隻雙歲兒媽爺飯忙樂鐘歸攞屋搬慮條層樓區搵識喔囉欸咩乜緊濟軟體驗類術術長輕薦閒閱"
) - set("個修填忙屋搬歡條喔囉欸緊選")
# Goods and their kinds: two lines that differ only in these are one line said twice.
GOODS = re.compile(
    "羽绒服|大衣|外套|毛衣|卫衣|裤子|牛仔裤|裙子|连衣裙|衬衫|衣服|鞋子|跑鞋|跑步鞋|靴子|鞋|围巾|帽子|手套|袜子|行李箱|箱子|"
    "双肩包|背包|包包|包|耳机|手表|手机壳|手机|充电宝|咖啡机|扫地机器人|扫地机|电饭煲|吹风机|台灯|保温杯|杯子|面霜|面膜|奶粉|积木|"
    "coat|jacket|sweater|hoodie|shoes|boots|suitcase|backpack|headphones|earbuds|watch|coffee machine|mug|cream|dress"
)
# One sentence may be said in three ways; the fourth with the same frame is a template.
LARGEST_FRAME = 3
# The share of a line that makes the frame: in Chinese 这款[…]多少银两呢 is little more than a half.
SAME_FRAME = 0.55
# The end of a Chinese line carries its form (多少钱呀, 什么时候到): so many may end, or begin, with the same four.
SAME_ENDS = 4
# Dice coefficient over pairs of neighbouring characters from which a held-out line is an edit of a training line.
CLOSE = 0.7


def examples(path: Path) -> Iterator[tuple[str, str]]:
    """Pairs of intent and utterance."""
    for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
        for line in block["examples"].splitlines():
            assert line.startswith("- "), f"{path.name}: {line!r} is not an example"
            yield block["intent"], line[2:].strip()


def normal(text: str) -> str:
    """The line without punctuation, spaces, case and width; a line of nothing else stays as it is."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\W_]+", "", folded) or folded.strip()


def skeleton(text: str) -> str:
    """The line with goods and digits masked."""
    return re.sub(r"\d+", "0", GOODS.sub("X", normal(text)))


def pairs(text: str) -> set[str]:
    """The pairs of neighbouring characters."""
    return {text[i : i + 2] for i in range(len(text) - 1)}


def language(text: str) -> str:
    if re.search(r"[\u4e00-\u9fff]", text):
        return "zh"
    return "en" if re.search(r"[A-Za-z]", text) else "other"


def shared_frame(one: str, other: str) -> float:
    """The share of the longer line that lies in a common beginning and a common end."""
    shorter = min(len(one), len(other))
    start = next((i for i in range(shorter) if one[i] != other[i]), shorter)
    rest = shorter - start
    end = next((i for i in range(rest) if one[-1 - i] != other[-1 - i]), rest)
    return (start + end) / max(len(one), len(other))


@pytest.fixture(scope="module")
def training() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path in TRAINING:
        for intent, text in examples(path):
            found[intent].append(text)
    return dict(found)


@pytest.fixture(scope="module")
def held_out() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for intent, text in examples(HELD_OUT):
        found[intent].append(text)
    return dict(found)


def test_that_every_intent_has_enough_lines_in_both_languages(training: dict[str, list[str]]) -> None:
    short = {}
    for intent, lines in training.items():
        counts = Counter(map(language, lines))
        zh, en = LEAST_OF_TASKS.get(intent, LEAST)
        if counts["zh"] < zh or counts["en"] < en:
            short[intent] = dict(counts)
    assert not short
    assert set(LEAST_OF_TASKS) <= set(training)


def test_that_every_intent_knows_traditional_characters(training: dict[str, list[str]]) -> None:
    counts = {intent: sum(bool(TRADITIONAL & set(line)) for line in lines) for intent, lines in training.items()}
    assert {intent: count for intent, count in counts.items() if count < LEAST_TRADITIONAL} == {}


def test_that_no_line_is_said_twice_or_under_two_intents(training: dict[str, list[str]]) -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for intent, lines in training.items():
        for line in lines:
            homes[normal(line)].append(intent)
    assert {line: intents for line, intents in homes.items() if len(intents) > 1} == {}


def test_that_lines_are_plain_text(training: dict[str, list[str]]) -> None:
    """Rasa reads square brackets as entities and a leading slash as an intent."""
    odd = [line for lines in training.values() for line in lines if re.search(r"[\[\]{}\\]|^/|^\s*$", line)]
    assert odd == []


def test_that_masked_goods_and_digits_leave_different_sentences(training: dict[str, list[str]]) -> None:
    for intent, lines in training.items():
        # A bare number, size or order number is the answer to a question of the bot, not a sentence.
        counts = Counter(s for s in map(skeleton, lines) if len(s) >= 4 and not re.fullmatch(r"(kf)?0", s))
        assert [s for s, n in counts.items() if n > 1] == [], intent


def test_that_no_intent_is_a_template_series(training: dict[str, list[str]]) -> None:
    series = []
    for intent, lines in training.items():
        # Shorter ones are words (thanks, 人工客服), and words are allowed to be alike.
        skeletons = [s for s in map(skeleton, lines) if len(s) >= (6 if language(s) == "zh" else 12)]
        for one in skeletons:
            same = [other for other in skeletons if shared_frame(one, other) >= SAME_FRAME]
            if len(same) > LARGEST_FRAME:
                series.append((intent, same))
    assert series == []


def test_that_few_lines_begin_or_end_alike(training: dict[str, list[str]]) -> None:
    for intent, lines in training.items():
        long = [s for s in map(skeleton, lines) if len(s) > 6 and language(s) == "zh"]
        ends = Counter(s[-4:] for s in long) + Counter(f"{s[:4]}…" for s in long)
        assert [end for end, n in ends.items() if n > SAME_ENDS] == [], intent


def test_that_the_held_out_lines_cover_every_intent(
    training: dict[str, list[str]], held_out: dict[str, list[str]]
) -> None:
    assert set(held_out) == set(training)
    for intent, lines in held_out.items():
        counts = Counter(map(language, lines))
        assert counts["zh"] >= 10, intent
        assert counts["en"] >= 4, intent


def test_that_the_held_out_lines_were_not_trained_on(
    training: dict[str, list[str]], held_out: dict[str, list[str]]
) -> None:
    trained = {normal(line) for lines in training.values() for line in lines}
    assert [line for lines in held_out.values() for line in lines if normal(line) in trained] == []


def test_that_the_held_out_lines_are_no_light_edit_of_training_lines(
    training: dict[str, list[str]], held_out: dict[str, list[str]]
) -> None:
    trained = [(s, pairs(s)) for lines in training.values() for s in map(skeleton, lines) if len(s) >= 5]
    close = []
    for lines in held_out.values():
        for line in (s for s in map(skeleton, lines) if len(s) >= 5):
            own = pairs(line)
            close += [(line, s) for s, theirs in trained if 2 * len(own & theirs) / (len(own) + len(theirs)) >= CLOSE]
    assert close == []


@pytest.fixture(scope="module")
def moods() -> list[tuple[str, str]]:
    with MOOD.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    assert header == ["text", "label"]
    assert all(len(row) == 2 for row in rows)
    return [(text, label) for text, label in rows]


def test_that_every_mood_has_enough_lines(moods: list[tuple[str, str]]) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for text, label in moods:
        counts[label, language(text)] += 1
        counts[label, "any"] += 1
    assert {label for _, label in moods} == {"angry", "sad", "happy", "neutral"}
    assert {key: counts[key] for key, least in LEAST_MOOD.items() if counts[key] < least} == {}


def test_that_no_line_has_two_moods(moods: list[tuple[str, str]]) -> None:
    counts = Counter(normal(text) for text, _ in moods)
    assert [text for text, n in counts.items() if n > 1] == []
