-- The journal. Instants are microseconds since the Unix epoch, UTC.

CREATE TABLE streams (
    number INTEGER PRIMARY KEY,
    id     TEXT NOT NULL UNIQUE
) STRICT;

-- One row a record. The position is the row's key: assigned inside the transaction that is
-- acknowledged, so that it is gapless and in commit order.
CREATE TABLE records (
    position     INTEGER PRIMARY KEY,
    stream       INTEGER NOT NULL,
    version      INTEGER NOT NULL CHECK (version > 0),
    record_id    BLOB    NOT NULL CHECK (length(record_id) = 16),
    event        TEXT    NOT NULL,
    format       INTEGER NOT NULL,
    data         TEXT    NOT NULL,
    effective_at INTEGER NOT NULL,
    recorded_at  INTEGER NOT NULL,
    actor        TEXT    NOT NULL,
    receipt_id   BLOB    NOT NULL CHECK (length(receipt_id) = 16)
) STRICT;

-- Finds a stream's records, up to the position that `indexed` names; what lies beyond is found by
-- reading the end of `records`. It follows in large steps, since its pages lie scattered.
CREATE TABLE stream_records (
    stream   INTEGER NOT NULL,
    version  INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (stream, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE indexed (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    position INTEGER NOT NULL
) STRICT;

INSERT INTO indexed (id, position) VALUES (1, 0);

-- One row a call. Ids ascend, so rows are added at the end of the tree.
CREATE TABLE receipts (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    listing    TEXT    NOT NULL,
    arrived_at INTEGER NOT NULL,
    method     TEXT    NOT NULL,
    parameters TEXT    NOT NULL,
    body       BLOB    NOT NULL,
    activity   TEXT,
    authentic  INTEGER NOT NULL CHECK (authentic IN (0, 1)),
    verdict    TEXT    NOT NULL,
    reason     TEXT,
    answer     BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

-- Receipts that nobody vouches for are kept in bounded number: this finds the oldest.
CREATE INDEX receipts_of_strangers ON receipts (id) WHERE authentic = 0;

CREATE TRIGGER records_are_never_changed BEFORE UPDATE ON records
BEGIN SELECT RAISE(ABORT, 'records are never changed'); END;

CREATE TRIGGER records_are_never_removed BEFORE DELETE ON records
BEGIN SELECT RAISE(ABORT, 'records are never removed'); END;

CREATE TRIGGER streams_are_never_changed BEFORE UPDATE ON streams
BEGIN SELECT RAISE(ABORT, 'streams are never changed'); END;

CREATE TRIGGER streams_are_never_removed BEFORE DELETE ON streams
BEGIN SELECT RAISE(ABORT, 'streams are never removed'); END;

CREATE TRIGGER receipts_are_never_changed BEFORE UPDATE ON receipts
BEGIN SELECT RAISE(ABORT, 'receipts are never changed'); END;

CREATE TRIGGER receipts_are_never_removed BEFORE DELETE ON receipts WHEN old.authentic = 1
BEGIN SELECT RAISE(ABORT, 'receipts of the marketplace are never removed'); END;

-- One row, written to see whether writing works.
CREATE TABLE probe (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    written_at INTEGER NOT NULL
) STRICT;
