-- Creations that another program asked for, for a day: sent again, they get the same answer, and nothing is made twice. What the program
-- called the request, and what it asked for, are keyed hashes; the answer says nothing of anybody on a list.
CREATE TABLE api_request (
    api_key_id      BIGINT  NOT NULL REFERENCES api_key (id),
    name            BLOB    NOT NULL,
    request         BLOB    NOT NULL,
    begun_at        BIGINT  NOT NULL,
    -- of the answer; 0: it is being worked on
    status          INTEGER NOT NULL DEFAULT 0,
    answer          TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (api_key_id, name)
) WITHOUT ROWID;
CREATE INDEX api_request_begun ON api_request (begun_at);

-- API keys that said they look at people's messages of a draft: once is an entry.
CREATE TABLE draft_look_api (
    draft_id        BIGINT  NOT NULL REFERENCES draft (id) ON DELETE CASCADE,
    api_key_id      BIGINT  NOT NULL REFERENCES api_key (id),
    at              BIGINT  NOT NULL,
    PRIMARY KEY (draft_id, api_key_id)
) WITHOUT ROWID;
