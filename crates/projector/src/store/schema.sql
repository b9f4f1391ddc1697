-- The read models. Instants are microseconds since the Unix epoch, UTC. Nothing here is truth:
-- every row is folded from the journal, and the file may be deleted at any time.

-- One row a projection: how far it has come.
CREATE TABLE projections (
    name        TEXT    NOT NULL PRIMARY KEY,
    version     INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    recorded_at INTEGER,
    last_id     BLOB
) STRICT, WITHOUT ROWID;

-- One row a license. The id comes first in the key, so that a license is found without its
-- merchant. `standing` is what its status rests on apart from the time of day; `over_at` is the
-- end of the grace period; `pending_position` is the record of the oldest change whose order the
-- marketplace has not explained to us, and null if there is none; `state` is the whole license, and
-- only what a question asks for has a column beside it.
CREATE TABLE licenses (
    id               TEXT    NOT NULL,
    merchant         TEXT    NOT NULL,
    listing          TEXT    NOT NULL,
    standing         TEXT    NOT NULL,
    expires_at       INTEGER,
    over_at          INTEGER,
    customer_id      TEXT,
    product_id       TEXT,
    pending_position INTEGER,
    version          INTEGER NOT NULL,
    position         INTEGER NOT NULL,
    effective_at     INTEGER NOT NULL,
    recorded_at      INTEGER NOT NULL,
    state            BLOB    NOT NULL,
    PRIMARY KEY (id, merchant)
) STRICT, WITHOUT ROWID;

-- Which licenses an order changed.
CREATE TABLE license_orders (
    order_id   TEXT NOT NULL,
    merchant   TEXT NOT NULL,
    license_id TEXT NOT NULL,
    PRIMARY KEY (order_id, merchant, license_id)
) STRICT, WITHOUT ROWID;

-- One row an order line that the marketplace announced.
CREATE TABLE orders (
    order_id    TEXT    NOT NULL,
    merchant    TEXT    NOT NULL,
    line_id     TEXT    NOT NULL,
    listing     TEXT    NOT NULL,
    notified_at INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    PRIMARY KEY (order_id, merchant, line_id)
) STRICT, WITHOUT ROWID;

-- One row a receipt, without the bytes: those stay in the journal.
CREATE TABLE receipts (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    listing    TEXT    NOT NULL,
    arrived_at INTEGER NOT NULL,
    method     TEXT    NOT NULL,
    activity   TEXT,
    authentic  INTEGER NOT NULL CHECK (authentic IN (0, 1)),
    verdict    TEXT    NOT NULL,
    reason     TEXT,
    merchant   TEXT,
    license_id TEXT
) STRICT, WITHOUT ROWID;
