//! Links that work once: for the first administrator, an invitation, a recovery. What a link is for and that it is used
//! are one commit, so that nobody loses a link to a form that was refused.

use accounts::{Role, TokenDigest};
use jiff::Timestamp;
use sqlx::{AnyConnection, Row};

use crate::audience::{small, time};
use crate::ledger::append;
use crate::session::end_sessions;
use crate::user::{administrators, insert_user, write_credentials};
use crate::{Credentials, NewUser, SealedEntry, Store, StoreError, UserId};

/// What a link is for. The numbers are what the database holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum LinkPurpose {
    /// To make the first administrator. The program prints it at its start.
    FirstAdministrator = 1,
    /// To set up an account that an administrator made.
    Invitation = 2,
    /// To set up an account anew that another administrator recovers.
    Recovery = 3,
}

/// A link that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// What it is for.
    pub purpose: LinkPurpose,
    /// Whose it is; nobody's for the first administrator.
    pub user: Option<UserId>,
    /// Until when.
    pub expires_at: Timestamp,
}

impl Store {
    /// The link for the first administrator; one that was printed before works no more.
    ///
    /// # Errors
    /// [`StoreError::AdministratorThere`].
    pub async fn offer_first_administrator(
        &self,
        link: (TokenDigest, Timestamp),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.one_administers().await?;
        sqlx::query("DELETE FROM staff_link WHERE purpose = $1")
            .bind(LinkPurpose::FirstAdministrator as i16)
            .execute(&mut *transaction)
            .await?;
        if administrators(&mut transaction).await? > 0 {
            return Err(StoreError::AdministratorThere);
        }
        insert_link(&mut transaction, LinkPurpose::FirstAdministrator, None, link, now).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Looks a link up and uses nothing: what a GET may do.
    ///
    /// # Errors
    /// [`StoreError::LinkSpent`] for one that was used, has expired, or never was.
    pub async fn link(&self, digest: TokenDigest, now: Timestamp) -> Result<Link, StoreError> {
        let row = sqlx::query(
            "SELECT purpose, staff_id, expires_at FROM staff_link \
             WHERE digest = $1 AND used_at = 0 AND expires_at > $2",
        )
        .bind(digest.0.to_vec())
        .bind(now.as_microsecond())
        .fetch_optional(&self.read)
        .await?
        .ok_or(StoreError::LinkSpent)?;
        Ok(Link {
            purpose: match small(&row, "purpose")? {
                1 => LinkPurpose::FirstAdministrator,
                2 => LinkPurpose::Invitation,
                3 => LinkPurpose::Recovery,
                _ => return Err(StoreError::Foreign("staff_link.purpose")),
            },
            user: row.try_get::<Option<i64>, _>("staff_id")?.map(UserId),
            expires_at: time(&row, "expires_at")?,
        })
    }

    /// Makes the first administrator, and uses the link.
    ///
    /// # Errors
    /// [`StoreError::LinkSpent`], [`StoreError::AdministratorThere`], [`StoreError::NameInUse`]; then the link is as it
    /// was.
    pub async fn make_first_administrator(
        &self,
        digest: TokenDigest,
        new: &NewUser<'_>,
        credentials: &Credentials<'_>,
        entry: &SealedEntry,
    ) -> Result<UserId, StoreError> {
        let mut transaction = self.one_administers().await?;
        spend(&mut transaction, digest, &[LinkPurpose::FirstAdministrator], new.at).await?;
        if administrators(&mut transaction).await? > 0 {
            return Err(StoreError::AdministratorThere);
        }
        let new = NewUser { roles: new.roles.with(Role::Administrator), ..*new };
        let id = insert_user(&mut transaction, &new).await?;
        write_credentials(&mut transaction, id, credentials).await?;
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Sets up an account, for the first time or anew, and uses the link. Every session of the user ends, and every
    /// other link.
    ///
    /// # Errors
    /// [`StoreError::LinkSpent`], also for a user who was disabled since it was made.
    pub async fn redeem_link(
        &self,
        digest: TokenDigest,
        credentials: &Credentials<'_>,
        now: Timestamp,
        entry: &SealedEntry,
    ) -> Result<UserId, StoreError> {
        let mut transaction = self.write.begin().await?;
        let purposes = [LinkPurpose::Invitation, LinkPurpose::Recovery];
        let id = spend(&mut transaction, digest, &purposes, now).await?.ok_or(StoreError::LinkSpent)?;
        write_credentials(&mut transaction, id, credentials).await?;
        end_sessions(&mut transaction, id, None).await?;
        end_links(&mut transaction, id).await?;
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Another administrator makes a link with which a user sets the account up anew. All sessions of the user end, and
    /// links from before. The old password works until the link was used: a link that never arrives locks nobody out, and
    /// an account that strangers are in is disabled.
    ///
    /// # Errors
    /// [`StoreError::OwnAccount`]; [`StoreError::NotFound`] for a user who is not there or disabled.
    pub async fn recover_user(
        &self,
        id: UserId,
        by: UserId,
        link: (TokenDigest, Timestamp),
        now: Timestamp,
        entry: &SealedEntry,
    ) -> Result<(), StoreError> {
        if id == by {
            return Err(StoreError::OwnAccount);
        }
        let mut transaction = self.one_administers().await?;
        end_links(&mut transaction, id).await?;
        end_sessions(&mut transaction, id, None).await?;
        let invited: Option<String> =
            sqlx::query_scalar("SELECT password_hash FROM staff WHERE id = $1 AND disabled = 0")
                .bind(id.0)
                .fetch_optional(&mut *transaction)
                .await?;
        let purpose = match invited.as_deref() {
            None => return Err(StoreError::NotFound),
            Some("") => LinkPurpose::Invitation,
            Some(_) => LinkPurpose::Recovery,
        };
        insert_link(&mut transaction, purpose, Some(id), link, now).await?;
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    }
}

pub(crate) async fn insert_link(
    connection: &mut AnyConnection,
    purpose: LinkPurpose,
    user: Option<UserId>,
    (digest, expires_at): (TokenDigest, Timestamp),
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO staff_link (digest, purpose, staff_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(digest.0.to_vec())
    .bind(purpose as i16)
    .bind(user.map(|user| user.0))
    .bind(now.as_microsecond())
    .bind(expires_at.as_microsecond())
    .execute(connection)
    .await?;
    Ok(())
}

/// Uses a link: of two who come with it, one finds it unused.
async fn spend(
    connection: &mut AnyConnection,
    digest: TokenDigest,
    purposes: &[LinkPurpose],
    now: Timestamp,
) -> Result<Option<UserId>, StoreError> {
    let row = sqlx::query(
        "UPDATE staff_link SET used_at = $2 WHERE digest = $1 AND used_at = 0 AND expires_at > $2 \
         RETURNING purpose, staff_id",
    )
    .bind(digest.0.to_vec())
    .bind(now.as_microsecond())
    .fetch_optional(connection)
    .await?
    .ok_or(StoreError::LinkSpent)?;
    let purpose = small(&row, "purpose")?;
    if !purposes.iter().any(|wanted| *wanted as i16 == purpose) {
        return Err(StoreError::LinkSpent);
    }
    Ok(row.try_get::<Option<i64>, _>("staff_id")?.map(UserId))
}

pub(crate) async fn end_links(connection: &mut AnyConnection, user: UserId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM staff_link WHERE staff_id = $1").bind(user.0).execute(connection).await?;
    Ok(())
}
