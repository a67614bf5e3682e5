//! Whom the ledger's names stand for: a user of the console, the account that they have at the command line, a key that they made.
//! Two people (promise 4) are two of these, not two names.

use sqlx::AnyConnection;

use crate::audience::name_in_use;
use crate::ledger::append;
use crate::{SealedEntry, Store, StoreError, UserId};

/// `user 7`, as the ledger has it.
const USER: &str = "'user ' || CAST(s.id AS TEXT)";

impl Store {
    /// Whether two names of the ledger stand for one person. The same name always does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn are_one_person(&self, one: &str, other: &str) -> Result<bool, StoreError> {
        are_one_person(&mut *self.read.acquire().await?, one, other).await
    }

    /// The account that a user has at the command line, as the ledger names it: `uid 1000`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn command_line_of(&self, user: UserId) -> Result<Option<String>, StoreError> {
        let account: String = sqlx::query_scalar("SELECT command_line FROM staff WHERE id = $1")
            .bind(user.0)
            .fetch_one(&self.read)
            .await?;
        Ok(Some(account).filter(|account| !account.is_empty()))
    }

    /// Says which account a user has at the command line; nothing: none.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::NameInUse`] where another user has it.
    pub async fn set_command_line(
        &self,
        user: UserId,
        account: Option<&str>,
        entry: &SealedEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write.begin().await?;
        let done = sqlx::query("UPDATE staff SET command_line = $2 WHERE id = $1")
            .bind(user.0)
            .bind(account.unwrap_or_default())
            .execute(&mut *transaction)
            .await
            .map_err(name_in_use)?;
        if done.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// The same, in a transaction that decides by it.
pub(crate) async fn are_one_person(
    connection: &mut AnyConnection,
    one: &str,
    other: &str,
) -> Result<bool, StoreError> {
    if one == other {
        return Ok(true);
    }
    // A program decides nothing, so behind a key stands whoever made it.
    let stands_for = |name: &str| {
        format!(
            "({USER} = {name} OR s.command_line = {name} OR EXISTS \
             (SELECT 1 FROM api_key k WHERE k.created_by = {USER} AND 'api ' || k.name = {name}))"
        )
    };
    let sql = format!(
        "SELECT COUNT(*) FROM staff s WHERE $1 <> '' AND $2 <> '' AND {} AND {}",
        stands_for("$1"),
        stands_for("$2")
    );
    let found: i64 =
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(one).bind(other).fetch_one(connection).await?;
    Ok(found > 0)
}
