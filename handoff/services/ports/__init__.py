"""What the use cases need of the outside: one transaction over the store, a bus, and the other processes.

A unit of work is a plain function of a `Transaction`: it cannot await, so no transaction ever spans a network call.
"""

from handoff.services.ports.agents import Agents
from handoff.services.ports.cases import Cases
from handoff.services.ports.conversations import Conversations
from handoff.services.ports.customers import Customers
from handoff.services.ports.faq import FaqEntries, FaqSearch, FaqSearches, Unanswered
from handoff.services.ports.handoffs import Handoffs
from handoff.services.ports.messages import Messages
from handoff.services.ports.outbox import Outbox
from handoff.services.ports.outside import Bot, BotBusy, BotUnavailable, Bus, Faq, Limits
from handoff.services.ports.records import Records
from handoff.services.ports.rules import HouseRules
from handoff.services.ports.sla import SlaEvent, SlaEvents
from handoff.services.ports.store import Store, Transaction
from handoff.services.ports.turns import Turns

__all__ = [
    "Agents",
    "Bot",
    "BotBusy",
    "BotUnavailable",
    "Bus",
    "Cases",
    "Conversations",
    "Customers",
    "Faq",
    "FaqEntries",
    "FaqSearch",
    "FaqSearches",
    "Handoffs",
    "HouseRules",
    "Limits",
    "Messages",
    "Outbox",
    "Records",
    "SlaEvent",
    "SlaEvents",
    "Store",
    "Transaction",
    "Turns",
    "Unanswered",
]
