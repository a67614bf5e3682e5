//! What is erased when its time is over (UK GDPR Art. 5(1)(e)): a plan that can be looked at, and the same plan carried out.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::{HoldsSeen, KeptAudience, KeptWords};
use web::Due;

use crate::book::{Act, RULE};
use crate::failure::Failure;
use crate::forgetting;
use crate::installation::Installation;

/// The word of the entry of dropped words.
const ACT: &str = "drop replies";

/// What would be erased.
pub(crate) enum What {
    /// A whole audience: its key is destroyed.
    Audience(KeptAudience),
    /// What the relay said of a campaign's messages.
    Words(KeptWords),
}

/// Something that is kept for a time.
pub(crate) struct Item {
    pub(crate) what: What,
    /// When its time is over; nothing while a campaign to it is open.
    pub(crate) at: Option<Timestamp>,
    /// What holds it.
    pub(crate) holds: Vec<String>,
}

impl Item {
    /// Whether it is erased by a run at that time.
    pub(crate) fn goes(&self, now: Timestamp) -> bool {
        is_over(self.at, now) && self.holds.is_empty()
    }

    /// `audience` or `messages`, and the name of the audience or campaign.
    pub(crate) fn named(&self) -> (&'static str, &str) {
        match &self.what {
            What::Audience(kept) => ("audience", &kept.audience.name),
            What::Words(kept) => ("messages", &kept.name),
        }
    }
}

/// Its last moment is one of those at which it is kept.
fn is_over(at: Option<Timestamp>, now: Timestamp) -> bool {
    at.is_some_and(|at| at < now)
}

fn end(since: Timestamp, term: SignedDuration) -> Timestamp {
    since.saturating_add(term).unwrap_or(Timestamp::MAX)
}

/// For a page.
pub(crate) fn shown(item: Item, now: Timestamp) -> Due {
    let (what, name) = item.named();
    Due { what, name: name.to_owned(), at: item.at, now: is_over(item.at, now), holds: item.holds }
}

impl Installation {
    /// Everything that has an end, by what ends first. What is due carries what holds it.
    pub(crate) async fn retention_plan(&self, now: Timestamp) -> Result<Vec<Item>, Failure> {
        let terms = self.settings.retention;
        let mut items = Vec::new();
        if let Some(term) = terms.audience.0 {
            for kept in self.store.kept_audiences().await? {
                let at = (!kept.open).then(|| end(kept.used_at, term));
                let holds = self.holds_of_audience(&kept.audience).await?;
                items.push(Item { what: What::Audience(kept), at, holds });
            }
        }
        if let Some(term) = terms.messages.0 {
            for kept in self.store.kept_words().await? {
                let at = Some(end(kept.ended_at, term));
                let holds = self.holds_of_audience(&kept.audience).await?;
                items.push(Item { what: What::Words(kept), at, holds });
            }
        }
        items.sort_by_key(|item| (item.at.is_none(), item.at, !is_over(item.at, now)));
        Ok(items)
    }

    /// Erases what is due and not held. Returns what was, as the plan named it. One that cannot be erased keeps none of the
    /// others; it is said at the end.
    pub(crate) async fn run_retention(&self, now: Timestamp) -> Result<Vec<(&'static str, String)>, Failure> {
        let (mut gone, mut failed) = (Vec::new(), None);
        for item in self.retention_plan(now).await?.into_iter().filter(|item| item.goes(now)) {
            match self.end(&item).await {
                Ok(true) => {
                    let (what, name) = item.named();
                    gone.push((what, name.to_owned()));
                }
                Ok(false) => {}
                Err(failure) => failed = failed.or(Some(failure)),
            }
        }
        failed.map_or(Ok(gone), Err)
    }

    /// `false`: it is gone already, or somebody holds it since the plan was made.
    async fn end(&self, item: &Item) -> Result<bool, Failure> {
        let audience = match &item.what {
            What::Audience(kept) => &kept.audience,
            What::Words(kept) => &kept.audience,
        };
        let seen = self.store.holds_seen().await?;
        if !self.holds_of_audience(audience).await?.is_empty() {
            return Ok(false);
        }
        match &item.what {
            What::Audience(kept) => self.end_audience(kept, seen).await,
            What::Words(kept) => {
                let detail =
                    json!({"campaign_id": kept.campaign.get(), "ended_at": kept.ended_at.to_string()});
                let entry = self.entry(&Act { by: Some(RULE), ..Act::new(ACT, &kept.name, detail) }).await?;
                Ok(self.store.drop_words(kept.campaign, &entry).await?)
            }
        }
    }

    /// Its accounts are closed first: without the key nobody could.
    async fn end_audience(&self, kept: &KeptAudience, seen: HoldsSeen) -> Result<bool, Failure> {
        self.close_accounts().await?;
        let detail = json!({
            forgetting::AUDIENCE: kept.audience.uid.0, "people": kept.audience.people, "retention": true,
            "last_used_at": kept.used_at.to_string(),
        });
        let entry = self
            .entry(&Act { by: Some(RULE), ..Act::new(forgetting::ACT, &kept.audience.name, detail) })
            .await?;
        match self.forget(&kept.audience, Some(seen), &entry).await {
            Err(failure) if failure.code == "held" => Ok(false),
            forgotten => forgotten,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_kept_to_the_last_moment_of_its_term() {
        let since: Timestamp = "2026-01-01T09:00:00Z".parse().unwrap();
        let at = Some(end(since, SignedDuration::from_hours(24 * 90)));
        let over = |now: &str| is_over(at, now.parse().unwrap());
        assert!(!over("2026-04-01T09:00:00Z") && over("2026-04-01T09:00:00.000001Z"));
        assert!(!is_over(None, Timestamp::MAX), "a campaign is open");
        assert_eq!(end(since, SignedDuration::MAX), Timestamp::MAX);
    }
}
