-- The last moment at which a delivery in doubt can have been handed over; 0: that of its intent.
ALTER TABLE delivery ADD COLUMN doubt_until BIGINT NOT NULL DEFAULT 0;
