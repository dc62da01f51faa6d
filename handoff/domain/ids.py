"""The ids of this system: opaque strings that match ``[A-Za-z0-9_-]{1,64}``."""

import uuid
from typing import NewType

CustomerId = NewType("CustomerId", str)
IdentityId = NewType("IdentityId", str)
InboxId = NewType("InboxId", str)
ConversationId = NewType("ConversationId", str)
HandoffId = NewType("HandoffId", str)
AgentId = NewType("AgentId", str)
TeamId = NewType("TeamId", str)
CaseId = NewType("CaseId", str)


def new_id() -> str:
    """A fresh random id of 32 hexadecimal digits."""
    return uuid.uuid4().hex
