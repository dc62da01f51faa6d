"""What the caller of a unit of work is told when the database fails."""

from __future__ import annotations

import logging

from sqlalchemy.exc import DatabaseError, DataError, DBAPIError, InterfaceError, OperationalError

from handoff.domain.errors import BadRequest, Unavailable

log = logging.getLogger(__name__)


def unavailable(error: BaseException) -> Unavailable:
    """The caller's view of a database that is locked, full or gone."""
    log.error("database: %s", (str(getattr(error, "orig", error)).splitlines() or [repr(error)])[0])
    return Unavailable("database_unavailable", "the database does not answer; nothing was changed")


def translate(error: Exception) -> Exception:
    """What the caller of a unit is told of an error in it: the database's own failings are Unavailable, values that no
    database holds (a NUL, half a surrogate pair, a number of 30 digits) a BadRequest, all else is the unit's own."""
    if isinstance(error, DataError | UnicodeError | OverflowError):
        return BadRequest("a value that cannot be stored")
    # The plain DatabaseError is a file that is broken or none; its other children are errors of ours.
    if isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError:
        return unavailable(error)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return unavailable(error)
    return error


def closed() -> Unavailable:
    """For who asks after the end."""
    return Unavailable("database_unavailable", "the database is closed")
