//! Numbers for Prometheus: how many deliveries stand where, how old the oldest is that is due, what the relay answers. No
//! label names a campaign or a person.

use std::ops::Add;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use campaign::{CampaignState, Counts};
use jiff::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::AtomicU64;
use store::{Store, StoreError};

/// Campaigns under way that are counted; of more, the oldest.
const CAMPAIGNS_MAX: usize = 50;
/// OpenMetrics 1.0, as the library writes it.
const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What this process has sent since it began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SendingTotals {
    /// Messages that the relay accepted.
    pub accepted: u64,
    /// Deliveries that failed for good.
    pub failed: u64,
    /// Attempts that were put off.
    pub deferred: u64,
    /// Deliveries that became in doubt.
    pub in_doubt: u64,
    /// Replies to a final dot.
    pub replies: u64,
    /// How long they took, all together.
    pub reply_time: Duration,
}

impl Add for SendingTotals {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            failed: self.failed + other.failed,
            deferred: self.deferred + other.deferred,
            in_doubt: self.in_doubt + other.in_doubt,
            replies: self.replies + other.replies,
            reply_time: self.reply_time + other.reply_time,
        }
    }
}

/// Where the numbers come from.
#[derive(Clone)]
pub struct Sources {
    /// The database.
    pub store: Store,
    /// What this process sends.
    pub totals: Arc<dyn Fn() -> SendingTotals + Send + Sync>,
    /// The time.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sources of metrics]")
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

/// What the database says at this moment.
struct Standing {
    campaigns: Vec<(CampaignState, u64)>,
    counts: Counts,
    oldest_due: Option<Timestamp>,
    bounced: u64,
    complained: u64,
}

async fn standing(store: &Store) -> Result<Standing, StoreError> {
    let campaigns = store.campaigns_by_state().await?;
    let (mut counts, mut oldest_due): (Counts, Option<Timestamp>) = (Counts::default(), None);
    for (id, _) in store.campaigns_to_send().await?.into_iter().take(CAMPAIGNS_MAX) {
        counts = counts.plus(&store.counts(id).await?);
        oldest_due = oldest_due.into_iter().chain(store.oldest_due(id).await?).min();
    }
    let (bounced, complained) = store.bounced_and_complained(None).await?;
    Ok(Standing { campaigns, counts, oldest_due, bounced, complained })
}

fn registry(standing: &Standing, totals: SendingTotals, now: Timestamp) -> Registry {
    let mut registry = Registry::with_prefix("undisclosed");
    let campaigns = Family::<State, Gauge>::default();
    for (state, number) in &standing.campaigns {
        campaigns.get_or_create(&State { state: state.word() }).set(signed(*number));
    }
    registry.register("campaigns", "Campaigns, by state", campaigns);
    let deliveries = Family::<State, Gauge>::default();
    let c = &standing.counts;
    for (state, number) in [
        ("queued", c.queued),
        ("deferred", c.deferred),
        ("accepted", c.accepted),
        ("failed", c.failed),
        ("in_doubt", c.in_doubt),
        ("suppressed", c.suppressed),
        ("held", c.held),
    ] {
        deliveries.get_or_create(&State { state }).set(signed(number));
    }
    registry.register("deliveries", "Deliveries of campaigns that may be sent, by state", deliveries);
    let returned = Family::<Kind, Gauge>::default();
    for (kind, number) in [("bounce", standing.bounced), ("complaint", standing.complained)] {
        returned.get_or_create(&Kind { kind }).set(signed(number));
    }
    registry.register("returned", "Deliveries of all campaigns that came back, by what came", returned);
    let age: Gauge = Gauge::default();
    age.set(standing.oldest_due.map_or(0, |due| now.duration_since(due).as_secs().max(0)));
    registry.register_with_unit(
        "queue_age",
        "Since the delivery that has been due longest was due",
        Unit::Seconds,
        age,
    );
    let sent = Family::<Outcome, Counter>::default();
    for (outcome, number) in [
        ("accepted", totals.accepted),
        ("failed", totals.failed),
        ("deferred", totals.deferred),
        ("in_doubt", totals.in_doubt),
    ] {
        sent.get_or_create(&Outcome { outcome }).inc_by(number);
    }
    registry.register("attempts", "What became of attempts of this process", sent);
    let (replies, time) = (Counter::<u64>::default(), Counter::<f64, AtomicU64>::default());
    replies.inc_by(totals.replies);
    time.inc_by(totals.reply_time.as_secs_f64());
    registry.register("relay_replies", "Replies of the relay to a message, to this process", replies);
    registry.register_with_unit(
        "relay_reply_time",
        "How long those replies took together",
        Unit::Seconds,
        time,
    );
    registry
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// All of them, as they are now.
pub(crate) async fn show(sources: &Sources) -> Response {
    let Ok(standing) = standing(&sources.store).await else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response();
    };
    let mut text = String::new();
    match encode(&mut text, &registry(&standing, (sources.totals)(), (sources.now)())) {
        Ok(()) => ([(CONTENT_TYPE, MEDIA_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
