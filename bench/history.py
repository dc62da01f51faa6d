"""Years of a shop's conversations, written straight into a gateway's SQLite file: dense, consistent, and of nobody.

Nine of ten are over, the others open with the bot. A third were with a human once. The first TEMPLATE messages are made one by one, what more
is asked for are copies of them at other times, made by SQLite itself.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Insert,
    String,
    Table,
    TableClause,
    bindparam,
    column,
    create_engine,
    event,
    func,
    insert,
    select,
)

from handoff.stores.schema import (
    UtcDateTime,
    agents,
    bot_turns,
    conversations,
    customers,
    handoffs,
    identities,
    inboxes,
    messages,
)

Row = dict[str, Any]

# Messages of one conversation: 4 to 36, 20 in the mean.
FEWEST, MOST = 4, 36
# So many conversations are one transaction: the gateway may write in between.
AT_ONCE = 500
DAYS = 365
ASKED = (
    "请问这件什么时候发货", "我的快递到哪里了", "这个可以退货吗", "尺码偏大还是偏小", "发票怎么开", "优惠券用不了", "想换个颜色",
    "地址填错了怎么改",
)  # fmt: skip
SAID = (
    "您好，正在为您查询，请稍等一下", "订单已经发出，预计三天内送到", "可以的，七天内支持无理由退货", "已经为您登记，处理好会通知您",
    "建议按平时的尺码购买",
)  # fmt: skip
TEMPLATE = 20_000
TABLES = (customers, identities, conversations, messages, bot_turns, handoffs)
# What names a row or leads from one to another; the same four characters of each tell the copies apart.
_NAMES = ("id", "conversation_id", "customer_id", "handoff_id")


def fill(database: Path, count: int, seed: int, report: Callable[[int], None] = lambda stored: None) -> int:
    """Store `count` messages or a few more; how many. The schema must be there, with its website and its people."""
    chance = random.Random(seed)
    engine = create_engine(f"sqlite:///{database}", connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=NORMAL")

    stored = 0
    with engine.connect() as connection:
        inbox = connection.scalar(select(inboxes.c.id))
        people = [(row.id, row.name) for row in connection.execute(select(agents.c.id, agents.c.name))]
    while stored < min(count, TEMPLATE):
        rows: dict[Table, list[Row]] = {table: [] for table in TABLES}
        for _ in range(AT_ONCE):
            if stored < min(count, TEMPLATE):
                stored += _conversation(rows, chance, str(inbox), people)
        with engine.begin() as connection:
            for table, own in rows.items():
                if own:
                    connection.execute(insert(table), own)
        report(stored)
    one = stored
    with engine.connect() as connection:
        for table in TABLES:
            connection.execute(select(table).into(_template(table), temporary=True))
        copies = [_copy(table) for table in TABLES]
        for number in range(1, (count - 1) // one + 1):
            for copy in copies:
                connection.execute(copy, {"mark": f"{number:04x}", "shift": f"-{number} minutes"})
            connection.commit()
            stored += one
            report(stored)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return stored


def _template(table: Table) -> str:
    return f"template_{table.name}"


def _copy(table: Table) -> Insert:
    """The statement that copies a table's template with other names and times; `mark` and `shift` say which."""
    mark, shift = bindparam("mark", type_=String), bindparam("shift", type_=String)
    template = TableClause(_template(table), *(column(own.name, own.type) for own in table.columns))

    def value(own: ColumnElement[Any], name: str) -> ColumnElement[Any]:
        if name in _NAMES:
            return mark + func.substr(own, 5)
        if name == "external_id":
            return func.substr(own, 1, 10) + mark + func.substr(own, 15)
        if isinstance(own.type, UtcDateTime):
            return func.strftime("%Y-%m-%d %H:%M:%f", own, shift, type_=String) + "000"
        return own

    values = [value(own, own.name) for own in template.columns]
    return insert(table).from_select(list(table.columns.keys()), select(*values), include_defaults=False)


def _name(chance: random.Random) -> str:
    """An id of the template: its mark is 0000."""
    return "0000" + uuid.UUID(int=chance.getrandbits(128)).hex[4:]


def _conversation(
    rows: dict[Table, list[Row]], chance: random.Random, inbox: str, people: list[tuple[str, str]]
) -> int:
    """One customer's conversation with all that belongs to it; the number of its messages."""
    id, customer = _name(chance), _name(chance)
    at = datetime.now(timezone.utc) - timedelta(days=chance.uniform(0.01, DAYS))
    begun, with_human = at, chance.random() < 0.33
    length = chance.randint(FEWEST, MOST)
    # With a human the last third of the talk is his.
    handed = length - length // 3 if with_human else length + 1
    agent, name = chance.choice(people)
    log: list[Row] = []
    turns: list[Row] = []
    for seq in range(1, length + 1):
        at += timedelta(seconds=chance.uniform(5, 90))
        asks = seq % 2 == 1
        sender = "customer" if asks else "agent" if seq >= handed else "bot"
        text = f"{chance.choice(ASKED if asks else SAID)}（{chance.randint(1000, 9999)}）"
        log.append(
            {
                "conversation_id": id,
                "seq": seq,
                "prev_public": seq - 1,
                "sender": sender,
                "sender_id": agent if sender == "agent" else None,
                "name": name if sender == "agent" else None,
                "content": {"type": "text", "text": text},
                "kind": None,
                "client_id": uuid.UUID(int=chance.getrandbits(128)).hex,
                "created_at": at,
            }
        )
        if sender == "bot":
            turns.append(_turn(id, len(turns) + 1, log[-2], at))
    last_customer = length if length % 2 else length - 1
    over = chance.random() < 0.9 or with_human
    epoch = 1 + 3 * with_human
    rows[customers].append(
        {"id": customer, "name": None, "email": None, "identifier": None, "vip": False, "created_at": begun}
    )
    rows[identities].append(
        {"id": "0000" + customer[:3:-1], "customer_id": customer, "inbox_id": inbox, "external_id": f"anonymous-{customer}", "verified": False}
    )  # fmt: skip
    handoff = _name(chance) if with_human else None
    rows[conversations].append(
        {
            "id": id,
            "customer_id": customer,
            "inbox_id": inbox,
            "status": "resolved" if over else "open",
            "owner_type": "bot",
            "owner_id": None,
            "owner_name": None,
            "epoch": epoch,
            **dict.fromkeys(("last_seq", "last_public_seq"), length),
            "prev_public_seq": length - 1,
            **dict.fromkeys(("last_customer_seq", "bot_seq", "known_seq"), last_customer),
            "turn_no": len(turns),
            "locale": "zh-Hans",
            "priority": "normal",
            "priority_rank": 0,
            "team_id": None,
            "handoff_id": handoff,
            "slots": {},
            "facts": {},
            "last_message": {
                "sender": log[-1]["sender"],
                "text": log[-1]["content"]["text"],
                "created_at": at.isoformat(),
            },
            "read_seq": length,
            "customer_read_seq": length,
            "created_at": begun,
            "updated_at": at,
            "resolved_at": at if over else None,
        }
    )
    if handoff is not None:
        rows[handoffs].append(_handoff(handoff, id, customer, agent, name, log, handed, chance))
    rows[messages].extend(log)
    rows[bot_turns].extend(turns)
    return length


def _turn(id: str, turn_no: int, asked: Row, at: datetime) -> Row:
    return {
        "conversation_id": id,
        "turn_no": turn_no,
        "first_seq": asked["seq"],
        "last_seq": asked["seq"],
        "epoch": 1,
        "attempt": 1,
        "claim": asked["client_id"],
        "claimed_until": at,
        "state": "answered",
        "text": asked["content"]["text"],
        "intent": "ask_faq",
        "confidence": 0.9,
        "ranking": [{"name": "ask_faq", "confidence": 0.9}],
        "entities": [],
        "mood": {"label": "neutral", "anger": 0.02},
        "signals": [],
        "took_ms": 60,
        "process": "http://127.0.0.1:5005",
        "created_at": asked["created_at"],
        "finished_at": at,
    }


def _handoff(
    handoff: str, id: str, customer: str, agent: str, name: str, log: list[Row], handed: int, chance: random.Random
) -> Row:
    asked = log[max(0, handed - 2)]["created_at"]
    accepted = asked + timedelta(seconds=chance.uniform(2, 60))
    return {
        "id": handoff,
        "conversation_id": id,
        "customer_id": customer,
        "reason": "asked_for_human",
        "reasons": [{"rule": "asked_for_human", "detail": "", "seq": 1}],
        "signals": [],
        "summary": "",
        "slots": {},
        "team_id": "after_sales",
        "priority": "normal",
        "requested_at": asked,
        "accepted_at": accepted,
        "accepted_by": agent,
        "accepted_name": name,
        "ended_at": max(accepted, log[-1]["created_at"]),
        "outcome": "resolved",
        "asked": [agent],
        "pickup_seconds": (accepted - asked).total_seconds(),
    }
