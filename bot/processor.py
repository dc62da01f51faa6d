"""Rasa's message processor, but a turn that fails fails: nothing of it is kept, and the caller is told.

The original logs a failed action as done, goes on without its words, and saves that (docs/decisions/turns-that-fail.md).
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any

from jsonschema.exceptions import best_match  # type: ignore[import-untyped]
from jsonschema.validators import validator_for  # type: ignore[import-untyped]
from rasa.core.actions.action import Action, ActionExecutionRejection, RemoteAction
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.events import ActionExecuted, Event, SessionStarted, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

from bot.tracker_store import KefuTrackerStore

# Rasa replays the whole session at every prediction (0.4 ms a turn and more) and sends it to every action, product cards and
# all, so a session ends at the next quiet moment after this many customer messages, or after a day of silence.
SESSION_TURNS = 12
SESSION_IDLE_SECONDS = 24 * 3600


class TurnFailed(Exception):
    """The turn could not be finished; nothing was saved."""


class TurnProcessor(MessageProcessor):
    """Takes over a loaded processor and plays one turn at a time on a tracker that the caller saves."""

    def __init__(self, loaded: MessageProcessor, store: KefuTrackerStore) -> None:
        # Not super().__init__(): it would load the model a second time.
        self.__dict__.update(loaded.__dict__)
        self.tracker_store = store
        # Annotated as a plain function in Rasa, which calls it like this one.
        self.on_circuit_break = _circuit_break  # type: ignore[assignment]

    async def tracker(self, sender_id: str) -> DialogueStateTracker:
        """The conversation's tracker, in a session that is short enough."""
        tracker = await self.get_tracker(sender_id)
        if not tracker.events:
            tracker.update_with_events(_session_start(tracker), self.domain)
        elif _has_grown(tracker) and not tracker.active_loop_name:
            tracker.update_with_events(_session_start(tracker), self.domain)
        return tracker

    async def play(self, message: UserMessage, tracker: DialogueStateTracker) -> None:
        """Understand the message, act and speak into its output channel. Raises TurnFailed."""
        await self._handle_message_with_tracker(message, tracker)
        await self.run_action_extract_slots(message.output_channel, tracker)
        await self._run_prediction_loop(message.output_channel, tracker)

    async def _run_action(
        self,
        action: Action,
        tracker: DialogueStateTracker,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        prediction: PolicyPrediction,
    ) -> bool:
        run, failure = action.run, []

        async def watched(*args: Any, **kwargs: Any) -> list[Event]:
            try:
                return list(await run(*args, **kwargs))
            except ActionExecutionRejection:
                raise
            except Exception as error:
                failure.append(error)
                raise

        # Rasa makes a new action object for every prediction: these are its own methods from here on.
        vars(action)["run"] = watched
        if isinstance(action, RemoteAction):
            vars(action)["_validate_action_result"] = _check_answer
        listening = await super()._run_action(action, tracker, output_channel, nlg, prediction)
        if failure:
            raise TurnFailed(f"{action.name()}: {type(failure[0]).__name__}") from failure[0]
        return bool(listening)


@lru_cache(maxsize=1)
def _answer_validator() -> Any:
    schema = RemoteAction.action_response_format_spec()
    return validator_for(schema)(schema)


def _check_answer(answer: dict[str, Any]) -> bool:
    """Rasa checks the constant schema itself again with every answer, which takes 40 ms: half of a turn."""
    error = best_match(_answer_validator().iter_errors(answer))
    if error is not None:
        raise error
    return True


def _circuit_break(tracker: DialogueStateTracker, output_channel: OutputChannel, nlg: Any) -> None:
    raise TurnFailed("the policies did not come to an end")


def _session_start(tracker: DialogueStateTracker) -> list[Event]:
    """A new session that keeps what is known; the events are dated after all that came before."""
    known = [SlotSet(name, slot.value) for name, slot in tracker.slots.items() if slot.value is not None]
    return [
        ActionExecuted(ACTION_SESSION_START_NAME),
        SessionStarted(),
        *known,
        ActionExecuted(ACTION_LISTEN_NAME),
    ]


def _has_grown(tracker: DialogueStateTracker) -> bool:
    users = [event for event in tracker.events if event.type_name == "user"]
    if not users:
        return False
    return len(users) >= SESSION_TURNS or time.time() - users[-1].timestamp > SESSION_IDLE_SECONDS
