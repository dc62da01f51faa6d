"""Errors that know their answer: each carries the HTTP status and code that the edge sends, translated once, there."""

from __future__ import annotations

from typing import Any


class KefuError(Exception):
    """A refusal in the caller's terms. `extra` is added to the error body; `retry_after` is in seconds."""

    status = 400
    code = "bad_request"

    def __init__(self, message: str = "", *, retry_after: int | None = None, **extra: Any) -> None:
        super().__init__(message or self.code.replace("_", " "))
        self.retry_after = retry_after
        self.extra = extra


class BadRequest(KefuError):
    """The request could not be read at all."""


class Invalid(KefuError):
    """A field has a value that we cannot use."""

    status, code = 422, "invalid"

    def __init__(self, field: str, code: str, message: str = "") -> None:
        super().__init__(message or f"{field}: {code.replace('_', ' ')}", errors=[{"field": field, "code": code}])


class Unauthenticated(KefuError):
    """No token, or one that is wrong, expired or revoked. Always the same text."""

    status, code = 401, "unauthenticated"


class BadIdentifierHash(KefuError):
    """The identifier came without a valid HMAC: never anonymous-with-a-name."""

    status, code = 401, "bad_identifier_hash"


class BadCredentials(KefuError):
    """Wrong e-mail or wrong password: one text for both."""

    status, code = 401, "bad_credentials"


class Forbidden(KefuError):
    """Known, but not allowed."""

    status, code = 403, "forbidden"


class OriginNotAllowed(KefuError):
    """The page's origin is not on the website's list."""

    status, code = 403, "origin_not_allowed"


class VerificationRequired(KefuError):
    """An order is only shown with its phone's last four digits."""

    status, code = 403, "verification_required"


class NotFound(KefuError):
    """Not there, or not yours: the same answer."""

    status, code = 404, "not_found"


class UnknownWebsite(KefuError):
    """No website has this token."""

    status, code = 404, "unknown_website"


class OrderNotFound(KefuError):
    """Wrong number, wrong digits and somebody else's order give this one answer."""

    status, code = 404, "order_not_found"


class Conflict(KefuError):
    """The state of the thing does not allow it."""

    status, code = 409, "conflict"

    def __init__(self, message: str = "", *, code: str | None = None, **extra: Any) -> None:
        super().__init__(message or (code or self.code).replace("_", " "), **extra)
        if code:
            self.code = code


class ConversationTaken(Conflict):
    """Somebody else owns the conversation; `owner` in the body says who."""

    code = "conversation_taken"


class StaleEpoch(Conflict):
    """The owner has changed since the actor looked; `owner` in the body is the fresh one."""

    code = "stale_epoch"


class AtCapacity(Conflict):
    """The agent has as many conversations as he may have at once."""

    code = "at_capacity"


class NotWaiting(Conflict):
    """The conversation is not waiting for a human."""

    code = "not_waiting"


class IllegalOwner(Conflict):
    """That owner cannot follow this one."""

    code = "illegal_owner"


class DuplicateMessage(Exception):
    """The same client id with the same content was stored before, as `seq`. Not an error for the caller."""

    def __init__(self, seq: int) -> None:
        super().__init__(f"stored before as {seq}")
        self.seq = seq


class ClientIdReused(KefuError):
    """The same client id with another content."""

    status, code = 422, "client_id_reused"


class KeyReused(KefuError):
    """The same idempotency key with another request."""

    status, code = 422, "key_reused"


class TooLarge(KefuError):
    """The body or text is longer than we take."""

    status, code = 413, "too_large"


class RateLimited(KefuError):
    """Too many; `retry_after` says when again."""

    status, code = 429, "rate_limited"


class TooManyTries(KefuError):
    """Too many wrong order numbers or digits: a human goes on."""

    status, code = 429, "too_many_tries"


class Unavailable(KefuError):
    """A part that we need does not answer; nothing was changed. `code` names it."""

    status, code = 503, "unavailable"

    def __init__(self, code: str, message: str = "", *, retry_after: int = 2) -> None:
        super().__init__(message or code.replace("_", " "), retry_after=retry_after)
        self.code = code
