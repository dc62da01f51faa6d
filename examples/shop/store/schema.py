"""The tables. Money in minor units, times as ISO 8601 UTC text (which sorts by time)."""

SCHEMA_VERSION = 1

STATEMENTS = (
    """CREATE TABLE products (
        sku TEXT PRIMARY KEY, category TEXT NOT NULL, name_zh TEXT NOT NULL, name_en TEXT NOT NULL,
        description_zh TEXT NOT NULL, description_en TEXT NOT NULL, tags_zh TEXT NOT NULL, tags_en TEXT NOT NULL,
        price INTEGER NOT NULL CHECK (price > 0), list_price INTEGER NOT NULL CHECK (list_price >= price),
        currency TEXT NOT NULL, days_min INTEGER NOT NULL, days_max INTEGER NOT NULL, returnable INTEGER NOT NULL,
        cross_border INTEGER NOT NULL, picture TEXT NOT NULL, colour TEXT NOT NULL, sold INTEGER NOT NULL
    ) STRICT""",
    # A product without sizes has one row with the empty size.
    """CREATE TABLE stock (
        sku TEXT NOT NULL REFERENCES products, size TEXT NOT NULL, position INTEGER NOT NULL,
        quantity INTEGER NOT NULL CHECK (quantity >= 0), PRIMARY KEY (sku, size)
    ) STRICT""",
    """CREATE TABLE customers (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, phone TEXT NOT NULL, level TEXT NOT NULL,
        city TEXT NOT NULL, address TEXT NOT NULL, joined_at TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE orders (
        number TEXT PRIMARY KEY, customer_id TEXT NOT NULL REFERENCES customers, status TEXT NOT NULL,
        placed_at TEXT NOT NULL, paid_at TEXT, delivered_at TEXT, total INTEGER NOT NULL, currency TEXT NOT NULL,
        shipping_fee INTEGER NOT NULL, receiver TEXT NOT NULL, phone TEXT NOT NULL, address TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX orders_by_customer ON orders (customer_id, placed_at)",
    """CREATE TABLE order_items (
        order_number TEXT NOT NULL REFERENCES orders, position INTEGER NOT NULL, sku TEXT NOT NULL REFERENCES products,
        size TEXT NOT NULL, quantity INTEGER NOT NULL CHECK (quantity > 0), price INTEGER NOT NULL,
        PRIMARY KEY (order_number, position), UNIQUE (order_number, sku)
    ) STRICT""",
    """CREATE TABLE parcels (
        tracking_number TEXT PRIMARY KEY, order_number TEXT NOT NULL REFERENCES orders, position INTEGER NOT NULL,
        carrier_zh TEXT NOT NULL, carrier_en TEXT NOT NULL, status TEXT NOT NULL, eta TEXT
    ) STRICT""",
    "CREATE INDEX parcels_by_order ON parcels (order_number, position)",
    """CREATE TABLE parcel_events (
        tracking_number TEXT NOT NULL REFERENCES parcels, position INTEGER NOT NULL, at TEXT NOT NULL,
        place_zh TEXT NOT NULL, place_en TEXT NOT NULL, text_zh TEXT NOT NULL, text_en TEXT NOT NULL,
        PRIMARY KEY (tracking_number, position)
    ) STRICT""",
    """CREATE TABLE invoices (
        id TEXT PRIMARY KEY, order_number TEXT NOT NULL REFERENCES orders, title TEXT NOT NULL, tax_number TEXT,
        email TEXT NOT NULL, status TEXT NOT NULL, amount INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE returns (
        id TEXT PRIMARY KEY, order_number TEXT NOT NULL REFERENCES orders, case_id TEXT, kind TEXT NOT NULL,
        sku TEXT NOT NULL REFERENCES products, quantity INTEGER NOT NULL CHECK (quantity > 0), reason TEXT NOT NULL,
        pickup TEXT, exchange_size TEXT, status TEXT NOT NULL, refund_amount INTEGER NOT NULL, created_at TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX returns_by_order ON returns (order_number)",
    # `return_id` is set on a refund that a return brought; the others are goodwill or cancellations.
    """CREATE TABLE refunds (
        id TEXT PRIMARY KEY, order_number TEXT NOT NULL REFERENCES orders, case_id TEXT,
        return_id TEXT REFERENCES returns, amount INTEGER NOT NULL CHECK (amount > 0),
        reason TEXT NOT NULL, status TEXT NOT NULL, created_at TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX refunds_by_order ON refunds (order_number)",
    """CREATE TABLE answered_writes (
        key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL, at TEXT NOT NULL
    ) STRICT""",
)
