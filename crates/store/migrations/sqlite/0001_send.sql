-- People, campaigns and deliveries. Times are microseconds since 1970, UTC.
-- Personal fields are sealed under the audience's key, which is not in this database.

CREATE TABLE audience (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    uid             TEXT    NOT NULL UNIQUE,
    name            TEXT    NOT NULL,
    key_name        TEXT    NOT NULL,
    -- 0: an import under way, seen by nobody; 1: complete
    complete        INTEGER NOT NULL DEFAULT 0,
    created_at      BIGINT  NOT NULL,
    fields          TEXT    NOT NULL,
    language_field  BIGINT  NOT NULL DEFAULT -1,
    people          BIGINT  NOT NULL DEFAULT 0,
    folded          BIGINT  NOT NULL DEFAULT 0,
    skipped         BIGINT  NOT NULL DEFAULT 0,
    warnings        TEXT    NOT NULL DEFAULT '[]',
    digest          TEXT    NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX audience_name ON audience (name) WHERE complete = 1;

CREATE TABLE person (
    audience_id     BIGINT  NOT NULL REFERENCES audience (id) ON DELETE CASCADE,
    -- the row of the spreadsheet, the heading being row 1
    row_number      BIGINT  NOT NULL,
    fingerprint     BLOB    NOT NULL,
    -- 0: e-mail is safe, or nothing is known of it at all; 1: not safe; 2: not known, held
    channel         INTEGER NOT NULL,
    sealed          BLOB    NOT NULL,
    PRIMARY KEY (audience_id, row_number)
) WITHOUT ROWID;

CREATE TABLE campaign (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    uid             TEXT    NOT NULL UNIQUE,
    name            TEXT    NOT NULL UNIQUE,
    audience_id     BIGINT  NOT NULL REFERENCES audience (id),
    state           INTEGER NOT NULL,
    reason          TEXT    NOT NULL DEFAULT '',
    message         TEXT    NOT NULL,
    message_digest  TEXT    NOT NULL,
    relay           TEXT    NOT NULL,
    connections     BIGINT  NOT NULL,
    acknowledged    TEXT    NOT NULL,
    created_at      BIGINT  NOT NULL,
    start_at        BIGINT  NOT NULL,
    finished_at     BIGINT  NOT NULL DEFAULT 0
);

CREATE TABLE delivery (
    campaign_id     BIGINT  NOT NULL REFERENCES campaign (id),
    number          BIGINT  NOT NULL,
    row_number      BIGINT  NOT NULL,
    state           INTEGER NOT NULL,
    -- the sender that holds it; 0: nobody
    worker          BIGINT  NOT NULL DEFAULT 0,
    attempts        BIGINT  NOT NULL DEFAULT 0,
    first_attempt   BIGINT  NOT NULL DEFAULT 0,
    next_attempt    BIGINT  NOT NULL DEFAULT 0,
    -- the Date of the message, fixed at the first intent
    date            BIGINT  NOT NULL DEFAULT 0,
    intended_at     BIGINT  NOT NULL DEFAULT 0,
    settled_at      BIGINT  NOT NULL DEFAULT 0,
    code            INTEGER NOT NULL DEFAULT 0,
    enhanced        TEXT    NOT NULL DEFAULT '',
    -- the relay's words, sealed: they can hold addresses
    reply           TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (campaign_id, number)
) WITHOUT ROWID;
CREATE INDEX delivery_due ON delivery (campaign_id, state, next_attempt, number) WHERE state IN (0, 5);
CREATE INDEX delivery_taken ON delivery (campaign_id, worker) WHERE state IN (1, 2);

CREATE TABLE suppression (
    fingerprint     BLOB    NOT NULL,
    -- 1: surveys, by own wish; 2: the address, by bounce; 3: all e-mail, unsafe
    scope           INTEGER NOT NULL,
    created_at      BIGINT  NOT NULL,
    PRIMARY KEY (fingerprint, scope)
) WITHOUT ROWID;

-- What people did: the entries of the ledger. No address and no name stands in any of it.
CREATE TABLE entry (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    at              BIGINT  NOT NULL,
    actor           TEXT    NOT NULL,
    act             TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    detail          TEXT    NOT NULL
);
