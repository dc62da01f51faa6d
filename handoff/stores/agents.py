"""Agents, teams and their sessions in SQL. Presence is here too: few rows, and losing Redis logs nobody out."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, func, insert, select, update

from handoff.domain.conversation import OwnerType, Status
from handoff.domain.errors import NotFound
from handoff.domain.ids import AgentId
from handoff.domain.people import PRESENCE_TTL_SECONDS, Agent, Presence, Role, Team
from handoff.stores.prepared import Prepared
from handoff.stores.schema import agent_sessions, agent_teams, teams
from handoff.stores.schema import agents as a
from handoff.stores.schema import conversations as c


def _queries(one: bool) -> tuple[Prepared, Prepared, Prepared]:
    """Agents, how many conversations each has, and their teams; of one, of parameter `the_id`, or of everybody.

    One is asked for with every request of a desk, everybody with every sweep.
    """
    the_id: BindParameter[str] = bindparam("the_id")
    people = select(a).where(a.c.active.is_(True)).order_by(a.c.name)
    loads = (
        select(c.c.owner_id, func.count().label("load"))
        .where(c.c.owner_type == OwnerType.AGENT.value, c.c.status == Status.OPEN.value)
        .group_by(c.c.owner_id)
    )
    members = (
        select(agent_teams.c.agent_id, teams.c.id, teams.c.name)
        .join(teams, teams.c.id == agent_teams.c.team_id)
        .order_by(teams.c.id)
    )
    if one:
        people, loads = people.where(a.c.id == the_id), loads.where(c.c.owner_id == the_id)
        members = members.where(agent_teams.c.agent_id == the_id)
    return Prepared(people), Prepared(loads), Prepared(members)


_TEAMS = Prepared(select(teams).order_by(teams.c.id))
_ONE, _EVERYBODY = _queries(True), _queries(False)
_SESSION = Prepared(
    select(agent_sessions.c.agent_id).where(
        agent_sessions.c.token_hash == bindparam("the_hash"), agent_sessions.c.expires_at > bindparam("now")
    )
)


class SqlAgents:
    """See ports.Agents."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def get(self, id: AgentId, now: datetime) -> Agent | None:
        """See ports.Agents."""
        return next(iter(self._load(now, id)), None)

    def lock(self, id: AgentId, now: datetime) -> Agent:
        """See ports.Agents."""
        self._db.execute(select(a.c.id).where(a.c.id == id).with_for_update())
        agent = self.get(id, now)
        if agent is None:
            raise NotFound("no such agent")
        return agent

    def all(self, now: datetime) -> list[Agent]:
        """See ports.Agents."""
        return self._load(now, None)

    def _load(self, now: datetime, id: AgentId | None) -> list[Agent]:
        found, loads, members = _EVERYBODY if id is None else _ONE
        given = {} if id is None else {"the_id": id}
        load = {row.owner_id: row.load for row in loads.all(self._db, given)}
        by_agent: dict[str, list[Team]] = defaultdict(list)
        for row in members.all(self._db, given):
            by_agent[row.agent_id].append(Team(row.id, row.name))
        return [self._agent(row, now, load.get(row.id, 0), by_agent[row.id]) for row in found.all(self._db, given)]

    @staticmethod
    def _agent(row: Any, now: datetime, load: int, members: list[Team]) -> Agent:
        alive_until = row.seen_at + timedelta(seconds=PRESENCE_TTL_SECONDS) if row.seen_at else None
        alive = alive_until is not None and now <= alive_until
        chose_to = Presence(row.presence) is Presence.OFFLINE
        left_at = row.presence_at if chose_to else None if alive else alive_until
        return Agent(
            id=row.id,
            name=row.name,
            email=row.email,
            role=Role(row.role),
            presence=Presence(row.presence) if alive else Presence.OFFLINE,
            capacity=row.capacity,
            load=load,
            locale=row.locale,
            teams=tuple(members),
            languages=tuple(row.languages),
            idle_since=row.assigned_at,
            skills=tuple(row.skills or ()),
            left_at=left_at,
        )

    def credentials(self, email: str) -> tuple[AgentId, str] | None:
        """See ports.Agents."""
        query = select(a.c.id, a.c.password_hash).where(a.c.email == email, a.c.active.is_(True))
        row = self._db.execute(query).one_or_none()
        return (row.id, row.password_hash) if row else None

    def teams(self) -> list[Team]:
        """See ports.Agents."""
        return [Team(row.id, row.name) for row in _TEAMS.all(self._db, {})]

    def add(self, agent: Agent, password_hash: str) -> None:
        """See ports.Agents."""
        self._db.execute(
            insert(a),
            {
                "id": agent.id,
                "name": agent.name,
                "email": agent.email,
                "password_hash": password_hash,
                "role": agent.role.value,
                "presence": Presence.OFFLINE.value,
                "capacity": agent.capacity,
                "locale": agent.locale,
                "languages": list(agent.languages),
                "skills": list(agent.skills),
                "active": True,
            },
        )
        for team in agent.teams:
            self._db.execute(insert(agent_teams), {"agent_id": agent.id, "team_id": team.id})

    def add_team(self, team: Team) -> None:
        """See ports.Agents."""
        self._db.execute(insert(teams), {"id": team.id, "name": team.name})

    def update(self, agent: Agent) -> None:
        """See ports.Agents."""
        values = {
            "capacity": agent.capacity,
            "skills": list(agent.skills),
            "languages": list(agent.languages),
        }
        self._db.execute(update(a).where(a.c.id == agent.id).values(**values))
        self._db.execute(delete(agent_teams).where(agent_teams.c.agent_id == agent.id))
        for team in agent.teams:
            self._db.execute(insert(agent_teams), {"agent_id": agent.id, "team_id": team.id})

    def set_presence(self, id: AgentId, presence: Presence, now: datetime, *, seen: bool = True) -> None:
        """See ports.Agents."""
        values = {"presence": presence.value, "presence_at": now} | ({"seen_at": now} if seen else {})
        self._db.execute(update(a).where(a.c.id == id).values(**values))

    def beat(self, id: AgentId, now: datetime) -> None:
        """See ports.Agents."""
        self._db.execute(update(a).where(a.c.id == id).values(seen_at=now))

    def assigned(self, id: AgentId, now: datetime) -> None:
        """See ports.Agents."""
        self._db.execute(update(a).where(a.c.id == id).values(assigned_at=now))

    def open_session(self, token_hash: str, id: AgentId, expires_at: datetime) -> None:
        """See ports.Agents."""
        self._db.execute(insert(agent_sessions), {"token_hash": token_hash, "agent_id": id, "expires_at": expires_at})

    def session(self, token_hash: str, now: datetime) -> AgentId | None:
        """See ports.Agents."""
        row = _SESSION.one(self._db, {"the_hash": token_hash, "now": now})
        return row.agent_id if row else None

    def close_session(self, token_hash: str) -> None:
        """See ports.Agents."""
        self._db.execute(delete(agent_sessions).where(agent_sessions.c.token_hash == token_hash))
