"""Turns on a real tracker store, with the policies and actions replaced by what the test says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rasa.core.actions.action import Action
from rasa.core.channels.channel import UserMessage
from rasa.core.policies.policy import PolicyPrediction
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.conversation import Conversation, UnknownMeaning
from bot.processor import SESSION_TURNS, TurnFailed, TurnProcessor
from bot.request import Said, TurnRequest
from bot.tracker_store import KefuTrackerStore, MovedOn
from tests.bot.domain import domain

DOMAIN = domain()
Play = Callable[[UserMessage, DialogueStateTracker], None]


class ScriptedProcessor(TurnProcessor):
    """A processor without a model: `script` plays the turn after the message was logged."""

    def __init__(self, store: KefuTrackerStore) -> None:
        metadata = SimpleNamespace(model_id="m", assistant_id="kefu")
        loaded = SimpleNamespace(domain=DOMAIN, model_metadata=metadata, http_interpreter=None)
        super().__init__(loaded, store)  # type: ignore[arg-type]
        self.script: Play = lambda message, tracker: None
        self.played = 0

    async def parse_message(self, message: UserMessage, *args: Any, **kwargs: Any) -> dict[str, Any]:
        text = message.text
        return {
            "text": text,
            "intent": {"name": "greet", "confidence": 0.9},
            "entities": [],
            "mood": {"label": "angry", "anger": 0.9},
        }

    async def play(self, message: UserMessage, tracker: DialogueStateTracker) -> None:
        self.played += 1
        await self._handle_message_with_tracker(message, tracker)
        await message.output_channel.send_response(tracker.sender_id, {"text": f"answer {self.played}"})
        self.script(message, tracker)
        tracker.update(ActionExecuted("action_listen"), self.domain)


@pytest.fixture
def store(tmp_path: Path) -> KefuTrackerStore:
    return KefuTrackerStore(domain=DOMAIN, db=str(tmp_path / "tracker.db"))


@pytest.fixture
def processor(store: KefuTrackerStore) -> ScriptedProcessor:
    return ScriptedProcessor(store)


@pytest.fixture
def conversation(processor: ScriptedProcessor, store: KefuTrackerStore) -> Conversation:
    return Conversation(processor, store)


def request(number: int, text: str = "你好", **more: Any) -> TurnRequest:
    fields: dict[str, Any] = {"metadata": {"locale": "zh-Hans"}, "seq": number, **more}
    return TurnRequest(sender="c1", text=text, message_id=f"c1:{number}", **fields)


async def tracker_of(store: KefuTrackerStore) -> DialogueStateTracker:
    tracker = await store.retrieve("c1")
    assert tracker is not None
    return tracker


async def test_that_the_same_message_id_is_answered_from_the_store_even_after_a_restart(
    conversation: Conversation, processor: ScriptedProcessor, store: KefuTrackerStore, tmp_path: Path
) -> None:
    first = await conversation.answer(request(1))
    events = len((await tracker_of(store)).events)
    fresh = KefuTrackerStore(domain=DOMAIN, db=str(tmp_path / "tracker.db"))
    again = await Conversation(ScriptedProcessor(fresh), fresh).answer(request(1))
    assert again == first
    assert len((await tracker_of(fresh)).events) == events


async def test_that_a_failed_turn_leaves_nothing(
    conversation: Conversation, processor: ScriptedProcessor, store: KefuTrackerStore
) -> None:
    await conversation.answer(request(1))
    before = [event.as_dict() for event in (await tracker_of(store)).events]

    def fail(message: UserMessage, tracker: DialogueStateTracker) -> None:
        raise TurnFailed("an action")

    processor.script = fail
    with pytest.raises(TurnFailed):
        await conversation.answer(request(2))
    assert [event.as_dict() for event in (await tracker_of(store)).events] == before
    assert await store.answer_of("c1:2") is None
    processor.script = lambda message, tracker: None
    assert (await conversation.answer(request(2)))["messages"]


async def test_that_an_error_of_the_store_is_not_hidden(conversation: Conversation, store: KefuTrackerStore) -> None:
    store.engine.execute("DROP TABLE kefu_answers")
    with pytest.raises(Exception, match="kefu_answers"):
        await conversation.answer(request(1))
    assert await store.retrieve("c1") is None


async def test_that_events_and_answer_are_saved_both_or_neither(
    conversation: Conversation, store: KefuTrackerStore
) -> None:
    await conversation.answer(request(1))
    tracker = await tracker_of(store)
    count = len(tracker.events)
    tracker.update(BotUttered("late"), DOMAIN)
    with pytest.raises(MovedOn):
        await store.save_turn(tracker, "c1:1", {}, 1, before=0)
    assert len((await tracker_of(store)).events) == count


async def test_that_what_a_human_and_the_customer_said_is_known_and_the_form_is_over(
    conversation: Conversation, processor: ScriptedProcessor, store: KefuTrackerStore
) -> None:
    processor.script = lambda message, tracker: tracker.update_with_events(
        [ActiveLoop("return_form"), SlotSet("requested_slot", "item")], DOMAIN
    )
    await conversation.answer(request(1))
    processor.script = lambda message, tracker: None
    history = (Said(3, "agent", "您好,我是小王"), Said(4, "customer", "好的"), Said(1, "customer", "你好"))
    answer = await conversation.answer(request(5, history=tuple(history), slots={"handoff_summary": "已同意退款"}))
    tracker = await tracker_of(store)
    told = [(event.text, event.metadata["seq"]) for event in tracker.events if "sender" in event.metadata]
    assert told == [("您好,我是小王", 3), ("好的", 4)], "seq 1 was known"
    assert "active_form" not in answer["slots"]
    assert tracker.get_slot("requested_slot") is None
    assert tracker.get_slot("handoff_summary") == "已同意退款"
    users = [index for index, event in enumerate(tracker.events) if isinstance(event, UserUttered)]
    before = tracker.events[users[-1] - 1]
    listening = [e for e in list(tracker.events)[: users[-1]] if isinstance(e, ActionExecuted)][-1]
    assert listening.action_name == "action_listen"
    assert not isinstance(before, UserUttered)


async def test_that_history_is_not_told_twice_even_in_a_new_session(
    conversation: Conversation, store: KefuTrackerStore
) -> None:
    history = (Said(2, "agent", "我来处理"),)
    await conversation.answer(request(3, history=history))
    for number in range(4, SESSION_TURNS + 6):
        await conversation.answer(request(number, history=history))
    full = await store.retrieve_full_tracker("c1")
    assert full is not None
    assert sum(isinstance(event, BotUttered) and event.text == "我来处理" for event in full.events) == 1


async def test_that_a_long_session_ends_between_forms_and_keeps_its_slots(
    conversation: Conversation, processor: ScriptedProcessor, store: KefuTrackerStore
) -> None:
    processor.script = lambda message, tracker: tracker.update_with_events(
        [SlotSet("order_number", "KF202611100001"), ActiveLoop("return_form")], DOMAIN
    )
    for number in range(1, SESSION_TURNS + 4):
        await conversation.answer(request(number))
    count = sum(isinstance(event, UserUttered) for event in (await tracker_of(store)).events)
    assert count == SESSION_TURNS + 3, "a form is never torn in two"
    processor.script = lambda message, tracker: tracker.update(ActiveLoop(None), DOMAIN)
    await conversation.answer(request(SESSION_TURNS + 4))
    answer = await conversation.answer(request(SESSION_TURNS + 5))
    tracker = await tracker_of(store)
    assert sum(isinstance(event, UserUttered) for event in tracker.events) == 1
    assert answer["slots"]["order_number"] == "KF202611100001"


async def test_that_a_button_brings_its_meaning_and_no_mood(
    conversation: Conversation, store: KefuTrackerStore
) -> None:
    meaning = {"intent": {"name": "inform"}, "entities": [{"entity": "item", "value": "KN-01"}]}
    answer = await conversation.answer(request(1, "羊毛开衫", parse_data=meaning))
    assert answer["nlu"]["intent"] == "inform"
    assert answer["nlu"]["entities"] == [{"entity": "item", "value": "KN-01"}]
    assert answer["nlu"]["mood"] == {"label": "neutral", "anger": 0.0}


@pytest.mark.parametrize(
    "meaning",
    [
        {"intent": {"name": "restart"}, "entities": []},
        {"intent": {"name": "no_such"}, "entities": []},
        {"intent": {"name": "inform"}, "entities": [{"entity": "customer_id", "value": "c002"}]},
    ],
)
async def test_that_a_button_can_mean_only_what_the_domain_has(
    conversation: Conversation, meaning: dict[str, Any]
) -> None:
    with pytest.raises(UnknownMeaning):
        await conversation.answer(request(1, "x", parse_data=meaning))


async def test_that_only_standing_facts_can_be_set_from_outside(
    conversation: Conversation, store: KefuTrackerStore
) -> None:
    await conversation.answer(request(1, slots={"order_number": "KF1", "last_order": "KF2", "locale": "en"}))
    tracker = await tracker_of(store)
    assert (tracker.get_slot("order_number"), tracker.get_slot("last_order")) == (None, "KF2")
    assert tracker.get_slot("locale") == "zh-Hans"


@pytest.mark.parametrize(
    ("text", "locale"),
    [("where is my order please", "en"), ("我想查訂單", "zh-Hant"), ("我想查订单", "zh-Hans"), ("👍", "zh-Hans")],
)
async def test_that_the_locale_follows_the_customer(conversation: Conversation, text: str, locale: str) -> None:
    assert (await conversation.answer(request(1, text)))["locale"] == locale


async def test_that_answers_to_traditional_writing_are_traditional(
    conversation: Conversation, processor: ScriptedProcessor
) -> None:
    sent = {
        "text": "订单",
        "custom": {"content": {"type": "choices", "options": [{"title": "退货", "parse_data": {}}]}},
    }

    def speak(message: UserMessage, tracker: DialogueStateTracker) -> None:
        message.output_channel.messages.append({**sent["custom"]["content"], "text": sent["text"]})  # type: ignore[index]

    processor.script = speak
    answer = await conversation.answer(request(1, "我想查訂單"))
    assert (answer["messages"][1]["text"], answer["messages"][1]["options"][0]["title"]) == ("訂單", "退貨")


async def test_that_erasing_a_conversation_leaves_no_trace(conversation: Conversation, store: KefuTrackerStore) -> None:
    await conversation.answer(request(1))
    assert await store.forget(["c1"]) > 0
    assert await store.retrieve_full_tracker("c1") is None
    assert await store.answer_of("c1:1") is None
    assert await store.last_seq("c1") == 0


class BrokenAction(Action):
    def name(self) -> str:
        return "action_faq"

    async def run(self, *args: Any, **kwargs: Any) -> list[Any]:
        raise RuntimeError("no action server")


async def test_that_a_failed_action_fails_the_turn(processor: ScriptedProcessor) -> None:
    tracker = DialogueStateTracker("c1", DOMAIN.slots)
    with pytest.raises(TurnFailed, match="action_faq"):
        await processor._run_action(
            BrokenAction(),
            tracker,
            None,
            None,
            PolicyPrediction.for_action_name(DOMAIN, "action_faq"),  # type: ignore[arg-type]
        )


async def test_that_a_process_that_was_held_up_gives_the_answer_of_the_one_that_took_over(
    conversation: Conversation, processor: ScriptedProcessor, store: KefuTrackerStore
) -> None:
    other = Conversation(ScriptedProcessor(store), store)
    await conversation.answer(request(1))
    play, answers = processor.play, []

    async def held_up(message: UserMessage, tracker: DialogueStateTracker) -> None:
        answers.append(await other.answer(request(2)))
        await play(message, tracker)

    processor.play = held_up  # type: ignore[method-assign]
    assert await conversation.answer(request(2)) == answers[0]
    tracker = await tracker_of(store)
    assert len([e for e in tracker.events if e.type_name == "user"]) == 2, "played twice, saved once"

    async def left_behind(message: UserMessage, tracker: DialogueStateTracker) -> None:
        await other.answer(request(4))
        await play(message, tracker)

    processor.play = left_behind  # type: ignore[method-assign]
    with pytest.raises(TurnFailed):
        await conversation.answer(request(3))
    assert await store.answer_of("c1:3") is None
    assert await store.last_seq("c1") == 4


async def test_that_a_conversation_from_another_process_goes_on_from_its_history(
    conversation: Conversation, store: KefuTrackerStore
) -> None:
    said = (Said(1, "customer", "几天内可以退？"), Said(2, "bot", "七天之内"), Said(3, "customer", "好"))
    await conversation.answer(request(4, history=said))
    heard = [(e.type_name, e.text) for e in (await tracker_of(store)).events if e.type_name in ("user", "bot")]
    assert heard[:3] == [("user", "几天内可以退？"), ("bot", "七天之内"), ("user", "好")]
    assert len([t for t, _ in heard if t == "user"]) == 3
    again = (*said, Said(4, "customer", "你好"), Said(5, "bot", "answer 1"))
    await conversation.answer(request(6, history=again))
    heard = [(e.type_name, e.text) for e in (await tracker_of(store)).events if e.type_name in ("user", "bot")]
    assert [t for k, t in heard if k == "bot"] == ["七天之内", "answer 1"], "what it knows is skipped"


async def test_that_a_form_is_over_when_another_process_went_on_with_the_conversation(
    conversation: Conversation, processor: ScriptedProcessor, store: KefuTrackerStore
) -> None:
    processor.script = lambda message, tracker: tracker.update(ActiveLoop("return_form"), DOMAIN)
    await conversation.answer(request(1))
    assert (await tracker_of(store)).active_loop_name == "return_form"
    processor.script = lambda message, tracker: None
    away = (
        Said(1, "customer", "你好"),
        Said(2, "bot", "answer 1"),
        Said(3, "customer", "蓝色"),
        Said(4, "bot", "好的"),
    )
    await conversation.answer(request(5, history=away))
    assert (await tracker_of(store)).active_loop_name is None
