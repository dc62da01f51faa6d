"""How a customer feels: angry, sad, happy or neutral, and how angry, for escalation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from nlp.classifier import TextClassifier
from nlp.encoders import Encoder, Matrix
from nlp.regression import fit_softmax
from nlp.text import clean, normalise
from nlp.training import Recipe

DATA = Path(__file__).parent / "data" / "mood.tsv"
LABELS = ("angry", "happy", "neutral", "sad")

_SWEARING = re.compile(
    r"骗子|骗人|垃圾|滚|妈的|他妈|tmd|nmd|傻[逼bx]|sb(?![a-z])|煞笔|脑残|有病吧|恶心|无耻|不要脸|坑爹|坑人|黑心|奸商|智障|王八|去死|狗屁|放屁"
    r"|fuck|shit|bullshit|crap|asshole|idiot|scam|fraud|thie(?:f|ves)|liar|pathetic|disgusting|garbage|useless|ridiculous",
    re.IGNORECASE,
)
_THREAT = re.compile(
    r"投诉|举报|12315|12345|工商|消协|消费者协会|起诉|律师|法院|报警|曝光|黑猫|差评|媒体|complain|lawyer|sue|police|chargeback|report you"
    r"|consumer protection|one star|bbb",
    re.IGNORECASE,
)
_IMPATIENCE = re.compile(
    r"气死|火大|受够|忍无可忍|无语|什么破|什么玩意|搞什么|到底|凭什么|太差|太过分|欺负|敷衍|推脱|踢皮球|糊弄|没人管|没人理|第[三四五六]次|催了"
    r"|furious|angry|unacceptable|fed up|sick of|worst|terrible|horrible|outrageous|joke|how many times|still (?:no|not|haven)|third time",
    re.IGNORECASE,
)
_CONTEMPT = re.compile(
    r"气人|气得|气疯|气炸|真气|离谱|奇葩|坑货|坑惨|太坑|烂[店货透东]|太烂|真烂|破[店玩东服质系规手货会]|丢人|可耻|耍[我人老]|当我[傻瞎猴]|没完|真是够|差劲|差到"
    r"|良心|缺德|倒闭|倒霉|无赖|流氓|强盗|明抢|抢钱|赖账|不认账|装死|装傻|烦死|烦不烦|窝火|再也不|什么态度|什么鬼|摆设|一问三不知|推来推去|搪塞|说话不算|胡扯|扯淡"
    r"|搞笑|笑话|做梦|鬼话|借口|忽悠|欺诈|诈骗|不讲理|讲不讲|要脸|脸[呢都]|瞎了|眼瞎|死[人活]|老子|老娘|[废屁]话"
    r"|nightmare|livid|disgrac|asham|shame|crook|damn|(?:what|the|to) hell|junk|trash|stupid|dumb|rip-?off|incompeten|appall|nonsense"
    r"|\blie[sd]?\b|lying|stole|theft|never (?:again|ever)|waste (?:of|my)|kidding|\bhate\b|had it with|had enough"
    r"|enough is|clown|idiot|insult|insane|rude"
    r"|screw|awful|excuses|how dare|nerve|ridicul",
    re.IGNORECASE,
)
# Moods overlap more than intents do: a stronger penalty than theirs.
_RECIPE = Recipe(bend=1.5, ngrams=2.0, strength=1.5)
# How often each mood is felt differs between a file and a shop, and between months: half-way to all equally often.
_BALANCE = 0.5
_EXCLAMATION = re.compile(r"[!?]{2,}")
_CAPITALS = re.compile(r"(?<![A-Za-z])[A-Z]{4,}(?![A-Za-z])")
# Rage may stand at the end of a long letter; patterns cost little beside an encoder.
_SIGN_CHARS = 2000
_ANGRY_EMOJI = re.compile("[😠😡🤬👿💢😤🖕👎]")


class Feeling(TypedDict):
    """`label` is one of those trained (as shipped: LABELS), `anger` a calibrated probability from 0 to 1."""

    label: str
    anger: float


@dataclass(frozen=True)
class Mood:
    """A text classifier, corrected by signs that it does not see: swearing, threats, capitals, repeated marks."""

    classifier: TextClassifier
    weights: Matrix  # [signs + 1]: how each sign and the classifier's log odds move the log odds of anger
    bias: float
    angry_from: float = 0.5  # the anger from which the label is "angry"

    @classmethod
    def fit(cls, texts: Sequence[str], labels: Sequence[str], encoder: Encoder, *, seed: int = 7) -> Mood:
        """Train on raw texts; the labels are any, one of them "angry". Raises ValueError if it is missing or alone."""
        if "angry" not in labels:
            raise ValueError("no row is angry: there is nothing to learn anger from")
        classifier = TextClassifier.fit(
            texts, labels, encoder, seed=seed, reject=False, recipes=[_RECIPE], balance=_BALANCE
        )
        column = classifier.labels.index("angry")
        # Probabilities of rows that the model had not seen, so that the signs get their fair weight beside them.
        odds = np.array([_log_odds(float(row[column])) for row in classifier.held_out], np.float32)
        rows = np.hstack([signs(texts), odds[:, None]]).astype(np.float32)
        angry = np.array([label == "angry" for label in labels], np.int64)
        weights, bias = fit_softmax(rows, angry, 2, strength=5.0)
        moves, bias_of_anger = weights[:, 1] - weights[:, 0], float(bias[1] - bias[0])
        scores = 1 / (1 + np.exp(-(rows @ moves + bias_of_anger)))
        return cls(classifier, moves, bias_of_anger, _best_threshold(scores, angry))

    def score(self, text: str) -> Feeling:
        """The mood of one raw text; an empty one is neutral."""
        return self.score_many([text])[0]

    def score_many(self, texts: Sequence[str]) -> list[Feeling]:
        """The moods of raw texts, encoded in one batch."""
        predictions = self.classifier.predict_many(texts)
        odds = np.array([_log_odds(p.probability("angry")) for p in predictions], np.float32).reshape(-1, 1)
        scores = 1 / (1 + np.exp(-(np.hstack([signs(texts), odds]) @ self.weights + self.bias)))
        feelings: list[Feeling] = []
        for text, prediction, anger in zip(texts, predictions, scores, strict=True):
            calm = next(label for label, _ in prediction.ranking if label != "angry")
            if not clean(text):
                feelings.append({"label": "neutral", "anger": 0.0})
            else:
                feelings.append(
                    {"label": "angry" if anger >= self.angry_from else calm, "anger": round(float(anger), 4)}
                )
        return feelings

    def save(self, directory: Path) -> None:
        """Write the classifier's files and `mood.json` into `directory`."""
        self.classifier.save(directory)
        saved = {
            "weights": [float(weight) for weight in self.weights],
            "bias": self.bias,
            "angry_from": self.angry_from,
        }
        (directory / "mood.json").write_text(json.dumps(saved), encoding="utf-8")

    @classmethod
    def load(cls, directory: Path, encoder: Encoder) -> Mood:
        """Read what `save` wrote. Raises ValueError if it was trained with another encoder."""
        saved = json.loads((directory / "mood.json").read_text(encoding="utf-8"))
        return cls(
            TextClassifier.load(directory, encoder),
            np.array(saved["weights"], np.float32),
            saved["bias"],
            saved["angry_from"],
        )


def read_examples(path: Path = DATA) -> tuple[list[str], list[str]]:
    """Texts and labels of a TSV file with the header `text<TAB>label`. Raises ValueError naming the broken line."""
    texts, labels = [], []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        columns = line.split("\t")
        if number == 1:
            if columns != ["text", "label"]:
                raise ValueError(f"{path.name}, line 1: the header must be text<TAB>label")
        elif len(columns) != 2 or not columns[0].strip() or not columns[1].strip():
            raise ValueError(f"{path.name}, line {number}: expected a text, a tab and a label")
        elif columns[1].strip() not in LABELS:
            raise ValueError(
                f"{path.name}, line {number}: unknown mood {columns[1].strip()!r}, known are {', '.join(LABELS)}"
            )
        else:
            texts.append(columns[0])
            labels.append(columns[1].strip())
    return texts, labels


def with_calm(texts: Sequence[str], labels: Sequence[str], calm: Iterable[str]) -> tuple[list[str], list[str]]:
    """The examples, and each of the `calm` texts that is not among them as a neutral one.

    What customers ordinarily say is many times what the examples hold of it; without that, most alarms are false.
    """
    known = set(texts)
    added = [text for text in dict.fromkeys(calm) if text.strip() and text not in known]
    return [*texts, *added], [*labels, *["neutral"] * len(added)]


def signs(texts: Sequence[str]) -> Matrix:
    """float32 [n, 7] of 0 and 1: swearing, threat, impatience, repeated ! or ?, capitals, an angry emoji, contempt."""
    patterns = (_SWEARING, _THREAT, _IMPATIENCE, _EXCLAMATION, _CAPITALS, _ANGRY_EMOJI, _CONTEMPT)
    plain = [normalise(text, _SIGN_CHARS) for text in texts]
    rows = [[float(bool(pattern.search(text))) for pattern in patterns] for text in plain]
    return np.array(rows, np.float32).reshape(len(texts), len(patterns))


def _best_threshold(scores: npt.NDArray[np.float32], angry: npt.NDArray[np.int64]) -> float:
    """Where F1 of anger is best on held-out rows, between 0.25 and 0.5: fewer angry rows to learn from make a model timid."""
    candidates = np.linspace(0.25, 0.5, 26)
    found = [scores >= candidate for candidate in candidates]
    f1 = [2 * float((f & (angry == 1)).sum()) / max(float(f.sum() + angry.sum()), 1.0) for f in found]
    return float(candidates[len(f1) - 1 - int(np.argmax(f1[::-1]))])


def _log_odds(probability: float) -> float:
    kept = min(max(probability, 1e-4), 1 - 1e-4)
    return float(np.log(kept / (1 - kept)))
