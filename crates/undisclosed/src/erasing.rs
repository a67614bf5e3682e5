//! One person erased (UK GDPR Art. 17), by the console, by a command, or once more after a restore (promise 11).

use std::collections::BTreeMap;

use jiff::Timestamp;
use keys::{ErasedAt, ErasedPlace, Fingerprint, KeyName};
use serde_json::{Value, json};
use store::{Audience, Erased, Erasure, HoldsSeen, PersonAt};

use crate::book::Act;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::subject::Subject;

/// The word of its entry.
pub(crate) const ACT: &str = "erase";
/// In its detail: random names of campaigns whose accounts are made anew.
pub(crate) const CAMPAIGNS: &str = "campaigns";
/// In its detail: entries whose typed reason went with the person.
pub(crate) const REASONS: &str = "reasons";

/// Times that it is looked again what is touched: a campaign or an entry came in between.
const TRIES_MAX: u32 = 5;

/// How somebody is to be erased.
pub(crate) struct Order<'a> {
    pub(crate) keep_suppressed: bool,
    /// Why; it stays in the ledger for good.
    pub(crate) reason: &'a str,
    /// Why in spite of a hold.
    pub(crate) overridden: Option<&'a str>,
    /// Who, where it is not the caller.
    pub(crate) by: Option<&'a str>,
}

/// What an erasure came to.
pub(crate) struct Done {
    /// Rows that are gone.
    pub(crate) rows: usize,
    /// Deliveries that were still open, and are suppressed.
    pub(crate) stopped: u64,
}

impl Installation {
    /// Erases a person everywhere; nothing where they are gone already.
    pub(crate) async fn erase(&self, subject: &Subject, order: &Order<'_>) -> Result<Option<Done>, Failure> {
        for text in [Some(order.reason), order.overridden].into_iter().flatten() {
            check_reason(text)?;
        }
        if subject.unreadable > 0 {
            return Err(Failure::usage(
                "keys",
                format!(
                    "nobody was erased: the keys of {} audiences are not on this machine, and the person may be in them. Erase \
                     where all keys are; an audience whose key is lost is to be forgotten first",
                    subject.unreadable
                ),
            ));
        }
        let seen = self.store.holds_seen().await?;
        let holds = self.holds_of(subject).await?;
        Self::not_held(&holds, order.overridden)?;
        let detail = json!({
            "suppression": if order.keep_suppressed { "kept" } else { "removed" }, "reason": order.reason,
            "overridden": order.overridden.filter(|_| !holds.is_empty()), "holds": holds.len(),
        });
        let places = subject.at();
        let subject_name = places.first().map_or("", |place| place.audience.name.as_str());
        let act = Act { by: order.by, ..Act::new(ACT, subject_name, detail) };
        let how = (order.keep_suppressed, self.now(), order.overridden.is_none().then_some(seen));
        let Some(stopped) = self.erase_places(&places, subject.listed, how, &act).await? else {
            return Ok(None);
        };
        self.finish_erasing().await?;
        // The accounts that do not hold without them are made anew at once.
        self.close_accounts().await?;
        Ok(Some(Done { rows: places.len(), stopped }))
    }

    /// In one commit with its entry, which names what is touched.
    async fn erase_places(
        &self,
        places: &[PersonAt],
        listed: Fingerprint,
        (keep_suppressed, at, seen): (bool, Timestamp, Option<HoldsSeen>),
        act: &Act<'_>,
    ) -> Result<Option<u64>, Failure> {
        for _ in 0..TRIES_MAX {
            let touched = self.store.touched_by_erasing(places).await?;
            let mut detail = act.detail.clone();
            let row = |place: &PersonAt| json!({"audience": place.audience.uid.0, "row": place.row});
            detail["people"] = places.iter().map(row).collect::<Vec<Value>>().into();
            detail[CAMPAIGNS] = json!(touched.campaigns);
            detail[REASONS] = json!(touched.reasons);
            let entry = self.entry(&Act { by: act.by, ..Act::new(act.act, act.subject, detail) }).await?;
            let erasure = Erasure { places, listed, keep_suppressed, touched: &touched, seen, at };
            match self.store.erase_person(&erasure, &entry).await? {
                Erased::Done(stopped) => return Ok(Some(stopped)),
                Erased::Gone => return Ok(None),
                Erased::Changed => {}
            }
        }
        Err(Failure::unexpected(
            "busy",
            "nobody was erased: campaigns to this person were being made. Try again",
        ))
    }

    /// Erases once more who is on the list beside the keys, and puts on it who was erased: a restore, or a process that was
    /// killed, came in between.
    pub(crate) async fn finish_erasing(&self) -> Result<(), Failure> {
        let listed = self.keys.erased().map_err(|_| unusable())?;
        let known: BTreeMap<ErasedPlace, ErasedAt> = self
            .store
            .erased_people()
            .await?
            .into_iter()
            .filter_map(|person| {
                let how = ErasedAt {
                    at_microseconds: person.at.as_microsecond(),
                    keep_suppressed: person.keep_suppressed,
                };
                Some(((KeyName::parse(&person.key_name)?, person.row), how))
            })
            .collect();
        let new: Vec<(ErasedPlace, ErasedAt)> = known
            .iter()
            .filter(|(place, _)| !listed.contains_key(*place))
            .map(|(place, how)| (place.clone(), *how))
            .collect();
        self.keys.list_erased(&new).map_err(|_| unusable())?;
        let missing: Vec<_> = listed.iter().filter(|(place, _)| !known.contains_key(*place)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let audiences: BTreeMap<KeyName, Audience> = self
            .store
            .audiences()
            .await?
            .into_iter()
            .filter_map(|audience| Some((KeyName::parse(&audience.key_name)?, audience)))
            .collect();
        for ((key, row), how) in missing {
            // Forgotten since, or made after the backup: then nobody is there.
            let Some(audience) = audiences.get(key) else { continue };
            self.replay_erasing(PersonAt { audience: audience.clone(), row: *row }, *how).await?;
        }
        Ok(())
    }

    /// The ledger that said so was put back to before: it says so once more.
    async fn replay_erasing(&self, place: PersonAt, how: ErasedAt) -> Result<(), Failure> {
        let Some(address) = self.address_at(&place).await? else { return Ok(()) };
        let listed = self.suppression_key()?.fingerprint(&address);
        let at = Timestamp::from_microsecond(how.at_microseconds).unwrap_or(self.now());
        let name = place.audience.name.clone();
        let act = Act::new(ACT, &name, json!({"replayed": true, "erased_at": at.to_string()}));
        self.erase_places(&[place], listed, (how.keep_suppressed, at, None), &act).await?;
        Ok(())
    }
}

/// The reason is kept for good, under the ledger's key: not under the audience's, which opens what is erased.
pub(crate) fn check_reason(text: &str) -> Result<(), Failure> {
    if text.trim().is_empty() || text.contains('@') {
        return Err(Failure::usage(
            "reason",
            "a reason is needed. It stays in the ledger for good, so it holds no address and no name; nothing was erased",
        ));
    }
    Ok(())
}

fn unusable() -> Failure {
    Failure::unexpected(
        "keys",
        "the list of erased people beside the keys cannot be used: a backup could bring somebody back. When that is mended, \
         any command goes on with it",
    )
}
