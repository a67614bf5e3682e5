//! The second person: sees what was submitted, opens messages picked at random, and agrees to exactly that (promise 4).

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::{IntoResponse, Redirect, Response};
use campaign::{CampaignEvent, CampaignLimits, CampaignState};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ring::hmac;
use store::{Campaign, Looker};

use crate::desk::{Change, Difference, Rendered, Submitted};
use crate::page::{Frame, html};
use crate::pages::campaign::{back_to, found, known_as};
use crate::parts::{Errors, Textarea};
use crate::trouble::Trouble;
use crate::visitor::{Visitor, actor};

/// Messages that an approver opens at least; of fewer people, everybody's.
const LOOKS_MIN: usize = 3;
/// A message in its frame: no script, no form, nothing fetched; styles and pictures of its own.
pub(crate) const MESSAGE_POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
                              form-action 'none'; frame-ancestors 'self'";
/// The page around it may have that frame.
pub(crate) const FRAME_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
                            frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "approve.html")]
struct Page {
    frame: Frame,
    id: i64,
    name: String,
    facts: Vec<(&'static str, String)>,
    /// Place of a message, and whether it was opened.
    picked: Vec<(u64, bool)>,
    opened: bool,
    own: bool,
    digest: String,
    take_back: String,
    /// When this visitor looked at a version before, and what is different since.
    before: Option<(String, Vec<Difference>)>,
    errors: Errors,
    remark: Textarea,
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message {
    frame: Frame,
    id: i64,
    place: u64,
    rendered: Option<Rendered>,
}

/// A campaign that waits for somebody like this visitor.
pub(crate) struct Waiting {
    pub(crate) campaign: Campaign,
    pub(crate) submitted: Submitted,
    looker: Looker,
}

pub(crate) async fn waiting(visitor: &Visitor, id: &str) -> Result<Waiting, Trouble> {
    let campaign = found(visitor, id).await?;
    if campaign.state != CampaignState::Submitted {
        return Err(store::StoreError::Transition(campaign::CampaignTransitionError {
            from: campaign.state,
            event: CampaignEvent::Approve,
        })
        .into());
    }
    let submitted = visitor.console.desk.submitted(&campaign).await?;
    let user = visitor.somebody()?.user.id;
    let looker = Looker { campaign: campaign.id, user, submission: submitted.digest };
    Ok(Waiting { campaign, submitted, looker })
}

impl Waiting {
    /// Places picked for this approver and this submission: by a keyed hash, so that no author can know which.
    fn picked(&self, visitor: &Visitor) -> Vec<u64> {
        let (people, mut places) = (self.submitted.people, Vec::new());
        let wanted = usize::try_from(people).unwrap_or(LOOKS_MIN).min(LOOKS_MIN);
        let key = hmac::Key::new(hmac::HMAC_SHA256, &visitor.console.pick_key);
        for round in 0_u64.. {
            if places.len() == wanted {
                break;
            }
            let text = format!("{} {} {round}", self.submitted.digest, self.looker.user.0);
            let tag = hmac::sign(&key, text.as_bytes());
            let number =
                tag.as_ref().iter().take(8).fold(0_u64, |number, octet| number << 8 | u64::from(*octet));
            let place = number % people + 1;
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }
}

pub(crate) async fn show(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let waiting = waiting(&visitor, &id).await?;
    page(&visitor, &waiting, "", Errors::default()).await
}

/// What is different since this visitor last looked at a version.
async fn before(visitor: &Visitor, waiting: &Waiting) -> Result<Option<(String, Vec<Difference>)>, Trouble> {
    let Some(seen) = visitor.console.store.last_seen(&waiting.looker).await? else { return Ok(None) };
    let differences = visitor.console.desk.differences(&waiting.campaign, &seen).await?;
    Ok(Some((when(seen.at), differences)))
}

pub(crate) async fn page(
    visitor: &Visitor,
    waiting: &Waiting,
    remark: &str,
    errors: Errors,
) -> Result<Response, Trouble> {
    let looks = visitor.console.store.looks(&waiting.looker).await?;
    let picked = waiting.picked(visitor).into_iter().map(|place| (place, looks.contains(&place)));
    let picked: Vec<(u64, bool)> = picked.collect();
    let counts = visitor.console.store.counts(waiting.campaign.id).await?;
    let (campaign, s) = (&waiting.campaign, &waiting.submitted);
    let mut facts = vec![
        ("Submitted by", known_as(visitor, &campaign.approval.author).await?),
        ("From", s.sender.clone()),
        ("Subject", s.subjects.join("; ")),
        ("Audience", s.audience.clone()),
        ("People who will be written to", counts.open().to_string()),
        ("People who will not", (counts.suppressed + counts.held).to_string()),
        ("To begin", s.wanted_at.map_or_else(|| "as soon as it is approved".to_owned(), when)),
        ("Pace and quiet hours", asked_for(&s.limits)),
        ("Mail server", s.relay.clone()),
    ];
    for (name, texts) in [("Warnings accepted", &s.warnings), ("Could not be read", &s.not_inspected)] {
        if !texts.is_empty() {
            facts.push((name, texts.join(", ")));
        }
    }
    html(&Page {
        frame: Frame::of(visitor, "Approve this campaign?", "/campaigns")?.with_error(!errors.is_empty()),
        id: campaign.id.get(),
        name: campaign.name.clone(),
        facts,
        opened: picked.iter().all(|(_, opened)| *opened),
        picked,
        own: is_own(visitor, &campaign.approval.author).await?,
        digest: s.digest.to_string(),
        take_back: minutes(s.take_back),
        before: before(visitor, waiting).await?,
        remark: Textarea {
            id: "remark",
            label: "What is to be changed?",
            hint: "The author reads it. Whom it is about can be named: it lies under the audience’s key",
            value: remark.to_owned(),
            error: errors.of("remark"),
            rows: 4,
            bold: false,
        },
        errors,
    })
}

/// Whether this visitor submitted it, under whatever name.
async fn is_own(visitor: &Visitor, author: &str) -> Result<bool, Trouble> {
    let own = actor(&visitor.somebody()?.user);
    Ok(visitor.console.store.are_one_person(author, &own).await?)
}

/// A campaign's own pace and quiet hours.
pub(crate) fn asked_for(limits: &CampaignLimits) -> String {
    limits.words().unwrap_or_else(|| "those of the installation".to_owned())
}

pub(crate) fn when(at: Timestamp) -> String {
    TimeZone::system().to_datetime(at).strftime("%-d %B %Y, %H:%M").to_string()
}

fn minutes(span: jiff::SignedDuration) -> String {
    match span.as_secs() {
        seconds @ 0..=90 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds.div_euclid(60)),
    }
}

/// A message that was opened; the page to open it before that.
pub(crate) async fn message(
    Extension(visitor): Extension<Visitor>,
    Path((id, place)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let (waiting, place) = (waiting(&visitor, &id).await?, placed(&place)?);
    let opened = visitor.console.store.looks(&waiting.looker).await?.contains(&place);
    let rendered = match opened {
        true => Some(visitor.console.desk.rendered(&waiting.campaign, place).await?),
        false => None,
    };
    let page = html(&Message {
        frame: Frame::of(&visitor, &format!("The message of person {place}"), "/campaigns")?,
        id: waiting.campaign.id.get(),
        place,
        rendered,
    })?;
    Ok(([(CONTENT_SECURITY_POLICY, FRAME_POLICY)], page).into_response())
}

fn placed(place: &str) -> Result<u64, Trouble> {
    place.parse().ok().filter(|place| *place > 0).ok_or(Trouble::NotFound)
}

/// Opens it: from then on the ledger knows that this person saw it.
pub(crate) async fn open(
    Extension(visitor): Extension<Visitor>,
    Path((id, place)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let (waiting, place) = (waiting(&visitor, &id).await?, placed(&place)?);
    let console = &visitor.console;
    // It can be shown before it is said that it was seen.
    let rendered = console.desk.rendered(&waiting.campaign, place).await?;
    let mut act = visitor.act("preview", &waiting.submitted.audience);
    act.detail = vec![("campaign", waiting.campaign.name.clone()), ("row", rendered.row.to_string())];
    let entry = console.scribe.entry(&act)?;
    console.store.look(&waiting.looker, place, visitor.at, &entry).await?;
    Ok(Redirect::to(&format!("/campaigns/{}/messages/{place}", waiting.campaign.id.get())).into_response())
}

/// Its HTML, for the frame: only when it was opened.
pub(crate) async fn message_html(
    Extension(visitor): Extension<Visitor>,
    Path((id, place)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let (waiting, place) = (waiting(&visitor, &id).await?, placed(&place)?);
    if !visitor.console.store.looks(&waiting.looker).await?.contains(&place) {
        return Err(Trouble::NotFound);
    }
    let rendered = visitor.console.desk.rendered(&waiting.campaign, place).await?;
    Ok(([(CONTENT_SECURITY_POLICY, MESSAGE_POLICY)], axum::response::Html(rendered.html)).into_response())
}

/// Agrees to exactly what the page showed: its hash came with the form.
pub(crate) async fn approve(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    Extension(form): Extension<crate::form::Form>,
) -> Result<Response, Trouble> {
    let waiting = waiting(&visitor, &id).await?;
    let (console, submitted) = (&visitor.console, &waiting.submitted);
    if form.text("digest") != submitted.digest.to_string() {
        return Err(store::StoreError::Edited.into());
    }
    if is_own(&visitor, &waiting.campaign.approval.author).await? {
        return Err(store::StoreError::SamePerson.into());
    }
    let looks = console.store.looks(&waiting.looker).await?;
    if !waiting.picked(&visitor).iter().all(|place| looks.contains(place)) {
        return Err(Trouble::NotLooked);
    }
    let approver = actor(&visitor.somebody()?.user);
    let mut act = visitor.act("approve", &waiting.campaign.name);
    act.detail = vec![
        ("submission", submitted.digest.to_string()),
        ("author", waiting.campaign.approval.author.clone()),
    ];
    let entry = console.scribe.entry(&act)?;
    let (id, digest) = (waiting.campaign.id, submitted.digest);
    console.store.approve(id, digest, &approver, visitor.at, submitted.take_back, &entry).await?;
    Ok(back_to(&waiting.campaign))
}
