"""The bodies of the shop API (docs/interfaces.md, section 4). Money is in minor units, times are ISO 8601 UTC."""

from typing import Literal, TypedDict

Language = Literal["zh", "en"]


class Both(TypedDict):
    zh: str
    en: str


class Size(TypedDict):
    size: str
    stock: int


class Product(TypedDict):
    sku: str
    name: Both
    category: str
    description: Both
    price: int
    currency: str
    list_price: int
    sizes: list[Size]
    stock: int
    delivery_days: list[int]
    returnable: bool
    url: str
    image: str


class Customer(TypedDict):
    id: str
    name: str
    email: str
    phone_last4: str
    level: str
    joined_at: str
    vip: bool


class Item(TypedDict):
    sku: str
    name: Both
    size: str | None
    quantity: int
    price: int
    returned: int


class Address(TypedDict):
    name: str
    phone_masked: str
    text: str


class ParcelSummary(TypedDict):
    tracking_number: str
    carrier: Both
    status: str


class ParcelEvent(TypedDict):
    at: str
    place: Both
    text: Both


class Parcel(ParcelSummary):
    order_number: str
    eta: str | None
    events: list[ParcelEvent]


class Invoice(TypedDict):
    id: str
    title: str
    tax_number: str | None
    email: str
    status: str
    amount: int


class ReturnSummary(TypedDict):
    id: str
    kind: str
    sku: str
    status: str


class Label(TypedDict):
    carrier: Both
    code: str
    pickup_at: str | None


class Return(TypedDict):
    id: str
    status: str
    refund_amount: int
    label: Label | None


class Refund(TypedDict):
    id: str
    amount: int
    status: str


class Order(TypedDict):
    number: str
    customer_id: str
    phone_last4: str
    status: str
    placed_at: str
    paid_at: str | None
    delivered_at: str | None
    items: list[Item]
    total: int
    currency: str
    shipping_fee: int
    address: Address
    parcels: list[ParcelSummary]
    invoice: Invoice | None
    returns: list[ReturnSummary]
    cancellable: bool
    address_changeable: bool
    returnable_until: str | None
