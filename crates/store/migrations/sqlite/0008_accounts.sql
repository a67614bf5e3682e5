-- The people who work with the console. They are not people on a list: login names and names are in the clear, and in no
-- log. Of tokens, links, codes and keys there are SHA-256 digests alone.

CREATE TABLE staff (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    login           TEXT    NOT NULL,
    -- the login name in lower case
    login_folded    TEXT    NOT NULL UNIQUE,
    name            TEXT    NOT NULL,
    -- argon2id, PHC; empty: invited, and has not come yet
    password_hash   TEXT    NOT NULL DEFAULT '',
    -- sealed by the program, under a key that is not in this database
    totp_sealed     TEXT    NOT NULL DEFAULT '',
    -- the last step whose code was used
    totp_step       BIGINT  NOT NULL DEFAULT 0,
    -- a bit for each role
    roles           INTEGER NOT NULL,
    disabled        INTEGER NOT NULL DEFAULT 0,
    created_at      BIGINT  NOT NULL
);

-- Codes on paper that were not used yet.
CREATE TABLE staff_recovery_code (
    staff_id        BIGINT  NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    digest          BLOB    NOT NULL,
    PRIMARY KEY (staff_id, digest)
) WITHOUT ROWID;

-- Links that work once. In no backup.
CREATE TABLE staff_link (
    digest          BLOB    NOT NULL PRIMARY KEY,
    -- 1: the first administrator; 2: an invitation; 3: a recovery
    purpose         INTEGER NOT NULL,
    -- nobody yet for the first administrator
    staff_id        BIGINT  REFERENCES staff (id) ON DELETE CASCADE,
    created_at      BIGINT  NOT NULL,
    expires_at      BIGINT  NOT NULL,
    -- 0: not used
    used_at         BIGINT  NOT NULL DEFAULT 0
);
CREATE INDEX staff_link_staff ON staff_link (staff_id);

-- In no backup.
CREATE TABLE staff_session (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    digest          BLOB    NOT NULL UNIQUE,
    staff_id        BIGINT  NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    -- 1: the password alone; 2: the second factor too
    strength        INTEGER NOT NULL,
    created_at      BIGINT  NOT NULL,
    last_seen       BIGINT  NOT NULL,
    -- 0: not shown
    second_factor_at BIGINT NOT NULL DEFAULT 0,
    -- /24 or /64
    network         TEXT    NOT NULL,
    agent           TEXT    NOT NULL
);
CREATE INDEX staff_session_staff ON staff_session (staff_id);

CREATE TABLE api_key (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    digest          BLOB    NOT NULL UNIQUE,
    name            TEXT    NOT NULL,
    -- a bit for each scope
    scopes          INTEGER NOT NULL,
    created_by      TEXT    NOT NULL,
    created_at      BIGINT  NOT NULL,
    -- 0: never
    expires_at      BIGINT  NOT NULL DEFAULT 0,
    last_used       BIGINT  NOT NULL DEFAULT 0,
    revoked_at      BIGINT  NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX api_key_name ON api_key (name) WHERE revoked_at = 0;
