-- What came back: bounces, complaints, requests for no more, replies. Nothing of a person stands here.

CREATE TABLE delivery_return (
    campaign_id     BIGINT  NOT NULL REFERENCES campaign (id),
    delivery        BIGINT  NOT NULL,
    -- 1: bad mailbox; 2: full mailbox; 3: undelivered for another reason; 4: complaint; 5: unsubscribe; 6: reply
    kind            SMALLINT NOT NULL,
    -- of RFC 3463: class * 1,000,000 + subject * 1,000 + detail; 0: none
    code            BIGINT  NOT NULL,
    first_at        BIGINT  NOT NULL,
    -- how often it came; counted is who, and once
    times           BIGINT  NOT NULL,
    PRIMARY KEY (campaign_id, delivery, kind)
);

-- Mailboxes that were full, until they are emptied or given up.
CREATE TABLE full_mailbox (
    -- the address's fingerprint under the suppression list's key
    person          BYTEA   NOT NULL,
    campaign_id     BIGINT  NOT NULL REFERENCES campaign (id),
    at              BIGINT  NOT NULL,
    PRIMARY KEY (person, campaign_id)
);
