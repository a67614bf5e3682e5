-- Two people: who submitted what, and who agreed to it.

ALTER TABLE campaign ADD COLUMN author TEXT NOT NULL DEFAULT '';
-- 1: it was submitted for approval, and stays so whatever the settings say later
ALTER TABLE campaign ADD COLUMN needs_approval INTEGER NOT NULL DEFAULT 0;
-- the hash of all that was submitted; what is approved is this
ALTER TABLE campaign ADD COLUMN submission TEXT NOT NULL DEFAULT '';
ALTER TABLE campaign ADD COLUMN submitted_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE campaign ADD COLUMN approver TEXT NOT NULL DEFAULT '';
ALTER TABLE campaign ADD COLUMN approved_at BIGINT NOT NULL DEFAULT 0;
-- the time that was asked for (--at); 0: none
ALTER TABLE campaign ADD COLUMN wanted_at BIGINT NOT NULL DEFAULT 0;
