-- Many machines: who lives, and how fast all of them together may send.

-- A live sender (PostgreSQL; on SQLite a lock on a file says it). Its number is the fencing token of its claims.
-- Times here are by the database's clock.
CREATE TABLE worker (
    id              BIGINT  NOT NULL PRIMARY KEY,
    campaign_id     BIGINT  NOT NULL REFERENCES campaign (id),
    renewed_at      BIGINT  NOT NULL,
    expires_at      BIGINT  NOT NULL
);
CREATE INDEX worker_campaign ON worker (campaign_id);

-- The next free place in time of a relay, or of a recipient domain at a relay (PostgreSQL; on SQLite one process paces).
CREATE TABLE pace (
    -- a keyed fingerprint: of the relay, or of relay and domain
    lane            BLOB   NOT NULL PRIMARY KEY,
    next_place      BIGINT  NOT NULL,
    -- the next place that somebody who has to wait is told
    next_return     BIGINT  NOT NULL,
    -- the last answer: 0: now
    told            BIGINT  NOT NULL DEFAULT 0
);
