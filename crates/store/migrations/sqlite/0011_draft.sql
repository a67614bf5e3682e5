-- Messages that are being written, and every version that was submitted. Nobody's address from a list stands in any of it.

CREATE TABLE draft (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    -- the campaign's name
    name            TEXT    NOT NULL,
    audience_id     BIGINT  NOT NULL REFERENCES audience (id),
    -- the campaign whose message it changes; none: it makes a new one
    campaign_id     BIGINT  REFERENCES campaign (id),
    -- the fields of the form, as JSON
    content         TEXT    NOT NULL,
    -- when sending is to begin; 0: as soon as it is approved
    wanted_at       BIGINT  NOT NULL DEFAULT 0,
    -- who changed it last
    author          TEXT    NOT NULL,
    changed_at      BIGINT  NOT NULL,
    -- one more with each change
    version         BIGINT  NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX draft_name ON draft (name);
CREATE UNIQUE INDEX draft_campaign ON draft (campaign_id) WHERE campaign_id IS NOT NULL;

-- Files that go with a message.
CREATE TABLE draft_file (
    draft_id        BIGINT  NOT NULL REFERENCES draft (id) ON DELETE CASCADE,
    name            TEXT    NOT NULL,
    content_type    TEXT    NOT NULL,
    octets          BLOB    NOT NULL,
    PRIMARY KEY (draft_id, name)
) WITHOUT ROWID;

-- What somebody was asked to agree to, each time.
CREATE TABLE submission (
    campaign_id     BIGINT  NOT NULL REFERENCES campaign (id),
    digest          TEXT    NOT NULL,
    message         TEXT    NOT NULL,
    relay           TEXT    NOT NULL,
    wanted_at       BIGINT  NOT NULL,
    at              BIGINT  NOT NULL,
    PRIMARY KEY (campaign_id, digest)
) WITHOUT ROWID;

-- The ledger's entry with the remark of an approver who returned it; -1: none
ALTER TABLE campaign ADD COLUMN remark BIGINT NOT NULL DEFAULT -1;

-- Who looked at people's messages of a draft: entered in the ledger the first time.
CREATE TABLE draft_look (
    draft_id        BIGINT  NOT NULL REFERENCES draft (id) ON DELETE CASCADE,
    staff_id        BIGINT  NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    at              BIGINT  NOT NULL,
    PRIMARY KEY (draft_id, staff_id)
) WITHOUT ROWID;
