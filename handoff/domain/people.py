"""Customers, agents and the ways to reach them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from handoff.domain.ids import AgentId, CustomerId, IdentityId, InboxId, TeamId


@dataclass(frozen=True)
class Inbox:
    """One website or one account on a network."""

    id: InboxId
    kind: str
    name: str
    website_token: str | None = None
    secret: str | None = field(default=None, repr=False)
    origins: tuple[str, ...] = ()


@dataclass(frozen=True)
class Customer:
    """A person. `identifier` is the merchant's own id of him, once he was identified by a valid hash."""

    id: CustomerId
    name: str | None
    email: str | None
    identifier: str | None
    vip: bool = False
    created_at: datetime | None = None


@dataclass(frozen=True)
class Session:
    """A customer's visit through one inbox, as its token says."""

    identity_id: IdentityId
    customer_id: CustomerId
    inbox_id: InboxId
    verified: bool
    locale: str
    expires_at: datetime
    address: str | None = None
    """Where the visitor last came from, as a keyed hash; None on channels that have no address."""


class Role(str, Enum):
    """What an agent may do: an agent his own and his teams' work, a supervisor all of it, an admin settings too."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


class Presence(str, Enum):
    """Whether an agent takes conversations."""

    ONLINE = "online"
    AWAY = "away"
    OFFLINE = "offline"


# Twice the desk's 20 s heartbeat: one lost beat does not log an agent out.
PRESENCE_TTL_SECONDS = 40


@dataclass(frozen=True)
class Team:
    """A department. `name` by language: `{"zh", "en"}`."""

    id: TeamId
    name: dict[str, str]


@dataclass(frozen=True)
class Agent:
    """A human who answers. `presence` is what he chose, as far as his desk still beats."""

    id: AgentId
    name: str
    email: str
    role: Role
    presence: Presence
    capacity: int
    load: int
    locale: str
    teams: tuple[Team, ...] = ()
    languages: tuple[str, ...] = ()
    idle_since: datetime | None = None
    skills: tuple[str, ...] = ()
    """What he takes; none named: everything."""
    left_at: datetime | None = None
    """Since when he is offline: when he said so, or when his desk was last counted as alive."""

    @property
    def oversees(self) -> bool:
        """Whether he may see everybody's conversations."""
        return self.role is not Role.AGENT

    @property
    def team_ids(self) -> frozenset[str]:
        """The ids of his teams."""
        return frozenset(t.id for t in self.teams)

    def to_json(self) -> dict[str, Any]:
        """As the desk sees him."""
        return {
            "id": self.id,
            "name": self.name,
            "email": self.email,
            "role": self.role.value,
            "status": self.presence.value,
            "capacity": self.capacity,
            "load": self.load,
            "teams": [{"id": t.id, "name": t.name} for t in self.teams],
            "skills": list(self.skills),
            "languages": list(self.languages),
            "locale": self.locale,
        }
