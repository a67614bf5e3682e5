-- Up to which entry of the ledger staff was told by mail; one row, once there is any.
CREATE TABLE staff_told (
    id              SMALLINT PRIMARY KEY CHECK (id = 1),
    entries         BIGINT  NOT NULL
);
