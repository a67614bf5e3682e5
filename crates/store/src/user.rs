//! The people who work with the console. Whoever is the last administrator who can log in stays one: looked at in the
//! transaction of the change, so that two who disable each other at once cannot both succeed.

use accounts::{PasswordHash, Role, Roles, TokenDigest, TotpStep};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row, Transaction};

use crate::audience::{name_in_use, small, time};
use crate::dialect::Dialect;
use crate::ledger::append;
use crate::link::end_links;
use crate::session::end_sessions;
use crate::{SealedEntry, SessionId, Store, StoreError};

/// Users that are listed: a team has some dozens.
pub const USERS_MAX: u32 = 1_000;
const COLUMNS: &str = "id, login, name, password_hash, totp_sealed, totp_step, roles, disabled, created_at";

/// A user's number in this database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub i64);

/// A member of staff. Prints without login and name.
#[derive(Clone)]
pub struct User {
    /// The number.
    pub id: UserId,
    /// The login name, an e-mail address, as it was typed.
    pub login: String,
    /// The name that others see.
    pub name: String,
    /// Nothing until an invitation was accepted.
    pub password_hash: Option<PasswordHash>,
    /// The secret of the second factor, as the caller sealed it; empty until an invitation was accepted.
    pub totp_sealed: String,
    /// The last step whose code was used.
    pub totp_step: TotpStep,
    /// The roles.
    pub roles: Roles,
    /// Cannot log in.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "User({}, {:?}, disabled: {})", self.id.0, self.roles, self.disabled)
    }
}

/// A user to be made.
#[derive(Clone, Copy)]
pub struct NewUser<'a> {
    /// The login name; in any case it is the same.
    pub login: &'a str,
    /// The name that others see.
    pub name: &'a str,
    /// The roles.
    pub roles: Roles,
    /// Now.
    pub at: Timestamp,
}

/// What somebody sets up who accepts an invitation or recovers an account: all of it, or nothing.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// The password.
    pub password_hash: &'a PasswordHash,
    /// The secret of the second factor, sealed by the caller.
    pub totp_sealed: &'a str,
    /// The step of the code that was shown to set it up: it is used.
    pub totp_step: TotpStep,
    /// The codes on paper.
    pub recovery_codes: &'a [TokenDigest],
}

impl Store {
    /// Makes a user who cannot log in yet, and the link that invites.
    ///
    /// # Errors
    /// [`StoreError::NameInUse`] when the login name is taken.
    pub async fn invite_user(
        &self,
        new: &NewUser<'_>,
        link: (TokenDigest, Timestamp),
        entry: &SealedEntry,
    ) -> Result<UserId, StoreError> {
        let mut transaction = self.write.begin().await?;
        let id = insert_user(&mut transaction, new).await?;
        crate::link::insert_link(&mut transaction, crate::LinkPurpose::Invitation, Some(id), link, new.at)
            .await?;
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Whether somebody who can log in is an administrator. Without one, the program prints a link at its start.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_administrator(&self) -> Result<bool, StoreError> {
        Ok(administrators(&mut *self.read.acquire().await?).await? > 0)
    }

    /// The user of a login name, in any case.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_user(&self, login: &str) -> Result<Option<User>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM staff WHERE login_folded = $1");
        let row = sqlx::query(AssertSqlSafe(sql)).bind(folded(login)).fetch_optional(&self.read).await?;
        row.as_ref().map(user).transpose()
    }

    /// A user.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn user(&self, id: UserId) -> Result<User, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM staff WHERE id = $1");
        user(&sqlx::query(AssertSqlSafe(sql)).bind(id.0).fetch_one(&self.read).await?)
    }

    /// Users by login name, at most [`USERS_MAX`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM staff ORDER BY login_folded LIMIT $1");
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(i64::from(USERS_MAX)).fetch_all(&self.read).await?;
        rows.iter().map(user).collect()
    }

    /// Gives a user these roles and no others. All sessions of the user end: the next login has the new ones.
    ///
    /// # Errors
    /// [`StoreError::LastAdministrator`], [`StoreError::NotFound`].
    pub async fn set_roles(&self, id: UserId, roles: Roles, entry: &SealedEntry) -> Result<(), StoreError> {
        self.administer(id, "UPDATE staff SET roles = $2 WHERE id = $1", roles.number(), false, entry).await
    }

    /// Disables a user, or lets one log in again. All sessions of the user end, and links: one that was handed out before
    /// is worth nothing afterwards.
    ///
    /// # Errors
    /// [`StoreError::LastAdministrator`], [`StoreError::NotFound`].
    pub async fn set_disabled(
        &self,
        id: UserId,
        disabled: bool,
        entry: &SealedEntry,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE staff SET disabled = $2 WHERE id = $1";
        self.administer(id, sql, i16::from(disabled), true, entry).await
    }

    /// Deletes a user with sessions, links and codes. What was done under the name stays in the ledger.
    ///
    /// # Errors
    /// [`StoreError::LastAdministrator`], [`StoreError::NotFound`].
    pub async fn delete_user(&self, id: UserId, entry: &SealedEntry) -> Result<(), StoreError> {
        self.administer(id, "DELETE FROM staff WHERE id = $1 AND $2 = 0", 0, true, entry).await
    }

    /// `links`: links of the user end too.
    async fn administer(
        &self,
        id: UserId,
        sql: &'static str,
        value: i16,
        links: bool,
        entry: &SealedEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.one_administers().await?;
        // First the change, which takes the lock of SQLite; then the look.
        let done = sqlx::query(sql).bind(id.0).bind(value).execute(&mut *transaction).await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        if administrators(&mut transaction).await? == 0 {
            return Err(StoreError::LastAdministrator);
        }
        if links {
            end_links(&mut transaction, id).await?;
        }
        end_sessions(&mut transaction, id, None).await?;
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// A transaction in which nobody else changes users. On SQLite its first write sees to that.
    pub(crate) async fn one_administers(&self) -> Result<Transaction<'_, Any>, StoreError> {
        let mut transaction = self.write.begin().await?;
        if self.dialect == Dialect::Postgres {
            sqlx::query("LOCK TABLE staff IN SHARE ROW EXCLUSIVE MODE").execute(&mut *transaction).await?;
        }
        Ok(transaction)
    }

    /// Notes that a code of this step was used. `false`: that step, or a later one, was used already, or the user is
    /// disabled. Of two who come with one code, one is let in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn use_totp_step(&self, id: UserId, step: TotpStep) -> Result<bool, StoreError> {
        let done =
            sqlx::query("UPDATE staff SET totp_step = $2 WHERE id = $1 AND totp_step < $2 AND disabled = 0")
                .bind(id.0)
                .bind(step.number())
                .execute(&self.write)
                .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Uses up a code on paper. `false`: there is no such code, or not any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn use_recovery_code(
        &self,
        id: UserId,
        code: TokenDigest,
        entry: &SealedEntry,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.write.begin().await?;
        let done = sqlx::query(
            "DELETE FROM staff_recovery_code WHERE staff_id = $1 AND digest = $2 \
             AND EXISTS (SELECT 1 FROM staff WHERE id = $1 AND disabled = 0)",
        )
        .bind(id.0)
        .bind(code.0.to_vec())
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// How many codes on paper are left.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recovery_codes_left(&self, id: UserId) -> Result<u64, StoreError> {
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM staff_recovery_code WHERE staff_id = $1")
            .bind(id.0)
            .fetch_one(&self.read)
            .await?;
        Ok(u64::try_from(left).unwrap_or(0))
    }

    /// A user sets new credentials from within a session: all other sessions end.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also for a user who was disabled meanwhile.
    pub async fn change_credentials(
        &self,
        id: UserId,
        new: &Credentials<'_>,
        keep: SessionId,
        entry: &SealedEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write.begin().await?;
        write_credentials(&mut transaction, id, new).await?;
        end_sessions(&mut transaction, id, Some(keep)).await?;
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// A user sets a new password from within a session: all other sessions end.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also for a user who was disabled meanwhile.
    pub async fn change_password(
        &self,
        id: UserId,
        new: &PasswordHash,
        keep: SessionId,
        entry: &SealedEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write.begin().await?;
        let done = sqlx::query("UPDATE staff SET password_hash = $2 WHERE id = $1 AND disabled = 0")
            .bind(id.0)
            .bind(new.as_phc())
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        end_sessions(&mut transaction, id, Some(keep)).await?;
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The same password hashed at another cost. Nothing happens if the password was changed meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rehash(&self, id: UserId, old: &PasswordHash, new: &PasswordHash) -> Result<(), StoreError> {
        sqlx::query("UPDATE staff SET password_hash = $3 WHERE id = $1 AND password_hash = $2")
            .bind(id.0)
            .bind(old.as_phc())
            .bind(new.as_phc())
            .execute(&self.write)
            .await?;
        Ok(())
    }
}

pub(crate) async fn insert_user(
    connection: &mut AnyConnection,
    new: &NewUser<'_>,
) -> Result<UserId, StoreError> {
    sqlx::query_scalar(
        "INSERT INTO staff (login, login_folded, name, roles, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING id",
    )
    .bind(new.login.trim())
    .bind(folded(new.login))
    .bind(new.name)
    .bind(new.roles.number())
    .bind(new.at.as_microsecond())
    .fetch_one(connection)
    .await
    .map(UserId)
    .map_err(name_in_use)
}

pub(crate) async fn write_credentials(
    connection: &mut AnyConnection,
    id: UserId,
    new: &Credentials<'_>,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE staff SET password_hash = $2, totp_sealed = $3, totp_step = $4 WHERE id = $1 AND disabled = 0",
    )
    .bind(id.0)
    .bind(new.password_hash.as_phc())
    .bind(new.totp_sealed)
    .bind(new.totp_step.number())
    .execute(&mut *connection)
    .await?;
    if done.rows_affected() == 0 {
        return Err(StoreError::NotFound);
    }
    sqlx::query("DELETE FROM staff_recovery_code WHERE staff_id = $1")
        .bind(id.0)
        .execute(&mut *connection)
        .await?;
    for code in new.recovery_codes.iter().take(accounts::RECOVERY_CODES) {
        sqlx::query("INSERT INTO staff_recovery_code (staff_id, digest) VALUES ($1, $2)")
            .bind(id.0)
            .bind(code.0.to_vec())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// How many can log in and manage users. Who was invited and has not come yet cannot.
pub(crate) async fn administrators(connection: &mut AnyConnection) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM staff WHERE disabled = 0 AND password_hash <> '' AND (roles & $1) <> 0";
    let role = Roles::NONE.with(Role::Administrator).number();
    Ok(sqlx::query_scalar(sql).bind(role).fetch_one(connection).await?)
}

fn folded(login: &str) -> String {
    login.trim().to_lowercase()
}

pub(crate) fn user(row: &AnyRow) -> Result<User, StoreError> {
    let hash: String = row.try_get("password_hash")?;
    let hash = Some(hash).filter(|hash| !hash.is_empty());
    let hash = hash.map(|hash| PasswordHash::from_phc(&hash)).transpose();
    Ok(User {
        id: UserId(row.try_get("id")?),
        login: row.try_get("login")?,
        name: row.try_get("name")?,
        password_hash: hash.map_err(|_| StoreError::Foreign("staff.password_hash"))?,
        totp_sealed: row.try_get("totp_sealed")?,
        totp_step: TotpStep::from_number(row.try_get("totp_step")?),
        roles: Roles::from_number(small(row, "roles")?).ok_or(StoreError::Foreign("staff.roles"))?,
        disabled: small(row, "disabled")? != 0,
        created_at: time(row, "created_at")?,
    })
}
