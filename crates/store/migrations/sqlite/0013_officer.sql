-- Erasing one person, and keeping what must not be erased yet.

-- 1: the person of this delivery was erased; its outcome is kept without what the relay said.
ALTER TABLE delivery ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;

-- The row of the spreadsheet that a typed reason is about: it is emptied with that person; 0: about nobody in particular.
ALTER TABLE ledger_entry ADD COLUMN about_row BIGINT NOT NULL DEFAULT 0;

-- People who were erased, by audience and row: nothing of them is in it.
CREATE TABLE erased_person (
    audience_id     BIGINT  NOT NULL REFERENCES audience (id),
    row_number      BIGINT  NOT NULL,
    erased_at       BIGINT  NOT NULL,
    -- 1: their address's fingerprint was kept in the suppression list
    suppressed      INTEGER NOT NULL,
    PRIMARY KEY (audience_id, row_number)
) WITHOUT ROWID;

-- What must not be erased for now: an audience, or one person of it.
CREATE TABLE hold (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    audience_id     BIGINT  NOT NULL REFERENCES audience (id),
    -- 0: the whole audience
    row_number      BIGINT  NOT NULL DEFAULT 0,
    -- who set it; why stands in the ledger
    actor           TEXT    NOT NULL,
    since           BIGINT  NOT NULL,
    -- 0: it holds
    lifted_at       BIGINT  NOT NULL DEFAULT 0
);
