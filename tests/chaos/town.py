"""Everybody in a chaos run: customers, some of them known to the shop with something to return, agents, and the probes."""

from __future__ import annotations

import random
from dataclasses import dataclass

import httpx

from handoff.bootstrap import add_agent
from handoff.domain.people import Role
from handoff.services.sessions import identifier_hash
from handoff.settings import Settings
from ops.stack import Stack
from tests.chaos.customer import Customer, Visitor
from tests.chaos.desk import Desk
from tests.chaos.lives import Life, Return, Shift
from tests.chaos.probes import Probe
from tests.chaos.wire import Doors

PLACES = 5
TEAMS = ["after_sales", "complaints", "pre_sales"]


@dataclass(frozen=True)
class Plan:
    """What to run. `think`: a customer's mean pause in seconds."""

    name: str
    postgres: bool
    real_rasa: bool
    seconds: float = 180.0
    customers: int = 200
    agents: int = 20
    think: float = 30.0
    seed: int = 1


def hire(stack: Stack, agents: int, supervisors: int) -> list[dict[str, str]]:
    """New accounts of that many agents, then supervisors: `{email, password}`. Not from within an event loop."""
    settings = Settings.from_env(stack.env)
    roles = [Role.AGENT] * agents + [Role.SUPERVISOR] * supervisors
    logins = []
    for number, role in enumerate(roles, 1):
        email = f"agent{number}@chaos.kefu"
        logins.append({"email": email, "password": add_agent(settings, email, f"客服{number}", role, TEAMS, PLACES)})
    return logins


class Town:
    """Makes the people of a plan; nobody does anything yet."""

    def __init__(
        self,
        plan: Plan,
        stack: Stack,
        http: httpx.AsyncClient,
        logins: list[dict[str, str]],
        returns: dict[str, list[Return]],
    ) -> None:
        self._stack, self._http = stack, http
        self._rng = random.Random(plan.seed)
        gateways = len(stack.gateway_urls)
        known = sorted(returns)[: plan.customers]
        self.lives = [
            Life(self._customer(i, number), list(returns.get(i or "", [])), plan.think, self._part())
            for number, i in enumerate([*known, *[None] * (plan.customers - len(known))])
        ]
        self.shifts = [
            Shift(self._desk(login, number), PLACES, self._part()) for number, login in enumerate(logins[: plan.agents])
        ]
        # One pair at each gateway.
        self.probes = [
            Probe(f"probe {n}", self._customer(None, n), self._desk(logins[plan.agents + n], n))
            for n in range(gateways)
        ]
        self.customers = [life.customer for life in self.lives] + [probe.customer for probe in self.probes]
        self.desks = [shift.desk for shift in self.shifts] + [probe.desk for probe in self.probes]

    def _part(self) -> random.Random:
        return random.Random(self._rng.random())

    def _customer(self, identifier: str | None, door: int) -> Customer:
        env = self._stack.env
        proof = identifier_hash(env["KEFU_WEBSITE_SECRET"], identifier) if identifier else None
        visitor = Visitor(env["KEFU_WEBSITE_TOKEN"], identifier, proof)
        return Customer(self._http, Doors(self._stack.gateway_urls, door), visitor, self._part())

    def _desk(self, login: dict[str, str], door: int) -> Desk:
        return Desk(self._http, Doors(self._stack.gateway_urls, door), login, self._part())
