//! Sessions in the console. How long one lives is decided by [`accounts::SessionTimes`]; here are its rows.

use accounts::{STEP_UP_AGE_MAX, SessionTimes, Strength, TOUCH_INTERVAL, TokenDigest};
use jiff::{SignedDuration, Timestamp};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use crate::audience::{small, time};
use crate::{SealedEntry, Store, StoreError, UserId};

/// Sessions of one user at a time, and as many that have shown the password alone: one past that ends the one of its kind
/// that was used longest ago. So whoever knows the password alone ends none of those that showed both.
pub const SESSIONS_PER_USER_MAX: u32 = 20;
/// Characters of a browser's own description that are kept, for its owner to know it by.
pub const AGENT_CHARS_MAX: usize = 120;
const COLUMNS: &str = "id, staff_id, strength, created_at, last_seen, second_factor_at, network, agent";

/// A session's number in this database: it names a session in a list, and is no way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId(pub i64);

/// A session. Prints without network and browser.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// The number.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// What decides what it is worth.
    pub times: SessionTimes,
    /// The network it was begun from, /24 or /64.
    pub network: String,
    /// What the browser called itself, shortened.
    pub agent: String,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({}, of user {}, {:?})", self.id.0, self.user.0, self.times)
    }
}

/// A session to be begun.
#[derive(Clone, Copy)]
pub struct NewSession<'a> {
    /// Of its token.
    pub digest: TokenDigest,
    /// Whose it is.
    pub user: UserId,
    /// The network, as [`accounts::Network`] shows it.
    pub network: &'a str,
    /// What the browser calls itself; cut to [`AGENT_CHARS_MAX`], and without control characters.
    pub agent: &'a str,
    /// Now.
    pub at: Timestamp,
}

impl Store {
    /// Begins a session that has shown the password alone.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a user who is not there or disabled.
    pub async fn begin_session(&self, new: &NewSession<'_>) -> Result<SessionId, StoreError> {
        let agent: String = new.agent.chars().filter(|c| !c.is_control()).take(AGENT_CHARS_MAX).collect();
        let mut transaction = self.write.begin().await?;
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO staff_session (digest, staff_id, strength, created_at, last_seen, network, agent) \
             SELECT $1, id, $3, $4, $4, $5, $6 FROM staff WHERE id = $2 AND disabled = 0 RETURNING id",
        )
        .bind(new.digest.0.to_vec())
        .bind(new.user.0)
        .bind(Strength::PasswordOnly.number())
        .bind(new.at.as_microsecond())
        .bind(new.network)
        .bind(agent)
        .fetch_one(&mut *transaction)
        .await?;
        end_past_the_most(&mut transaction, new.user.0, id, Strength::PasswordOnly).await?;
        transaction.commit().await?;
        Ok(SessionId(id))
    }

    /// The session of a token, if its user is not disabled. What it is worth is for the caller to ask.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_session(&self, digest: TokenDigest) -> Result<Option<Session>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM staff_session s WHERE digest = $1 \
             AND EXISTS (SELECT 1 FROM staff WHERE id = s.staff_id AND disabled = 0)"
        );
        let row = sqlx::query(AssertSqlSafe(sql)).bind(digest.0.to_vec()).fetch_optional(&self.read).await?;
        row.as_ref().map(session).transpose()
    }

    /// Writes down that a session is used, at most once in [`TOUCH_INTERVAL`] however many requests come at once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn touch_session(&self, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE staff_session SET last_seen = $2 WHERE id = $1 AND last_seen <= $3")
            .bind(id.0)
            .bind(now.as_microsecond())
            .bind((now - TOUCH_INTERVAL).as_microsecond())
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Gives a session another token, after the second factor was shown: the old one is worth nothing from then on.
    /// `false`: it has ended, or another request was first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn strengthen_session(
        &self,
        old: TokenDigest,
        new: TokenDigest,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.strengthen(old, new, now, now).await
    }

    /// The same, where the second factor was shown to somebody else whose word is taken for it. When is not known, so it counts as
    /// shown too long ago for what asks for a recent one. `false`: it has ended, or another request was first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn strengthen_session_elsewhere(
        &self,
        old: TokenDigest,
        new: TokenDigest,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.strengthen(old, new, now - STEP_UP_AGE_MAX, now).await
    }

    async fn strengthen(
        &self,
        old: TokenDigest,
        new: TokenDigest,
        shown: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.write.begin().await?;
        let row = sqlx::query(
            "UPDATE staff_session SET digest = $2, strength = $3, second_factor_at = $4, last_seen = $5 \
             WHERE digest = $1 RETURNING id, staff_id",
        )
        .bind(old.0.to_vec())
        .bind(new.0.to_vec())
        .bind(Strength::Full.number())
        .bind(shown.as_microsecond())
        .bind(now.as_microsecond())
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else { return Ok(false) };
        let (id, user) = (row.try_get("id")?, row.try_get("staff_id")?);
        end_past_the_most(&mut transaction, user, id, Strength::Full).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Gives a session another token and leaves it as strong as it is. `false`: it has ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rotate_session(&self, old: TokenDigest, new: TokenDigest) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE staff_session SET digest = $2 WHERE digest = $1")
            .bind(old.0.to_vec())
            .bind(new.0.to_vec())
            .execute(&self.write)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The sessions of a user, the one used last first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM staff_session WHERE staff_id = $1 ORDER BY last_seen DESC, id DESC"
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(user.0).fetch_all(&self.read).await?;
        rows.iter().map(session).collect()
    }

    /// Ends one session of a user: a logout, or one out of the list. `false`: there is none of that number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_session(&self, user: UserId, id: SessionId) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM staff_session WHERE id = $1 AND staff_id = $2")
            .bind(id.0)
            .bind(user.0)
            .execute(&self.write)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Ends all sessions of a user, but for one where that is given. Returns how many ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_all_sessions(
        &self,
        user: UserId,
        keep: Option<SessionId>,
        entry: &SealedEntry,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.write.begin().await?;
        let ended = end_sessions(&mut transaction, user, keep).await?;
        crate::ledger::append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(ended)
    }

    /// Deletes sessions that began longer ago than `age`, whatever they are worth, links that expired or were used as long ago,
    /// and sign-ons that nobody came back to.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn clear_old_sessions(&self, now: Timestamp, age: SignedDuration) -> Result<u64, StoreError> {
        let before = (now - age).as_microsecond();
        let done = sqlx::query("DELETE FROM staff_session WHERE created_at < $1")
            .bind(before)
            .execute(&self.write)
            .await?;
        sqlx::query("DELETE FROM staff_link WHERE expires_at < $1 OR (used_at > 0 AND used_at < $1)")
            .bind(before)
            .execute(&self.write)
            .await?;
        crate::sign_on::end_late(&mut *self.write.acquire().await?, now).await?;
        Ok(done.rows_affected())
    }
}

/// Keeps the newest sessions of this strength, and this one.
async fn end_past_the_most(
    connection: &mut AnyConnection,
    user: i64,
    id: i64,
    strength: Strength,
) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM staff_session WHERE staff_id = $1 AND id <> $2 AND strength = $3 AND id NOT IN (SELECT id FROM \
         (SELECT id FROM staff_session WHERE staff_id = $1 AND id <> $2 AND strength = $3 \
         ORDER BY last_seen DESC, id DESC LIMIT $4) AS newest)",
    )
    .bind(user)
    .bind(id)
    .bind(strength.number())
    .bind(i64::from(SESSIONS_PER_USER_MAX) - 1)
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn end_sessions(
    connection: &mut AnyConnection,
    user: UserId,
    keep: Option<SessionId>,
) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM staff_session WHERE staff_id = $1 AND id <> $2")
        .bind(user.0)
        .bind(keep.map_or(-1, |keep| keep.0))
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

fn session(row: &AnyRow) -> Result<Session, StoreError> {
    let second_factor = time(row, "second_factor_at")?;
    Ok(Session {
        id: SessionId(row.try_get("id")?),
        user: UserId(row.try_get("staff_id")?),
        times: SessionTimes {
            created: time(row, "created_at")?,
            last_seen: time(row, "last_seen")?,
            second_factor: Some(second_factor).filter(|at| *at != Timestamp::UNIX_EPOCH),
            strength: Strength::from_number(small(row, "strength")?)
                .ok_or(StoreError::Foreign("staff_session.strength"))?,
        },
        network: row.try_get("network")?,
        agent: row.try_get("agent")?,
    })
}
