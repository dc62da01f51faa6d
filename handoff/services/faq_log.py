"""What customers ask the knowledge base: how often it knew, what it did not know, and drafts made of that.

Logged is the masked question as the search process gives it back, with an hour and a locale; nothing that leads to who asked.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from handoff.domain.errors import Conflict, Invalid, KefuError, NotFound
from handoff.domain.faq import MAX_PHRASING_CHARS, MAX_PHRASINGS, EntryStatus, tidy_phrasing
from handoff.domain.ids import new_id
from handoff.domain.people import Agent
from handoff.services.context import Services
from handoff.services.faq_entries import check_category, checked, do_create, entry_json
from handoff.services.ports import FaqSearch, Transaction, Unanswered
from handoff.services.views import moment

log = logging.getLogger(__name__)

OUTCOMES = ("answer", "choices", "unknown")
# Different questions that are clustered at once, those asked most: ten seconds of encoding the first time.
MOST_CLUSTERED = 400
MOST_EXAMPLES = 10
MOST_FOUND = 20
CATEGORY = "drafts"


async def search_faq(services: Services, query: str, locale: str, limit: int) -> dict[str, Any]:
    """`{decision, results}`, logged. Raises Unavailable("faq_unavailable"); a log that cannot be written fails no search."""
    found = await services.faq.search(query, locale, limit)
    asked, results = found.pop("asked", None), found["results"]
    if isinstance(asked, str) and asked:
        now = services.now()
        entry = FaqSearch(
            hour=now.replace(minute=0, second=0, microsecond=0),
            text=asked[:MAX_PHRASING_CHARS],
            text_hash=hashlib.sha256(asked.casefold().encode()).hexdigest(),
            outcome=found["decision"],
            entry_id=results[0]["entry_id"] if results else None,
            score=results[0]["score"] if results else None,
            locale=locale[:20],
        )
        try:
            await services.store.write(lambda tx: tx.faq_searches.add(entry))
        except KefuError as error:
            log.warning("a search was not logged: %s", error.code)
    return found


async def measure(services: Services, days: int) -> dict[str, Any]:
    """How often the knowledge base knew: `{from, to, searches, answer, choices, unknown, hit_rate, days, found}`.

    `hit_rate` is the share of searches that were answered or led to choices, None without a search; `days` the same by
    day; `found` the entries that answered most.
    """
    since, until = _period(services, days)

    def work(tx: Transaction) -> tuple[dict[tuple[datetime, str], int], list[tuple[str, int]]]:
        return tx.faq_searches.outcomes(since, until), tx.faq_searches.found(since, until, MOST_FOUND)

    outcomes, found = await services.store.read(work)
    by_day: dict[str, Counter[str]] = {}
    for (hour, outcome), count in sorted(outcomes.items()):
        by_day.setdefault(hour.date().isoformat(), Counter())[outcome] += count
    total: Counter[str] = sum(by_day.values(), Counter())
    return {
        "from": moment(since),
        "to": moment(until),
        **_counts(total),
        "days": [{"day": day, **_counts(counts)} for day, counts in by_day.items()],
        "found": [{"entry_id": entry_id, "count": count} for entry_id, count in found],
    }


async def unanswered(services: Services, days: int, limit: int) -> dict[str, Any]:
    """The questions that found nothing, by meaning: `{from, to, searches, unknown, share, clusters}`, the largest first.

    Cluster: `{id, question, count, share, questions: [{text, count}], first_at, last_at}`; shares are of all searches.
    Raises Unavailable("faq_unavailable").
    """
    since, until = _period(services, days)

    def work(tx: Transaction) -> tuple[Counter[str], list[Unanswered]]:
        counts: Counter[str] = Counter()
        for (_, outcome), count in tx.faq_searches.outcomes(since, until).items():
            counts[outcome] += count
        return counts, tx.faq_searches.unanswered(since, until, MOST_CLUSTERED)

    counts, questions = await services.store.read(work)
    searches = sum(counts.values())
    clusters = [_cluster_json(cluster, searches) for cluster in await _clusters(services, questions)]
    return {
        "from": moment(since),
        "to": moment(until),
        "searches": searches,
        "unknown": counts["unknown"],
        "share": _share(counts["unknown"], searches),
        "clusters": clusters[:limit],
    }


async def make_draft(
    services: Services, actor: Agent, cluster_id: str, days: int, category: str | None, *, new_category: bool
) -> dict[str, Any]:
    """A draft whose phrasings are the questions of a cluster; they are not listed again.

    The entry is not searched until somebody gives it an answer and publishes it. Raises NotFound, Conflict, Invalid.
    """
    since, until = _period(services, days)
    questions = await services.store.read(lambda tx: tx.faq_searches.unanswered(since, until, MOST_CLUSTERED))
    for cluster in await _clusters(services, questions):
        if any(_id(question) == cluster_id for question in cluster):
            break
    else:
        raise NotFound("no such cluster; its questions may have a draft by now")
    phrasings: dict[str, list[str]] = {}
    for question in cluster:
        text = tidy_phrasing(question.text)[:MAX_PHRASING_CHARS]
        # Masked words are Chinese, also in an English question.
        han = sum("\u3400" <= char <= "\u9fff" for char in text)
        own = phrasings.setdefault(
            "zh" if 2 * han >= sum(char.isascii() and char.isalpha() for char in text) else "en", []
        )
        if len(own) < MAX_PHRASINGS:
            own.append(text)
    fields = {"id": f"draft-{new_id()[:12]}", "category": category or CATEGORY, "phrasings": phrasings, "answer": {}}
    entry = checked({**fields, "status": EntryStatus.DRAFT})
    hashes = [question.text_hash for question in cluster]

    def work(tx: Transaction) -> dict[str, Any]:
        if category is not None:
            check_category(tx, category, new_category=new_category)
        still = {question.text_hash for question in tx.faq_searches.unanswered(since, until, MOST_CLUSTERED)}
        if not still & set(hashes):
            raise Conflict("somebody has just made a draft of it", code="already_drafted")
        stored = do_create(tx, services, actor, entry)
        tx.faq_searches.take_up(hashes, entry.id)
        return entry_json(stored)

    return await services.store.write(work)


async def _clusters(services: Services, questions: list[Unanswered]) -> list[list[Unanswered]]:
    """Questions that mean the same, the largest cluster first, in each the most typical question first."""
    if not questions:
        return []
    places = await services.faq.cluster([question.text for question in questions])
    clusters = [[questions[place] for place in cluster] for cluster in places]
    return sorted(clusters, key=lambda cluster: (-_count(cluster), cluster[0].text_hash))


def _cluster_json(cluster: list[Unanswered], searches: int) -> dict[str, Any]:
    count = _count(cluster)
    return {
        "id": _id(cluster[0]),
        "question": cluster[0].text,
        "count": count,
        "share": _share(count, searches),
        "questions": [{"text": question.text, "count": question.count} for question in cluster[:MOST_EXAMPLES]],
        "first_at": moment(min(question.first_at for question in cluster)),
        "last_at": moment(max(question.last_at for question in cluster)),
    }


def _id(question: Unanswered) -> str:
    """What names a cluster: any of its questions, so that it is found again when others have joined it."""
    return question.text_hash[:32]


def _count(cluster: list[Unanswered]) -> int:
    return sum(question.count for question in cluster)


def _counts(counts: Counter[str]) -> dict[str, Any]:
    searches = sum(counts.values())
    known = {outcome: counts[outcome] for outcome in OUTCOMES}
    return {"searches": searches, **known, "hit_rate": _share(searches - counts["unknown"], searches)}


def _share(part: int, of: int) -> float | None:
    return round(part / of, 4) if of else None


def _period(services: Services, days: int) -> tuple[datetime, datetime]:
    if days < 1:
        raise Invalid("days", "at_least_1")
    until = services.now()
    return until - timedelta(days=days), until
