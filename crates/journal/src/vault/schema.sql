-- The vault, schema 1. Instants are microseconds since the Unix epoch, UTC.

-- One row, made with the file: which master key it opens with.
CREATE TABLE vault (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    master BLOB    NOT NULL CHECK (length(master) = 16)
) STRICT;

-- One row a key, for ever: that it was, whose it was, and when it was destroyed.
CREATE TABLE keys (
    number       INTEGER PRIMARY KEY,
    id           BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    owner        TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    destroyed_at INTEGER
) STRICT;

-- However many ask at once, an owner has one key.
CREATE UNIQUE INDEX living_keys ON keys (owner) WHERE destroyed_at IS NULL;

-- The secret part, and nothing else. When SQLite splits or merges pages it leaves copies of rows
-- in the free room of the old page, where `secure_delete` does not reach them. So pages of this
-- table are never split nor merged: rows are added at the end, all of them have the same length,
-- none is removed, and one is destroyed by zeros written over it in its place.
CREATE TABLE wrapped_keys (
    number  INTEGER PRIMARY KEY,
    master  BLOB NOT NULL CHECK (length(master) = 16),
    wrapped BLOB NOT NULL CHECK (length(wrapped) = 60)
) STRICT;

CREATE TRIGGER keys_are_never_removed BEFORE DELETE ON keys
BEGIN SELECT RAISE(ABORT, 'keys are never removed'); END;

CREATE TRIGGER what_was_destroyed_stays_so BEFORE UPDATE ON keys WHEN old.destroyed_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'what was destroyed stays so'); END;

CREATE TRIGGER wrapped_keys_are_never_removed BEFORE DELETE ON wrapped_keys
BEGIN SELECT RAISE(ABORT, 'wrapped keys are never removed'); END;
