//! Signing in at an OpenID Connect provider: who is known there as whom, and which browsers went there and are not back.

use accounts::TokenDigest;
use jiff::{SignedDuration, Timestamp};
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use crate::audience::time;
use crate::ledger::append;
use crate::session::end_sessions;
use crate::user::user;
use crate::{SealedEntry, Store, StoreError, User, UserId};

/// A browser that went to the provider is waited for so long: time to find a telephone, and to type a password there.
pub const SIGN_ON_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// Sign-ons of one browser that are under way: tabs. One past that ends its oldest.
pub const SIGN_ONS_PER_BROWSER_MAX: u32 = 5;
/// Sign-ons of all browsers that are under way. One past that ends the oldest of all: a flood costs rows of some 100 octets, and no
/// more of them than this.
pub const SIGN_ONS_MAX: u32 = 10_000;
/// Octets of an identifier at a provider (OpenID Connect Core 1.0 §2: 255 ASCII characters).
pub const SUBJECT_OCTETS_MAX: usize = 255;

/// As whom a user is known at a provider. Prints nothing of the identifier.
#[derive(Clone, PartialEq, Eq)]
pub struct SignOn {
    /// The provider, as the settings named it then.
    pub issuer: String,
    /// The user's identifier there.
    pub subject: String,
    /// Since when it is known.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for SignOn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SignOn({})", self.created_at)
    }
}

/// A browser that goes to the provider.
#[derive(Debug, Clone, Copy)]
pub struct BegunSignOn {
    /// Of what it comes back with.
    pub digest: TokenDigest,
    /// Of the token of its visit or session.
    pub holder: TokenDigest,
    /// Now.
    pub at: Timestamp,
}

impl Store {
    /// Notes that a browser goes to the provider. Ends what nobody came back to.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin_sign_on(&self, new: &BegunSignOn) -> Result<(), StoreError> {
        let mut transaction = self.write.begin().await?;
        end_late(&mut transaction, new.at).await?;
        sqlx::query("INSERT INTO staff_sign_on_begun (digest, holder, begun_at) VALUES ($1, $2, $3)")
            .bind(new.digest.0.to_vec())
            .bind(new.holder.0.to_vec())
            .bind(new.at.as_microsecond())
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "DELETE FROM staff_sign_on_begun WHERE holder = $1 AND digest NOT IN (SELECT digest FROM (SELECT digest FROM \
             staff_sign_on_begun WHERE holder = $1 ORDER BY begun_at DESC, digest LIMIT $2) AS newest)",
        )
        .bind(new.holder.0.to_vec())
        .bind(i64::from(SIGN_ONS_PER_BROWSER_MAX))
        .execute(&mut *transaction)
        .await?;
        let all: i64 = sqlx::query_scalar("SELECT count(*) FROM staff_sign_on_begun")
            .fetch_one(&mut *transaction)
            .await?;
        let past = all - i64::from(SIGN_ONS_MAX);
        if past > 0 {
            sqlx::query(
                "DELETE FROM staff_sign_on_begun WHERE digest IN (SELECT digest FROM (SELECT digest FROM staff_sign_on_begun \
                 WHERE digest <> $1 ORDER BY begun_at, digest LIMIT $2) AS oldest)",
            )
            .bind(new.digest.0.to_vec())
            .bind(past)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Uses a sign-on up that this browser began. `false`: it was used, took longer than [`SIGN_ON_LIFE`], or is another
    /// browser's, whose it stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_sign_on(
        &self,
        digest: TokenDigest,
        holder: TokenDigest,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "DELETE FROM staff_sign_on_begun WHERE digest = $1 AND holder = $2 AND begun_at > $3 AND begun_at <= $4",
        )
        .bind(digest.0.to_vec())
        .bind(holder.0.to_vec())
        .bind((now - SIGN_ON_LIFE).as_microsecond())
        .bind(now.as_microsecond())
        .execute(&self.write)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The user who is known at a provider by this identifier; disabled ones too.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn user_signed_on(&self, issuer: &str, subject: &str) -> Result<Option<User>, StoreError> {
        let sql = "SELECT s.id, s.login, s.name, s.password_hash, s.totp_sealed, s.totp_step, s.roles, s.disabled, s.created_at \
                   FROM staff s JOIN staff_sign_on o ON o.staff_id = s.id WHERE o.issuer = $1 AND o.subject = $2";
        let row =
            sqlx::query(AssertSqlSafe(sql)).bind(issuer).bind(subject).fetch_optional(&self.read).await?;
        row.as_ref().map(user).transpose()
    }

    /// As whom a user is known, by provider.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sign_ons(&self, of: UserId) -> Result<Vec<SignOn>, StoreError> {
        let rows = sqlx::query(
            "SELECT issuer, subject, created_at FROM staff_sign_on WHERE staff_id = $1 ORDER BY issuer",
        )
        .bind(of.0)
        .fetch_all(&self.read)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(SignOn {
                    issuer: row.try_get("issuer")?,
                    subject: row.try_get("subject")?,
                    created_at: time(row, "created_at")?,
                })
            })
            .collect()
    }

    /// Notes as whom a user is known at a provider, where nobody else is that there and the user is nobody else.
    ///
    /// # Errors
    /// [`StoreError::SignOnInUse`]; [`StoreError::NotFound`] for a user who is not there, disabled, or has not set the account up.
    pub async fn link_sign_on(
        &self,
        of: UserId,
        new: &SignOn,
        entry: &SealedEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write.begin().await?;
        let done = sqlx::query(
            "INSERT INTO staff_sign_on (issuer, subject, staff_id, created_at) \
             SELECT $1, $2, id, $4 FROM staff WHERE id = $3 AND disabled = 0 AND password_hash <> ''",
        )
        .bind(new.issuer.as_str())
        .bind(new.subject.as_str())
        .bind(of.0)
        .bind(new.created_at.as_microsecond())
        .execute(&mut *transaction)
        .await
        .map_err(in_use)?;
        if done.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Takes away as whom a user is known at a provider. All sessions of the user end: one may have come in by it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn unlink_sign_on(
        &self,
        of: UserId,
        issuer: &str,
        entry: &SealedEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write.begin().await?;
        let done = sqlx::query("DELETE FROM staff_sign_on WHERE staff_id = $1 AND issuer = $2")
            .bind(of.0)
            .bind(issuer)
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        end_sessions(&mut transaction, of, None).await?;
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Ends what nobody came back to.
pub(crate) async fn end_late(connection: &mut AnyConnection, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM staff_sign_on_begun WHERE begun_at <= $1")
        .bind((now - SIGN_ON_LIFE).as_microsecond())
        .execute(connection)
        .await?;
    Ok(())
}

fn in_use(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(database) if database.is_unique_violation() => StoreError::SignOnInUse,
        _ => error.into(),
    }
}
