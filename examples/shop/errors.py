"""What can be wrong with a request. Every error knows its answer; `web.py` translates once."""

from typing import ClassVar


class ShopError(Exception):
    """`fields` are (field, code) pairs; `reason` says more where one code covers several causes."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"

    def __init__(self, message: str, fields: tuple[tuple[str, str], ...] = (), reason: str | None = None) -> None:
        super().__init__(message)
        self.message, self.fields, self.reason = message, fields, reason

    def body(self) -> dict[str, object]:
        errors = [{"field": field, "code": code} for field, code in self.fields]
        body: dict[str, object] = {"code": self.code, "message": self.message, "errors": errors}
        return body if self.reason is None else {**body, "reason": self.reason}


class BadRequest(ShopError):
    pass


class Unauthenticated(ShopError):
    status, code = 401, "unauthenticated"


class CrossSite(ShopError):
    status, code = 403, "cross_site"


class NotFound(ShopError):
    status, code = 404, "not_found"


class NotJson(ShopError):
    status, code = 415, "unsupported_media_type"


class InvalidFields(ShopError):
    status, code = 422, "invalid_fields"


class KeyReused(ShopError):
    status, code = 422, "key_reused"


class Refused(ShopError):
    """The shop understood and says no; the same key gets the same no."""

    status = 409


class NotCancellable(Refused):
    code = "not_cancellable"


class AddressLocked(Refused):
    code = "address_locked"


class NotInvoiceable(Refused):
    code = "not_invoiceable"


class NotReturnable(Refused):
    code = "not_returnable"


class OverRefund(Refused):
    code = "over_refund"
