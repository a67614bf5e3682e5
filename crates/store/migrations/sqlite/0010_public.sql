-- The public pages: what people ask for by the link in a message, and finding a person again in every audience.

-- Somebody's address in an audience, by its fingerprint.
CREATE INDEX person_fingerprint ON person (audience_id, fingerprint);

-- What somebody asked of the officer. The link tells the delivery; the person may be on other lists too.
CREATE TABLE subject_request (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    campaign_id     BIGINT  NOT NULL REFERENCES campaign (id),
    delivery        BIGINT  NOT NULL,
    -- the address's fingerprint under the suppression list's key
    person          BLOB    NOT NULL,
    -- 1: a copy of what is held; 2: erasure; 3: a telephone call; 4: e-mail is not safe, another way is needed
    kind            INTEGER NOT NULL,
    made_at         BIGINT  NOT NULL,
    -- 0: open
    handled_at      BIGINT  NOT NULL DEFAULT 0
);
-- Who asks again is asking the same; handled, they may ask anew.
CREATE UNIQUE INDEX subject_request_open ON subject_request (person, kind) WHERE handled_at = 0;
