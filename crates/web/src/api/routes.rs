//! Everything the API answers to, the right it takes, and what the OpenAPI document says of it: one table.

use std::collections::BTreeMap;
use std::sync::Arc;

use accounts::{Right, Scope};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::routing::{MethodRouter, delete, get, post, put};
use serde_json::{Value, json};

use crate::api::guard::{guard, in_time};
use crate::api::problem::{self, Problem};
use crate::api::{
    audiences, campaigns, checks, control, deliveries, draft_files, drafts, importing, ledger, openapi,
    paging, preview, suppressions,
};
use crate::console::Console;
use crate::serving::REQUEST_MAX;
use crate::upload_body::UPLOAD_TIME_MAX;

/// Where all of it is.
pub(crate) const PREFIX: &str = "/api/v1";

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiAccess {
    /// Whoever comes by.
    Anyone,
    /// A key with a scope that has this right.
    May(Right),
}

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApiVerb {
    /// Looks, and changes nothing (promise 8); HEAD too.
    Get,
    /// The same, a stream.
    Watch,
    /// Does something.
    Post,
    /// Puts something in the place of what is there.
    Put,
    /// Takes something away.
    Delete,
}

impl ApiVerb {
    /// The method on the wire.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::Get | Self::Watch => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// What a request has in its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Nothing that is looked at.
    Nothing,
    /// JSON, of this schema.
    Json(&'static str),
    /// A file, as it is; what it is of.
    File(&'static str),
}

/// A parameter behind the path.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub description: &'static str,
    /// Its schema.
    pub schema: fn() -> Value,
}

/// One thing that the API does.
#[derive(Debug, Clone, Copy)]
pub struct ApiRoute {
    /// How.
    pub verb: ApiVerb,
    /// Where, below `/api/v1`; `{id}`, `{place}` and `{name}` stand for any.
    pub path: &'static str,
    /// By whom.
    pub access: ApiAccess,
    /// Its name in the document.
    pub name: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// The body.
    pub takes: Takes,
    /// Parameters behind the path.
    pub query: &'static [Parameter],
    /// It makes something, and takes an Idempotency-Key.
    pub creates: bool,
    /// It changes a version, and takes If-Match.
    pub versioned: bool,
    /// The status of what it answers where nothing is wrong.
    pub status: u16,
    /// The schema of that; none: a text, or nothing.
    pub answer: Option<&'static str>,
    handler: fn() -> MethodRouter,
}

const LIST: &[Parameter] = &[
    Parameter {
        name: paging::LIMIT,
        description: "How many at most.",
        schema: || json!({"type": "integer", "minimum": 1, "maximum": 100, "default": 50}),
    },
    Parameter {
        name: paging::AFTER,
        description: "The `next` of the page before.",
        schema: || json!({"type": "string"}),
    },
];

const DELIVERIES: &[Parameter] = &[LIST[0], LIST[1], deliveries::STATE];

impl ApiRoute {
    const fn new(
        verb: ApiVerb,
        path: &'static str,
        access: ApiAccess,
        name: &'static str,
        summary: &'static str,
        handler: fn() -> MethodRouter,
    ) -> Self {
        Self {
            verb,
            path,
            access,
            name,
            summary,
            takes: Takes::Nothing,
            query: &[],
            creates: false,
            versioned: false,
            status: 200,
            answer: None,
            handler,
        }
    }

    const fn asked_with(self, query: &'static [Parameter]) -> Self {
        Self { query, ..self }
    }

    const fn takes(self, takes: Takes) -> Self {
        Self { takes, ..self }
    }

    const fn creates(self) -> Self {
        Self { creates: true, ..self }
    }

    const fn versioned(self) -> Self {
        Self { versioned: true, ..self }
    }

    const fn answers_nothing(self) -> Self {
        Self { status: 204, ..self }
    }

    const fn answers(self, status: u16, schema: &'static str) -> Self {
        Self { status, answer: Some(schema), ..self }
    }

    /// The scopes of which one is enough: those that have the right.
    pub fn scopes(&self) -> impl Iterator<Item = Scope> {
        let access = self.access;
        let has = move |scope: &Scope| match access {
            ApiAccess::Anyone => false,
            ApiAccess::May(right) => scope.rights().contains(&right),
        };
        Scope::ALL.into_iter().filter(has)
    }
}

macro_rules! route {
    ($verb:ident $path:literal, $access:expr, $name:literal, $summary:literal, $handler:expr) => {
        ApiRoute::new(ApiVerb::$verb, $path, $access, $name, $summary, || $handler)
    };
}

const ROUTES: &[ApiRoute] = {
    use ApiAccess::{Anyone, May};
    use Right as R;
    &[
        route!(Get "/openapi.json", Anyone, "describe", "This document.", get(openapi::show)),
        route!(Get "/campaigns", May(R::SeeCampaigns), "listCampaigns", "Campaigns, the newest first.", get(campaigns::list))
            .asked_with(LIST)
            .answers(200, "Campaigns"),
        route!(Get "/campaigns/{id}", May(R::SeeCampaigns), "getCampaign", "One campaign and its counts.", get(campaigns::show))
            .answers(200, "Campaign"),
        route!(Watch "/campaigns/{id}/events", May(R::SeeCampaigns), "watchCampaign",
            "Its counts as they change, as server-sent events; the last one is `end`. It ends after five minutes: open it again.",
            get(campaigns::events)),
        route!(Get "/campaigns/{id}/deliveries", May(R::SeeDeliveries), "listDeliveries",
            "Everybody of a campaign, one by one, addresses masked.", get(deliveries::list))
            .asked_with(DELIVERIES)
            .answers(200, "Deliveries"),
        route!(Post "/campaigns/{id}/pause", May(R::Pause), "pauseCampaign",
            "Stops it: it can go on. One that is paused stays so.", post(control::pause))
            .answers(200, "Campaign"),
        route!(Post "/campaigns/{id}/resume", May(R::Resume), "resumeCampaign",
            "Lets it go on with exactly what was approved.", post(control::resume))
            .answers(200, "Campaign"),
        route!(Post "/campaigns/{id}/cancel", May(R::Cancel), "cancelCampaign",
            "Stops it for good: who was not written to is not.", post(control::cancel))
            .answers(200, "Campaign"),
        route!(Post "/campaigns/{id}/take-back", May(R::TakeBack), "takeBackCampaign",
            "Makes it a draft again, as long as no message has left.", post(control::take_back))
            .answers(200, "Campaign"),
        route!(Post "/campaigns/{id}/draft", May(R::Compose), "changeCampaign",
            "A draft of its message: the campaign stays as it is until that is submitted.", post(drafts::change))
            .creates()
            .answers(201, "DraftMade"),
        route!(Get "/drafts", May(R::Compose), "listDrafts", "Messages that are being written, the newest first.",
            get(drafts::list))
            .asked_with(LIST)
            .answers(200, "Drafts"),
        route!(Post "/drafts", May(R::Compose), "createDraft", "Begins a message.", post(drafts::create))
            .takes(Takes::Json("DraftToCreate"))
            .creates()
            .answers(201, "DraftMade"),
        route!(Get "/drafts/{id}", May(R::Compose), "getDraft", "One message, whole; its version is the ETag.", get(drafts::show))
            .answers(200, "Draft"),
        route!(Put "/drafts/{id}", May(R::Compose), "putDraft", "Puts text and time in the place of what is there.",
            put(drafts::put))
            .takes(Takes::Json("DraftToPut"))
            .versioned()
            .answers(200, "Draft"),
        route!(Delete "/drafts/{id}", May(R::Compose), "deleteDraft",
            "Throws it away; a campaign that it would have changed stays as it is.", delete(drafts::delete))
            .answers_nothing(),
        route!(Put "/drafts/{id}/files/{name}", May(R::Compose), "putDraftFile", "A file that everybody gets.",
            put(draft_files::put))
            .takes(Takes::File("The file, as it is. All of them together have no more than 16 MiB."))
            .versioned()
            .answers(200, "DraftMade"),
        route!(Delete "/drafts/{id}/files/{name}", May(R::Compose), "deleteDraftFile", "Takes a file away.",
            delete(draft_files::delete))
            .versioned()
            .answers(200, "DraftMade"),
        route!(Post "/drafts/{id}/check", May(R::Compose), "checkDraft",
            "Begins to build and prove everybody's message. Ask how far it is with GET.", post(checks::begin))
            .answers(202, "Check"),
        route!(Get "/drafts/{id}/check", May(R::Compose), "getCheck",
            "How far that is, and what was found; behind submitting, the campaign.", get(checks::show))
            .answers(200, "Check"),
        route!(Post "/drafts/{id}/preview", May(R::Preview), "lookAtDraft",
            "Says that this key looks at people's messages of the draft: once, in the ledger.", post(preview::look))
            .answers_nothing(),
        route!(Get "/drafts/{id}/preview/{place}", May(R::Preview), "previewDraft",
            "What one person would get, the address masked and links dead.", get(preview::show))
            .answers(200, "Preview"),
        route!(Post "/drafts/{id}/submit", May(R::Submit), "submitDraft",
            "Asks a person to approve this version, which was checked. GET its check for the campaign.", post(checks::submit))
            .takes(Takes::Json("DraftToSubmit"))
            .versioned()
            .answers(202, "Check"),
        route!(Get "/audiences", May(R::SeeAudiences), "listAudiences", "Lists of people, the newest first.",
            get(audiences::list))
            .asked_with(LIST)
            .answers(200, "Audiences"),
        route!(Post "/audiences", May(R::ImportAudience), "importAudience",
            "Makes a spreadsheet an audience, or says what stands in the way.", post(importing::import))
            .takes(Takes::File("The spreadsheet, as it is: CSV, or an Excel workbook (.xlsx)."))
            .asked_with(importing::PARAMETERS)
            .creates()
            .answers(201, "Audience"),
        route!(Get "/audiences/{id}", May(R::SeeAudiences), "getAudience", "One list.", get(audiences::show))
            .answers(200, "Audience"),
        route!(Get "/audiences/{id}/people", May(R::SeeAudiences), "listPeople", "Who is on it, addresses masked.",
            get(audiences::people))
            .asked_with(LIST)
            .answers(200, "People"),
        route!(Get "/suppressions", May(R::ManageSuppressions), "countSuppressions", "How many are on the suppression list.",
            get(suppressions::counts))
            .answers(200, "SuppressionCounts"),
        route!(Post "/suppressions", May(R::ManageSuppressions), "suppress",
            "Puts an address on the list: from then on nobody writes to it. Twice is once.", post(suppressions::add))
            .takes(Takes::Json("SuppressionToChange"))
            .answers(200, "Suppression"),
        route!(Post "/suppressions/remove", May(R::ManageSuppressions), "release",
            "Takes an address off the list, for one scope.", post(suppressions::remove))
            .takes(Takes::Json("SuppressionToChange"))
            .answers(200, "Suppression"),
        route!(Get "/ledger/entries", May(R::ReadLedger), "listEntries", "What was done and by whom, the latest first.",
            get(ledger::list))
            .asked_with(LIST)
            .answers(200, "Entries"),
        route!(Get "/ledger/verification", May(R::ReadLedger), "getVerification",
            "How all of it was last gone through, with the checkpoint that was signed then.", get(ledger::verification))
            .answers(200, "Verification"),
        route!(Post "/ledger/verification", May(R::ReadLedger), "verifyLedger",
            "Begins to go through all of it. Ask how it ended with GET.", post(ledger::verify))
            .answers(202, "Verification"),
        route!(Post "/ledger/comparison", May(R::ReadLedger), "compareCheckpoint",
            "Holds the ledger against a checkpoint that was kept elsewhere.", post(ledger::compare))
            .takes(Takes::Json("CheckpointToCompare"))
            .answers(200, "Comparison"),
    ]
};

/// A schema, and its name in the document.
type Schema = (&'static str, fn() -> Value);

/// Every schema that the table names, and those they are made of.
pub(super) const SCHEMAS: &[Schema] = &[
    ("Campaigns", || paging::schema("Campaign")),
    ("Campaign", campaigns::schema),
    ("Deliveries", || paging::schema("Delivery")),
    ("Delivery", deliveries::schema),
    ("Drafts", || paging::schema("DraftSummary")),
    ("DraftSummary", drafts::schema::summary),
    ("Draft", drafts::schema::whole),
    ("DraftMade", drafts::schema::made),
    ("DraftToCreate", drafts::schema::to_create),
    ("DraftToPut", drafts::schema::to_put),
    ("DraftToSubmit", checks::to_submit),
    ("Content", drafts::schema::content),
    ("Check", checks::schema),
    ("Preview", preview::schema),
    ("Audiences", || paging::schema("Audience")),
    ("Audience", audiences::schema),
    ("People", || paging::schema("Person")),
    ("Person", audiences::person_schema),
    ("SuppressionCounts", suppressions::counts_schema),
    ("SuppressionToChange", suppressions::wanted_schema),
    ("Suppression", suppressions::schema),
    ("Entries", || paging::schema("Entry")),
    ("Entry", ledger::entry_schema),
    ("Verification", ledger::verification_schema),
    ("CheckpointToCompare", ledger::to_compare),
    ("Comparison", ledger::comparison_schema),
    ("Problem", Problem::schema),
    ("FieldError", problem::field_error),
    ("BadRow", problem::bad_row),
    ("Warning", problem::warning),
];

/// The table: for a test that tries every route, and for the document.
#[must_use]
pub fn api_routes() -> &'static [ApiRoute] {
    ROUTES
}

/// All of it, below [`PREFIX`].
pub(crate) fn router(console: &Arc<Console>) -> Router {
    let mut paths: BTreeMap<&str, (MethodRouter, Vec<&str>)> = BTreeMap::new();
    for route in ROUTES {
        let console = console.clone();
        let limit = if matches!(route.takes, Takes::File(_)) { UPLOAD_TIME_MAX } else { REQUEST_MAX };
        let before = middleware::from_fn(move |request: Request, next: Next| {
            in_time(limit, guard(console.clone(), route, request, next))
        });
        let (methods, allowed) = paths.entry(route.path).or_default();
        *methods = std::mem::take(methods).merge((route.handler)().layer(before));
        allowed.push(route.verb.method());
        if route.verb.method() == "GET" {
            allowed.push("HEAD");
        }
    }
    let mut router = Router::new();
    for (path, (methods, allowed)) in paths {
        let allowed = allowed.join(", ");
        let other = move || {
            let problem = Problem::method(&allowed);
            async move { problem }
        };
        router = router.route(path, methods.fallback(other));
    }
    router.fallback(|| async { Problem::not_found() })
}
