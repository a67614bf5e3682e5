//! The campaign object of the contract, and its table for people.

use std::time::Duration;

use campaign::{CampaignState, Counts};
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};
use store::{Audience, Campaign, CampaignId, Store, StoreError};

use crate::failure::Exit;

/// Where a campaign stands.
#[derive(Debug, Clone)]
pub(crate) struct CampaignObject {
    pub(crate) name: String,
    pub(crate) state: CampaignState,
    pub(crate) reason: String,
    pub(crate) counts: Counts,
    pub(crate) came_back: CameBack,
    pub(crate) duplicates_folded: u64,
    pub(crate) rows_skipped: u64,
    /// Of this process; nothing in `status`.
    pub(crate) timing: Option<Timing>,
}

/// Of those whose messages were accepted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CameBack {
    /// Their messages bounced.
    pub(crate) bounced: u64,
    /// They told their provider that it is unwanted.
    pub(crate) complained: u64,
}

impl CameBack {
    pub(crate) async fn load(store: &Store, campaign: CampaignId) -> Result<Self, StoreError> {
        let (bounced, complained) = store.bounced_and_complained(Some(campaign)).await?;
        Ok(Self { bounced, complained })
    }
}

/// How fast a process sent, and what it waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    /// Accepted, by the wall time of the process.
    pub(crate) messages_per_second: f64,
    /// Wall time of sending alone.
    pub(crate) sending: Duration,
    /// Until an intent is durable: the commit before it, and its own.
    pub(crate) intent: Option<Duration>,
    /// One durable commit: the disk, or the database's server.
    pub(crate) commit: Option<Duration>,
    /// From a message's first octet to the reply to its final dot: the relay.
    pub(crate) reply: Option<Duration>,
}

impl CampaignObject {
    pub(crate) fn new(
        campaign: &Campaign,
        audience: &Audience,
        (counts, came_back): (Counts, CameBack),
        timing: Option<Timing>,
    ) -> Self {
        Self {
            name: campaign.name.clone(),
            state: campaign.state,
            reason: campaign.reason.clone(),
            counts,
            came_back,
            duplicates_folded: audience.folded,
            rows_skipped: audience.skipped,
            timing,
        }
    }

    /// A campaign as it stands in the database now.
    pub(crate) async fn load(store: &Store, name: &str) -> Result<Self, StoreError> {
        Self::of(store, &store.campaign(name).await?).await
    }

    /// The same, of one that was read.
    pub(crate) async fn of(store: &Store, campaign: &Campaign) -> Result<Self, StoreError> {
        let audience = store.audience_of(campaign).await?;
        let standing = (store.counts(campaign.id).await?, CameBack::load(store, campaign.id).await?);
        Ok(Self::new(campaign, &audience, standing, None))
    }

    pub(crate) fn to_json(&self) -> Value {
        let c = &self.counts;
        let timing = self.timing.as_ref();
        let seconds = |duration: Duration| (duration.as_secs_f64() * 1e6).round() / 1e6;
        let milliseconds = |duration: Duration| seconds(duration * 1_000);
        json!({
            "campaign": self.name,
            "state": self.state.word(),
            "reason": self.reason,
            "total": c.total,
            "accepted": c.accepted,
            "failed": c.failed,
            "deferred": c.deferred,
            "in_doubt": c.in_doubt,
            "suppressed": c.suppressed,
            "held": c.held,
            "queued": c.queued,
            "bounced": self.came_back.bounced,
            "complained": self.came_back.complained,
            "duplicates_folded": self.duplicates_folded,
            "rows_skipped": self.rows_skipped,
            "messages_per_second": timing.map(|t| (t.messages_per_second * 10.0).round() / 10.0),
            "sending_seconds": timing.map(|t| seconds(t.sending)),
            "intent_ms": timing.and_then(|t| t.intent).map(milliseconds),
            "commit_ms": timing.and_then(|t| t.commit).map(milliseconds),
            "reply_ms": timing.and_then(|t| t.reply).map(milliseconds),
        })
    }

    /// 0 when the relay took the message of everybody, 3 otherwise.
    pub(crate) fn exit(&self) -> Exit {
        if self.counts.everybody_accepted() { Exit::Done } else { Exit::Somebody }
    }

    /// A table that fits forty columns; counts of nothing are left out, except the first.
    pub(crate) fn table(&self) -> String {
        self.table_with(&[])
    }

    /// The table with more figures below.
    pub(crate) fn table_with(&self, more: &[(&str, u64)]) -> String {
        let c = &self.counts;
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.add_row(vec!["accepted by the relay".to_owned(), format!("{} of {}", c.accepted, c.total)]);
        for (number, words) in [
            (c.failed, "failed"),
            (c.deferred, "will be tried again"),
            (c.in_doubt, "in doubt"),
            (c.suppressed, "suppressed"),
            (c.held, "held for a person to decide"),
            (c.queued, "not tried yet"),
            (self.came_back.bounced, "came back"),
            (self.came_back.complained, "complained"),
            (self.duplicates_folded, "equal rows folded"),
            (self.rows_skipped, "bad rows left out"),
        ] {
            if number > 0 {
                table.add_row(vec![words.to_owned(), number.to_string()]);
            }
        }
        for (words, number) in more {
            table.add_row(vec![(*words).to_owned(), number.to_string()]);
        }
        let reason = if self.reason.is_empty() { String::new() } else { format!(": {}", self.reason) };
        format!("{}: {}{reason}\n{}", self.name, self.state.word(), table.trim_fmt())
    }
}
