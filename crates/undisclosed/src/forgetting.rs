//! What follows once an audience is marked as forgotten (promise 11), after whatever came in between: a process that was
//! killed, a database or keys put back from a backup.

use jiff::Timestamp;
use keys::KeyName;
use serde_json::json;
use store::{Audience, HoldsSeen, SealedEntry};

use crate::book::Act;
use crate::failure::Failure;
use crate::installation::Installation;

/// The word of its entry.
pub(crate) const ACT: &str = "forget";
/// In its detail: the audience's random name.
pub(crate) const AUDIENCE: &str = "audience";

impl Installation {
    /// Forgets in the database what the list beside the keys says was forgotten, and finishes what was begun: keys that
    /// are still there, or there again, are destroyed, rows that nobody can read are deleted, and people who were erased are
    /// erased again.
    pub(crate) async fn finish_forgetting(&self) -> Result<(), Failure> {
        let listed = self.keys.forgotten().map_err(|_| unusable())?;
        if !listed.is_empty() {
            for audience in self.store.audiences().await? {
                if let Some(at) = key_name(&audience).ok().and_then(|name| listed.get(&name)) {
                    self.replay(&audience, *at).await?;
                }
            }
        }
        for forgotten in self.store.forgotten_audiences().await? {
            let name = key_name(&forgotten.audience)?;
            if !listed.contains_key(&name) || self.keys.has(&name).map_err(|_| unusable())? {
                self.destroy_key(&forgotten.audience)?;
            }
            if !forgotten.erased {
                self.store.erase_audience(&forgotten.audience).await?;
            }
        }
        // Of an audience that the database does not know any more.
        for name in listed.keys() {
            if self.keys.has(name).map_err(|_| unusable())? {
                self.keys.destroy(name).map_err(|_| unusable())?;
            }
        }
        // People last: of a forgotten audience nobody is left.
        self.finish_erasing().await
    }

    /// The ledger that said so was put back to before: it says so once more.
    async fn replay(&self, audience: &Audience, at: i64) -> Result<(), Failure> {
        let at = Timestamp::from_microsecond(at).unwrap_or(self.now());
        let detail = json!({
            AUDIENCE: audience.uid.0, "people": audience.people, "replayed": true, "forgotten_at": at.to_string(),
        });
        let entry = self.entry(&Act::new(ACT, &audience.name, detail)).await?;
        self.store.forget_audience(audience, at, true, None, &entry).await?;
        Ok(())
    }

    /// Forgets an audience: first that it is forgotten, then the key, then the rows; killed in between, the next command goes
    /// on. `seen`: how far it was looked for holds; nothing where they do not count. `false`: it was forgotten already.
    pub(crate) async fn forget(
        &self,
        audience: &Audience,
        seen: Option<HoldsSeen>,
        entry: &SealedEntry,
    ) -> Result<bool, Failure> {
        let now = self.now();
        if !self.store.forget_audience(audience, now, false, seen, entry).await? {
            return Ok(false);
        }
        let mut audience = audience.clone();
        audience.forgotten_at = Some(now);
        self.destroy_key(&audience)?;
        self.store.erase_audience(&audience).await?;
        Ok(true)
    }

    /// Destroys the key of an audience that is marked as forgotten.
    pub(crate) fn destroy_key(&self, audience: &Audience) -> Result<(), Failure> {
        let at = audience.forgotten_at.unwrap_or(self.now());
        self.keys.forget(&key_name(audience)?, at.as_microsecond()).map_err(|_| unusable())
    }

    /// The audience of that name.
    pub(crate) async fn audience(&self, name: &str) -> Result<Audience, Failure> {
        match self.store.find_audience(name).await? {
            Some(audience) => Ok(audience),
            None => Err(self.no_audience(name).await?),
        }
    }

    /// Why an audience cannot be used: there is none of that name, or there was.
    pub(crate) async fn no_audience(&self, name: &str) -> Result<Failure, Failure> {
        let all = self.store.forgotten_audiences().await?;
        let last = all.iter().rev().find(|forgotten| forgotten.audience.name == name);
        Ok(last.map_or_else(
            || Failure::usage("not_found", "there is no audience of that name"),
            |forgotten| forgotten_on(forgotten.audience.forgotten_at),
        ))
    }
}

/// The error of whoever wants something of a forgotten audience.
pub(crate) fn forgotten_on(at: Option<Timestamp>) -> Failure {
    let on = at.map_or_else(String::new, |at| format!(" on {}", at.strftime("%Y-%m-%d")));
    Failure::usage(
        "forgotten",
        format!(
            "this audience was forgotten{on}: its key is destroyed, and nobody can read its people any more. Counts and the \
             ledger are still there"
        ),
    )
}

pub(crate) fn key_name(audience: &Audience) -> Result<KeyName, Failure> {
    KeyName::parse(&audience.key_name)
        .ok_or_else(|| Failure::unexpected("database", "the database names a key that cannot be"))
}

fn unusable() -> Failure {
    Failure::unexpected(
        "keys",
        "the folder of keys cannot be used: what was to be destroyed may still be there. When that is mended, any \
         command goes on with it",
    )
}
