-- The ledger: a Merkle tree over salted hashes, and apart from it what they commit to, sealed.
-- It takes the place of the plain entries of before the first release.
DROP TABLE entry;

-- One row: size and right edge of the tree.
CREATE TABLE ledger_head (
    id              SMALLINT PRIMARY KEY CHECK (id = 1),
    frontier        BYTEA   NOT NULL
);

-- Complete subtrees; never updated.
CREATE TABLE ledger_node (
    level           SMALLINT NOT NULL,
    position        BIGINT  NOT NULL,
    -- the entry that completed it
    entry           BIGINT  NOT NULL,
    hash            BYTEA   NOT NULL,
    PRIMARY KEY (level, position)
);
CREATE INDEX ledger_node_entry ON ledger_node (entry);

CREATE TABLE ledger_entry (
    number          BIGINT  NOT NULL PRIMARY KEY,
    -- salt and content, under the ledger's key
    sealed          BYTEA   NOT NULL,
    -- what somebody typed, and its salt, under the key of the audience it is about: it can hold an address
    confidence      BYTEA   NOT NULL DEFAULT '',
    key_name        TEXT    NOT NULL DEFAULT ''
);
