"""Parcels with their event histories."""

import sqlite3

from examples.shop.errors import NotFound
from examples.shop.shapes import Parcel, ParcelEvent


def get_parcel(connection: sqlite3.Connection, tracking_number: str) -> Parcel:
    """With its events, newest first. Raises NotFound."""
    row = connection.execute("SELECT * FROM parcels WHERE tracking_number = ?", (tracking_number.upper(),)).fetchone()
    if row is None:
        raise NotFound("There is no such parcel.")
    events: list[ParcelEvent] = [
        {
            "at": event["at"],
            "place": {"zh": event["place_zh"], "en": event["place_en"]},
            "text": {"zh": event["text_zh"], "en": event["text_en"]},
        }
        for event in connection.execute(
            "SELECT * FROM parcel_events WHERE tracking_number = ? ORDER BY position DESC", (row["tracking_number"],)
        )
    ]
    return {
        "tracking_number": row["tracking_number"],
        "order_number": row["order_number"],
        "carrier": {"zh": row["carrier_zh"], "en": row["carrier_en"]},
        "status": row["status"],
        "eta": row["eta"],
        "events": events,
    }
