-- Forgetting, backups, and what a restore leaves behind.

-- when the audience was forgotten (complete = 2); 0: it was not
ALTER TABLE audience ADD COLUMN forgotten_at BIGINT NOT NULL DEFAULT 0;
-- 1: its key is destroyed and its rows are deleted
ALTER TABLE audience ADD COLUMN erased SMALLINT NOT NULL DEFAULT 0;

-- One row in a backup, with the time from which on it knows nothing; none in a database that is in use.
CREATE TABLE backup_mark (
    id              SMALLINT PRIMARY KEY CHECK (id = 1),
    at              BIGINT  NOT NULL
);
