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
-- end of the grace period. Three columns tell what is left to do, each by the record of what has
-- waited longest, and are null if nothing is: `pending_position` of the changes whose orders the
-- marketplace has not explained to us, `provisioning_position` of the purchase that the merchant's
-- application is not ready for, `file_position` of the license files to be made or delivered.
-- `state` is the whole license, and only what a question asks for has a column beside it.
CREATE TABLE licenses (
    id                    TEXT    NOT NULL,
    merchant              TEXT    NOT NULL,
    listing               TEXT    NOT NULL,
    standing              TEXT    NOT NULL,
    expires_at            INTEGER,
    over_at               INTEGER,
    customer_id           TEXT,
    product_id            TEXT,
    pending_position      INTEGER,
    provisioning_position INTEGER,
    file_position         INTEGER,
    version               INTEGER NOT NULL,
    position              INTEGER NOT NULL,
    effective_at          INTEGER NOT NULL,
    recorded_at           INTEGER NOT NULL,
    state                 BLOB    NOT NULL,
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

-- One row for the use of a license. What the marketplace took or will not take is counted; the
-- reports themselves stay in the journal.
CREATE TABLE usage (
    merchant    TEXT    NOT NULL,
    license_id  TEXT    NOT NULL,
    listing     TEXT,
    taken       INTEGER NOT NULL,
    denied      INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (merchant, license_id)
) STRICT, WITHOUT ROWID;

-- The sum of the amounts that were reported, by the package they are taken from; an empty text is
-- no package. Sums are ten-thousandths of a unit, of which there are 64 bits: those of the column
-- without their sign.
CREATE TABLE usage_totals (
    merchant        TEXT    NOT NULL,
    license_id      TEXT    NOT NULL,
    package_id      TEXT    NOT NULL,
    ten_thousandths INTEGER NOT NULL,
    ended_at        INTEGER NOT NULL,
    PRIMARY KEY (merchant, license_id, package_id)
) STRICT, WITHOUT ROWID;

-- The reports that the marketplace has still to take. `position` is the record that told of one.
CREATE TABLE usage_pending (
    merchant   TEXT    NOT NULL,
    license_id TEXT    NOT NULL,
    serial     TEXT    NOT NULL,
    listing    TEXT    NOT NULL,
    position   INTEGER NOT NULL,
    PRIMARY KEY (merchant, license_id, serial)
) STRICT, WITHOUT ROWID;

-- One row an enterprise for one instance, through one production address. `tenant` is the position
-- of its first record, and names it in the tables below; an empty instance is none. What it is bound
-- with is null while it is not bound. Names and profiles are sealed: the key's number, the digest,
-- and bytes that only the vault can read.
CREATE TABLE tenants (
    tenant       INTEGER NOT NULL PRIMARY KEY,
    merchant     TEXT    NOT NULL,
    tenant_id    TEXT    NOT NULL,
    listing      TEXT    NOT NULL,
    partition    TEXT    NOT NULL,
    instance_id  TEXT    NOT NULL,
    bound        INTEGER NOT NULL CHECK (bound IN (0, 1)),
    order_id     TEXT,
    code         TEXT,
    domain       TEXT,
    name         BLOB,
    version      INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    effective_at INTEGER NOT NULL,
    recorded_at  INTEGER NOT NULL,
    UNIQUE (tenant_id, listing, partition, instance_id, merchant)
) STRICT;

-- Its clients at its authentication centre, without their secrets: those stay in the journal.
CREATE TABLE tenant_clients (
    tenant         INTEGER NOT NULL,
    application_id TEXT    NOT NULL,
    client_id      TEXT    NOT NULL,
    PRIMARY KEY (tenant, application_id)
) STRICT, WITHOUT ROWID;

-- Its members, one row for each application of which they were told.
CREATE TABLE tenant_members (
    tenant         INTEGER NOT NULL,
    application_id TEXT    NOT NULL,
    member_id      BLOB    NOT NULL CHECK (length(member_id) = 16),
    access         TEXT    NOT NULL,
    grants         INTEGER NOT NULL,
    role           TEXT    NOT NULL,
    enabled        INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    department     TEXT    NOT NULL,
    profile        BLOB    NOT NULL,
    position       INTEGER NOT NULL,
    PRIMARY KEY (tenant, application_id, member_id)
) STRICT, WITHOUT ROWID;

-- Its departments.
CREATE TABLE tenant_departments (
    tenant   INTEGER NOT NULL,
    code     TEXT    NOT NULL,
    parent   TEXT,
    name     BLOB    NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (tenant, code)
) STRICT, WITHOUT ROWID;
