-- Messages that somebody opened before approving: of which submission, and which by its place in the audience. Nobody's address is in it.
CREATE TABLE look (
    campaign_id     BIGINT  NOT NULL REFERENCES campaign (id),
    staff_id        BIGINT  NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    submission      TEXT    NOT NULL,
    place           BIGINT  NOT NULL,
    at              BIGINT  NOT NULL,
    PRIMARY KEY (campaign_id, staff_id, submission, place)
);
