"""What the bot says during a turn, collected as the gateway wants it (docs/interfaces.md, section 2)."""

from __future__ import annotations

from typing import Any

from rasa.core.channels.channel import OutputChannel

from nlp.text import to_hant


class TurnOutput(OutputChannel):
    """Collects whole messages: Rasa's own collector splits texts at blank lines and drops what it does not know."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.signals: list[str] = []
        self.handoff: dict[str, Any] | None = None

    @classmethod
    def name(cls) -> str:
        return "kefu"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Take one utterance: its text, and in `custom` a content, a signal, or the wish for a human."""
        custom = message.get("custom") or {}
        signal, handoff = custom.get("signal"), custom.get("handoff")
        if signal and signal not in self.signals:
            self.signals.append(signal)
        if handoff and self.handoff is None:
            self.handoff = handoff
        text = str(message.get("text") or "").strip()
        if text:
            self.messages.append({"type": "text", **(custom.get("content") or {}), "text": text})

    def in_locale(self, locale: str) -> list[dict[str, Any]]:
        """The messages; in traditional characters for `zh-Hant`."""
        return [_traditional(message) for message in self.messages] if locale == "zh-Hant" else self.messages


def _traditional(message: dict[str, Any]) -> dict[str, Any]:
    converted = {**message, "text": to_hant(message["text"])}
    if "options" in message:
        converted["options"] = [{**option, "title": to_hant(option["title"])} for option in message["options"]]
    return converted
