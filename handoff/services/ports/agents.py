"""The store's agents."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from handoff.domain.ids import AgentId
from handoff.domain.people import Agent, Presence, Team


class Agents(Protocol):
    """The people who answer."""

    def get(self, id: AgentId, now: datetime) -> Agent | None: ...

    def lock(self, id: AgentId, now: datetime) -> Agent:
        """The agent, with his row held, so that his load cannot grow meanwhile. Raises NotFound."""

    def all(self, now: datetime) -> list[Agent]: ...

    def credentials(self, email: str) -> tuple[AgentId, str] | None:
        """The agent's id and password hash."""

    def teams(self) -> list[Team]: ...

    def add(self, agent: Agent, password_hash: str) -> None: ...

    def add_team(self, team: Team) -> None: ...

    def update(self, agent: Agent) -> None:
        """Store his capacity, skills, languages and teams."""

    def set_presence(self, id: AgentId, presence: Presence, now: datetime, *, seen: bool = True) -> None:
        """What he chose. `seen` False: without being there yet; only his desk's heartbeat makes him present."""

    def beat(self, id: AgentId, now: datetime) -> None: ...

    def assigned(self, id: AgentId, now: datetime) -> None: ...

    def open_session(self, token_hash: str, id: AgentId, expires_at: datetime) -> None: ...

    def session(self, token_hash: str, now: datetime) -> AgentId | None: ...

    def close_session(self, token_hash: str) -> None: ...
