"""The website's channel: what a customer's frame says, and how facts look in frames. Pure."""

from __future__ import annotations

from typing import Any

from handoff.domain.conversation import Conversation
from handoff.domain.errors import Invalid, KefuError
from handoff.domain.message import Message
from handoff.services.facts import Place, Receipt, Typing
from handoff.services.receive import Incoming, check_incoming
from handoff.services.subscription import Item
from handoff.services.views import message_for_customer, public_owner

KIND = "web"


def parse(frame: dict[str, Any]) -> Incoming:
    """The customer's message in a `message` or `choice` frame. Raises Invalid or TooLarge."""
    if frame.get("type") == "choice":
        if frame.get("option_id") is None:
            raise Invalid("option_id", "required")
        return check_incoming(frame.get("client_id"), option_id=frame["option_id"])
    return check_incoming(frame.get("client_id"), text=frame.get("text"))


def render(item: Item) -> dict[str, Any]:
    """A fact as a frame for the customer."""
    if isinstance(item, Message):
        return {"type": "message", **message_for_customer(item)}
    if isinstance(item, Conversation):
        return {"type": "owner", "owner": public_owner(item.owner)}
    if isinstance(item, Typing):
        return {"type": "typing", "sender": item.sender}
    if isinstance(item, Receipt):
        return {"type": "read", "seq": item.seq}
    return {"type": "queue", **place_json(item)}


def place_json(place: Place) -> dict[str, Any]:
    """A place in the queue."""
    return {"position": place.position, "wait_seconds": place.wait.to_json() if place.wait else None}


def error_frame(error: KefuError, client_id: object = None) -> dict[str, Any]:
    """A refusal as a frame."""
    frame: dict[str, Any] = {"type": "error", "code": error.code, "message": str(error)}
    if isinstance(client_id, str):
        frame["client_id"] = client_id[:64]
    if error.retry_after is not None:
        frame["retry_after"] = error.retry_after
    return frame
