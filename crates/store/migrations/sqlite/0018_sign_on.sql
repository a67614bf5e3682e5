-- As whom staff is known at an OpenID Connect provider. The identifier there decides, and no name or address.
CREATE TABLE staff_sign_on (
    issuer          TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    staff_id        BIGINT  NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    created_at      BIGINT  NOT NULL,
    PRIMARY KEY (issuer, subject)
) WITHOUT ROWID;
CREATE UNIQUE INDEX staff_sign_on_staff ON staff_sign_on (staff_id, issuer);

-- Browsers that went to a provider and are not back. Of what they come back with there is a SHA-256 digest alone. In no backup.
CREATE TABLE staff_sign_on_begun (
    digest          BLOB    NOT NULL PRIMARY KEY,
    -- of the token of the browser's visit or session
    holder          BLOB    NOT NULL,
    begun_at        BIGINT  NOT NULL
) WITHOUT ROWID;
CREATE INDEX staff_sign_on_begun_at ON staff_sign_on_begun (begun_at);
CREATE INDEX staff_sign_on_begun_holder ON staff_sign_on_begun (holder);
