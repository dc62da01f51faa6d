"""Invoices: whose name, the tax number of a company, and where to send it."""

from __future__ import annotations

import re
from typing import Any

from bot.actions.form import FormAction
from bot.actions.form_steps import Form, Step
from bot.actions.orders import DigitsStep, OrderStep, open_order
from bot.actions.reading import email, is_question, tax_number
from bot.actions.steps import ConfirmStep, EmailStep
from bot.actions.turn import Event, Turn, option
from bot.actions.wording import ORDER_STATUS, word
from handoff.client import HandoffError

_COMPANY = re.compile(
    r"公司|集团|企业|厂|店|中心|事务所|学校|大学|医院|银行|协会|合作社|工作室|\b(?:ltd|inc|llc|co\.|company|corp|gmbh|limited)\b",
    re.IGNORECASE,
)
_TITLE = re.compile(r"(?:抬头|名称|title)(?:是|为|写|开|:|：| is)?\s*([^,，。;；\s][^,，。;；]{1,60})", re.IGNORECASE)
_PERSON = {"zh": "个人", "en": "Personal"}


class TitleStep(Step):
    """The name on the invoice: a person's or a company's."""

    slot = "invoice_title"
    clears = ("tax_number",)

    async def ask(self, turn: Turn, form: Form) -> None:
        turn.ask("utter_ask_invoice_title", [option(_PERSON[turn.lang], invoice_title=_PERSON[turn.lang])])

    def read(self, turn: Turn, form: Form, asked: bool) -> Any | None:
        named = _TITLE.search(turn.text)
        if named and not is_question(turn):
            return named[1].strip()
        if not asked or is_question(turn):
            return None
        text = turn.text.replace(email(turn) or "\0", " ").replace(tax_number(turn) or "\0", " ").strip(" ,，。:：")
        return text[:100] if len(text) >= 2 and turn.intent not in ("deny", "stop", "correct") else None


class TaxNumberStep(Step):
    """A company's tax number; people have none."""

    slot = "tax_number"

    def needed(self, form: Form) -> bool:
        return bool(_COMPANY.search(str(form.get("invoice_title") or "")))

    async def ask(self, turn: Turn, form: Form) -> None:
        turn.say("utter_ask_tax_number")

    def read(self, turn: Turn, form: Form, asked: bool) -> Any | None:
        return tax_number(turn)


class InvoiceForm(FormAction):
    steps = (
        OrderStep(("paid", "packed", "shipped", "delivered", "completed")),
        DigitsStep(),
        TitleStep(),
        TaxNumberStep(),
        EmailStep(),
        ConfirmStep(
            "utter_confirm_invoice",
            lambda turn, form: {
                "number": form.get("order_number"),
                "title": form.get("invoice_title"),
                "tax": form.get("tax_number") or "—",
                "mail": form.get("email"),
            },
            ("order_number", "invoice_title", "tax_number", "email"),
        ),
    )

    def name(self) -> str:
        return "invoice_form"

    async def prepare(self, turn: Turn, form: Form) -> bool:
        await open_order(turn, form)
        if form.order is not None and form.order["status"] in ("unpaid", "cancelled"):
            _refuse(turn, form)
            return False
        return True

    async def submit(self, turn: Turn, form: Form) -> list[Event]:
        number, mail = str(form.get("order_number")), str(form.get("email"))
        tax = form.get("tax_number") if TaxNumberStep().needed(form) else None
        try:
            await turn.client.orders_invoice(
                turn.conversation_id, number, str(form.get("invoice_title")), mail, tax, key=turn.key("invoice", number)
            )
        except HandoffError as error:
            if error.code != "not_invoiceable":
                raise
            _refuse(turn, form)
            return []
        turn.say("utter_invoice_requested", number=number, mail=mail)
        return []


def _refuse(turn: Turn, form: Form) -> None:
    status = word(ORDER_STATUS, (form.order or {}).get("status"), turn.lang)
    turn.offer_human("utter_not_invoiceable", number=form.get("order_number"), status=status)
