-- A pace and quiet hours of one campaign, beside those of the installation: both hold.

-- messages a minute at most; 0: no limit of its own
ALTER TABLE draft ADD COLUMN per_minute BIGINT NOT NULL DEFAULT 0;
-- 20:00-08:00, in the installation's time zone; empty: none of its own
ALTER TABLE draft ADD COLUMN quiet_hours TEXT NOT NULL DEFAULT '';
ALTER TABLE campaign ADD COLUMN per_minute BIGINT NOT NULL DEFAULT 0;
ALTER TABLE campaign ADD COLUMN quiet_hours TEXT NOT NULL DEFAULT '';
ALTER TABLE submission ADD COLUMN per_minute BIGINT NOT NULL DEFAULT 0;
ALTER TABLE submission ADD COLUMN quiet_hours TEXT NOT NULL DEFAULT '';
