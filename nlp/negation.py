""" "Not that, but this": what a customer wants, without what he says he does not."""

from __future__ import annotations

import re

# A question ("不是今天发货吗，…") denies nothing.
_NOT_THAT = re.compile(
    r"^(?:我)?(?:不是|不要|没说要|没要|不想|不用|不需要)[^，,。；;!?吗么呢]{1,8}[，,。；; ]+(?=..)"
    r"|^(?:i(?:'m| am)? )?(?:don'?t want|do not want|don'?t need|not|no need)\b[^,.;!?]{1,30}[,.;]+ *(?=.{4})",
    re.IGNORECASE,
)


def without_denied(text: str) -> str:
    """A normalised text without a clause at its start that says what is not wanted; the text itself if it has none."""
    return _NOT_THAT.sub("", text, count=1)
