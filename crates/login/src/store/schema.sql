-- Sessions of logged-in members, their tickets, and the codes that were used. No id, ticket or code
-- stands here, only its SHA-256; no name either. Instants are microseconds since 1970, UTC.
-- Deleting the file ends every session, and nothing else.

CREATE TABLE sessions (
    number          INTEGER PRIMARY KEY,
    -- Of the ticket, until it is exchanged; then of the session's id.
    digest          BLOB    NOT NULL UNIQUE CHECK (length(digest) = 32),
    -- Until when the ticket waits; NULL once it was exchanged.
    ticket_ends_at  INTEGER,
    listing         TEXT    NOT NULL,
    stream          TEXT    NOT NULL,
    application     TEXT    NOT NULL,
    -- The keyed digest under which the journal knows the member.
    member          BLOB    NOT NULL CHECK (length(member) = 16),
    grants          INTEGER NOT NULL,
    -- The position of the journal at which the session began.
    since           INTEGER NOT NULL,
    centre_role     TEXT,
    ends_at         INTEGER NOT NULL,
    access_ends_at  INTEGER,
    renew_at        INTEGER,
    -- The refresh token, sealed by the vault, and the number of the key.
    refresh_key     BLOB,
    refresh         BLOB
) STRICT;

CREATE INDEX sessions_by_member ON sessions (stream, application, member, number);
CREATE INDEX sessions_by_end ON sessions (ends_at);
CREATE INDEX sessions_by_ticket ON sessions (ticket_ends_at) WHERE ticket_ends_at IS NOT NULL;

CREATE TABLE used_codes (
    digest      BLOB    NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    -- Of the listing and enterprise that a browser came back for.
    enterprise  BLOB    NOT NULL CHECK (length(enterprise) = 32),
    forget_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX used_codes_by_end ON used_codes (forget_at);
CREATE INDEX used_codes_by_enterprise ON used_codes (enterprise);
