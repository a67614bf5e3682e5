//! One campaign: how far it is, what went wrong, who decided; and to stop it.

use std::convert::Infallible;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use accounts::Right;
use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::http::header::CACHE_CONTROL;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Redirect, Response};
use campaign::{CampaignEvent, CampaignState, Counts, DeliveryState, ReturnKind};
use futures_util::stream;
use store::{Campaign, StoreError, UserId};
use tokio::time::Instant;

use crate::acts::drafts::can_change;
use crate::acts::{self, Acting};
use crate::console::Console;
use crate::page::{Frame, html};
use crate::pages::campaigns::{class, word};
use crate::pages::pace::Pace;
use crate::trouble::Trouble;
use crate::visitor::Visitor;

/// Between two looks for those who watch.
const LOOK: Duration = Duration::from_secs(1);
/// A stream ends after so many looks: the browser opens another, and its session is looked at again.
const LOOKS_MAX: u32 = 300;
/// Reasons on the page.
const PROBLEMS_MAX: usize = 20;

#[derive(Template)]
#[template(path = "campaign.html")]
struct Page {
    frame: Frame,
    id: i64,
    events: String,
    state: &'static str,
    class: &'static str,
    reason: String,
    counts: Counts,
    written: u64,
    rows: Vec<(&'static str, &'static str, u64, &'static str)>,
    problems: Vec<String>,
    came_back: Vec<String>,
    author: String,
    approver: String,
    submission: String,
    remark: Option<String>,
    see_deliveries: bool,
    can_approve: bool,
    can_change: bool,
    can_take_back: bool,
    can_pause: bool,
    can_resume: bool,
    can_cancel: bool,
}

#[derive(Template)]
#[template(path = "cancel.html")]
struct AskCancel {
    frame: Frame,
    id: i64,
    name: String,
    left: u64,
}

pub(crate) async fn found(visitor: &Visitor, id: &str) -> Result<Campaign, Trouble> {
    let id = id.parse().map_err(|_| Trouble::NotFound)?;
    Ok(visitor.console.store.campaign_numbered(id).await?)
}

/// Who acted, as people know them: `user 7` of the ledger by name; an API key and somebody at the command line as it is.
pub(crate) async fn known_as(visitor: &Visitor, actor: &str) -> Result<String, Trouble> {
    let Some(id) = actor.strip_prefix("user ").and_then(|id| id.parse().ok()) else {
        return Ok(actor.to_owned());
    };
    match visitor.console.store.user(UserId(id)).await {
        Ok(user) => Ok(user.name),
        Err(StoreError::NotFound) => Ok(format!("{actor}, whose account was deleted")),
        Err(error) => Err(error.into()),
    }
}

/// Whom nothing more happens to, by this campaign or without somebody's decision.
const fn settled(counts: &Counts) -> u64 {
    counts.accepted + counts.failed + counts.suppressed + counts.held + counts.in_doubt
}

const fn rows(c: &Counts) -> [(&'static str, &'static str, u64, &'static str); 7] {
    [
        ("accepted", "Accepted", c.accepted, "The mail server has the message, and brings it to the person"),
        ("queued", "Waiting", c.queued, "Not written to yet"),
        ("deferred", "To be tried again", c.deferred, "The mail server said: later"),
        ("failed", "Failed", c.failed, "The mail server said no, for good"),
        (
            "in_doubt",
            "In doubt",
            c.in_doubt,
            "The connection broke off at the last moment: nobody is written to twice, so somebody has to look in the mail server's log",
        ),
        ("suppressed", "Suppressed", c.suppressed, "Asked for no more mail, or the address does not work"),
        ("held", "Held", c.held, "It is not known whether e-mail is safe for them"),
    ]
}

pub(crate) async fn show(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let campaign = found(&visitor, &id).await?;
    let counts = visitor.console.store.counts(campaign.id).await?;
    let allows = |event| campaign.state.after(event).is_ok();
    // What the database looks at once more, when it is taken back.
    let left = counts.accepted + counts.failed + counts.deferred + counts.in_doubt > 0;
    let approval = &campaign.approval;
    html(&Page {
        frame: Frame::of(&visitor, &campaign.name, "/campaigns")?,
        id: campaign.id.get(),
        events: if campaign.state.is_final() {
            String::new()
        } else {
            format!("/campaigns/{}/events", campaign.id.get())
        },
        state: word(campaign.state),
        class: class(campaign.state),
        reason: campaign.reason.clone(),
        written: settled(&counts),
        rows: rows(&counts).to_vec(),
        counts,
        problems: problems(&visitor, &campaign).await?,
        came_back: came_back(&visitor, &campaign).await?,
        author: known_as(&visitor, &approval.author).await?,
        approver: match (&approval.approver, approval.needed) {
            (Some(approver), _) => known_as(&visitor, approver).await?,
            (None, true) => "nobody yet".to_owned(),
            (None, false) => "nobody: this installation asks for no second person".to_owned(),
        },
        submission: approval.submission.clone(),
        remark: match campaign.state {
            CampaignState::Draft | CampaignState::Submitted
                if visitor.may(Right::Compose) || visitor.may(Right::Approve) =>
            {
                visitor.console.drafting.remark(&campaign).await?
            }
            _ => None,
        },
        see_deliveries: visitor.may(Right::SeeDeliveries),
        can_change: visitor.may(Right::Compose) && can_change(campaign.state),
        can_resume: visitor.may(Right::Resume) && campaign.state == CampaignState::Paused,
        can_approve: visitor.may(Right::Approve) && allows(CampaignEvent::Approve),
        can_take_back: visitor.may(Right::TakeBack) && allows(CampaignEvent::TakeBack) && !left,
        can_pause: visitor.may(Right::Pause)
            && allows(CampaignEvent::Pause)
            && campaign.state != CampaignState::Paused,
        can_cancel: visitor.may(Right::Cancel) && allows(CampaignEvent::Cancel),
    })
}

/// `31 to be tried again: 451 4.3.0`. The relay's words can hold addresses, so its codes alone.
async fn problems(visitor: &Visitor, campaign: &Campaign) -> Result<Vec<String>, Trouble> {
    let reasons = visitor.console.store.reasons(campaign.id).await?;
    let line = |reason: store::ReasonCount| {
        let what = match reason.state {
            DeliveryState::Failed => "failed",
            DeliveryState::Deferred => "to be tried again",
            _ => "in doubt",
        };
        let why = match (reason.code, reason.enhanced.as_str()) {
            (0, _) => "the connection to the mail server failed".to_owned(),
            (code, "") => format!("the mail server answered {code}"),
            (code, enhanced) => format!("the mail server answered {code} {enhanced}"),
        };
        format!("{} {what}: {why}", reason.number)
    };
    Ok(reasons.into_iter().take(PROBLEMS_MAX).map(line).collect())
}

/// `3 bounced: there is no such mailbox (5.1.1)`. What was written back can hold anything, so its kind and code alone.
async fn came_back(visitor: &Visitor, campaign: &Campaign) -> Result<Vec<String>, Trouble> {
    let returns = visitor.console.store.returns(campaign.id).await?;
    let line = |count: store::ReturnCount| {
        let follows = match count.kind {
            ReturnKind::BadMailbox => ". Nothing more is sent to these addresses",
            ReturnKind::Complaint => ". They get no more surveys",
            ReturnKind::Reply => "; their words went to whoever reads answers",
            _ => "",
        };
        format!("{} {}{follows}", count.number, returned(count.kind, count.code))
    };
    Ok(returns.into_iter().map(line).collect())
}

/// What came back about somebody's message, and the code that says why.
pub(crate) fn returned(kind: ReturnKind, code: Option<impl Display>) -> String {
    let what = match kind {
        ReturnKind::BadMailbox => "bounced: there is no such mailbox",
        ReturnKind::FullMailbox => "bounced: the mailbox is full",
        ReturnKind::Undelivered => "bounced for another reason",
        ReturnKind::Complaint => "complained to their mail provider",
        ReturnKind::Unsubscribe => "asked for no more surveys",
        ReturnKind::Reply => "wrote back",
    };
    code.map_or_else(|| what.to_owned(), |code| format!("{what} ({code})"))
}

/// Counts for whoever has the page open, until nothing changes any more.
pub(crate) async fn events(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let campaign = found(&visitor, &id).await?;
    watch(&visitor.console, campaign)
}

/// The stream of them, for a page or for another program.
pub(crate) fn watch(console: &Arc<Console>, campaign: Campaign) -> Result<Response, Trouble> {
    let place = console.watching.clone().try_acquire_owned().map_err(|_| Trouble::Busy)?;
    let watch = Watch {
        console: console.clone(),
        campaign,
        since: Instant::now(),
        looks: 0,
        ended: false,
        pace: Pace::default(),
    };
    let events = stream::unfold((watch, place), |(mut watch, place)| async move {
        let event = watch.next().await?;
        Some((Ok::<_, Infallible>(event), (watch, place)))
    });
    // The library's own header lets a cache keep it.
    Ok(([(CACHE_CONTROL, "no-store")], Sse::new(events).keep_alive(KeepAlive::default())).into_response())
}

struct Watch {
    console: Arc<Console>,
    campaign: Campaign,
    /// When somebody began to watch.
    since: Instant,
    looks: u32,
    ended: bool,
    pace: Pace,
}

impl Watch {
    async fn next(&mut self) -> Option<Event> {
        if self.ended || self.looks == LOOKS_MAX {
            return None;
        }
        if self.looks > 0 {
            tokio::time::sleep(LOOK).await;
        }
        self.looks += 1;
        // A database that is away ends the stream; the browser comes again.
        let Console { looks, store, .. } = &*self.console;
        let (state, counts) = looks.look(store, self.campaign.id, self.since).await.ok()?;
        self.ended = state.is_final();
        let pace = self.pace.words(state, &counts);
        let told = format!("{}\npace {pace}", told(state, &counts));
        Some(Event::default().event(if self.ended { "end" } else { "counts" }).data(told))
    }
}

/// Names and numbers, a line each: a script without a parser reads them.
fn told(state: CampaignState, counts: &Counts) -> String {
    let mut lines = vec![
        format!("state {}", word(state)),
        format!("written {}", settled(counts)),
        format!("total {}", counts.total),
    ];
    lines.extend(rows(counts).map(|(key, _, number, _)| format!("{key} {number}")));
    lines.join("\n")
}

pub(crate) async fn pause(visitor: Extension<Visitor>, id: Path<String>) -> Result<Response, Trouble> {
    let (by, campaign) = acting_on(&visitor, &id).await?;
    acts::campaigns::pause(&by, &campaign).await?;
    Ok(back_to(&campaign))
}

pub(crate) async fn resume(visitor: Extension<Visitor>, id: Path<String>) -> Result<Response, Trouble> {
    let (by, campaign) = acting_on(&visitor, &id).await?;
    acts::campaigns::resume(&by, &campaign).await?;
    Ok(back_to(&campaign))
}

pub(crate) async fn cancel(visitor: Extension<Visitor>, id: Path<String>) -> Result<Response, Trouble> {
    let (by, campaign) = acting_on(&visitor, &id).await?;
    acts::campaigns::cancel(&by, &campaign).await?;
    Ok(back_to(&campaign))
}

pub(crate) async fn take_back(visitor: Extension<Visitor>, id: Path<String>) -> Result<Response, Trouble> {
    let (by, campaign) = acting_on(&visitor, &id).await?;
    acts::campaigns::take_back(&by, &campaign).await?;
    Ok(back_to(&campaign))
}

async fn acting_on(visitor: &Visitor, id: &str) -> Result<(Acting, Campaign), Trouble> {
    Ok((visitor.acting()?, found(visitor, id).await?))
}

pub(crate) fn back_to(campaign: &Campaign) -> Response {
    Redirect::to(&format!("/campaigns/{}", campaign.id.get())).into_response()
}

pub(crate) async fn ask_cancel(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let campaign = found(&visitor, &id).await?;
    let counts = visitor.console.store.counts(campaign.id).await?;
    html(&AskCancel {
        frame: Frame::of(&visitor, "Stop this campaign for good?", "/campaigns")?,
        id: campaign.id.get(),
        name: campaign.name,
        left: counts.queued + counts.deferred,
    })
}
