"""What the system itself says in a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from handoff.domain.conversation import Conversation
from handoff.domain.message import Draft, Sender, text_content
from handoff.services.texts import text


def system(conversation: Conversation, key: str, *, client_id: str | None = None, **values: Any) -> Draft:
    """A message of the system in the customer's language."""
    words = text(key, conversation.locale, **values)
    return Draft(conversation.id, Sender.SYSTEM, text_content(words), client_id=client_id)


def system_choices(
    conversation: Conversation, key: str, name: str, options: Sequence[tuple[str, str]], **values: Any
) -> Draft:
    """The same with buttons: `(text key, intent)` each. `name` tells apart what is asked in one turn; asked once a turn."""
    content: dict[str, Any] = {
        "type": "choices",
        "text": text(key, conversation.locale, **values),
        "options": [
            {
                "id": f"{conversation.turn_no}-{name}-{number}",
                "title": text(title, conversation.locale),
                "parse_data": {"intent": {"name": intent}, "entities": []},
            }
            for number, (title, intent) in enumerate(options)
        ],
    }
    client_id = f"{conversation.id}:{conversation.turn_no}:{name}"
    return Draft(conversation.id, Sender.SYSTEM, content, client_id=client_id)
