-- The account of a campaign: a Merkle tree over what became of its deliveries.

-- the SHA-256 of the message's octets, in hexadecimal digits, from the intent on
ALTER TABLE delivery ADD COLUMN message_hash TEXT NOT NULL DEFAULT '';
-- the delivery's leaf in the account
ALTER TABLE delivery ADD COLUMN leaf BYTEA NOT NULL DEFAULT '';
-- the ledger's entry with the account; -1: none, or something changed since
ALTER TABLE campaign ADD COLUMN account BIGINT NOT NULL DEFAULT -1;
