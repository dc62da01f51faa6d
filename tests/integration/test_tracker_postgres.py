"""Rasa's memory on PostgreSQL: in the schema `rasa`, shared by its processes, apart from our tables."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, make_url, text

ROOT = Path(__file__).resolve().parents[2]
# Played in the bot's environment, by two stores as two processes have them.
PLAY = """
import asyncio, sys
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from bot.tracker_store import KefuTrackerStore, MovedOn

first, second = (KefuTrackerStore(domain=Domain.empty(), db=sys.argv[1]) for _ in range(2))

async def turn(store, number, before, said):
    tracker = await store.retrieve("c1") or DialogueStateTracker("c1", [])
    tracker.update(ActionExecuted("action_listen"))
    tracker.update(UserUttered(said))
    await store.save_turn(tracker, f"c1:{number}", {"messages": [said]}, number, before=before)

async def play():
    await turn(first, 1, 0, "一")
    assert await second.answer_of("c1:1") == {"messages": ["一"]}
    assert await second.last_seq("c1") == 1
    await turn(second, 2, 1, "二")
    for number, before in ((2, 1), (3, 1), (1, 0), (2, 2)):
        try:
            await turn(first, number, before, "迟到")
        except MovedOn:
            continue
        raise AssertionError(f"turn {number} after {before} was saved")
    tracker = await first.retrieve("c1")
    assert [e.text for e in tracker.events if e.type_name == "user"] == ["一", "二"], "both know both, and nothing of what came late"
    await turn(first, 3, 2, "三")
    assert await second.forget(["c1"]) == 6
    assert await first.last_seq("c1") == 0
    await turn(second, 1, 0, "再来")

asyncio.run(play())
print("played")
"""


@pytest.mark.slow
@pytest.mark.postgres
def test_that_the_bots_processes_share_their_memory_in_a_schema_of_their_own(postgres_url: str) -> None:
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE tracker"))
    engine.dispose()
    url = make_url(postgres_url).set(database="tracker")
    given = url.set(drivername="postgresql").render_as_string(hide_password=False)
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "RASA_TELEMETRY_ENABLED": "false",
    }
    command = [str(ROOT / ".venv" / "bot" / "bin" / "python"), "-W", "ignore", "-c", PLAY, given]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    assert done.stdout.endswith("played\n"), done.stderr[-2000:]
    engine = create_engine(url)
    tables = inspect(engine)
    assert set(tables.get_table_names("rasa")) == {"events", "kefu_answers", "kefu_marks"}
    assert tables.get_table_names("public") == []
    engine.dispose()
