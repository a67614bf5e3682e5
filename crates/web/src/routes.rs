//! Everything the console answers to, and who may: one table.

use std::sync::Arc;

use accounts::Right;
use axum::Router;
use axum::extract::{Path, Request};
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get, post};

use crate::api::Problem;
use crate::console::Console;
use crate::guard::{guard, in_time, named};
use crate::pages::{
    accounting, api_keys, approval, audience, audience_new, audiences, backups, bad_rows, campaign,
    campaigns, code, deliveries, doubts, draft, drafts, holds, ledger, link, mail_server, me, people, person,
    person_erase, requests, retention, returning, senders, sign_in, sign_on, sign_out, suppressions, upload,
    upload_acts, upload_progress, user, user_command_line, user_sign_on, users,
};
use crate::serving::REQUEST_MAX;
use crate::trouble::Trouble;
use crate::upload_body::UPLOAD_TIME_MAX;
use crate::{api, assets, headers};

/// Who may ask for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Whoever comes by.
    Anyone,
    /// Somebody who has shown the password at least.
    PasswordShown,
    /// Somebody who has signed in, whatever the roles.
    SignedIn,
    /// Somebody with a role that has this right.
    May(Right),
}

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Looks, and changes nothing (promise 8); HEAD too.
    Get,
    /// Looks, for a browser that another site sends back: it comes without our cookies (`SameSite=Strict`), and is given none.
    Return,
    /// A stream that a page asks for by itself, again and again: it looks, and nobody need sit before it.
    Watch,
    /// Sends a form.
    Post,
    /// Sends a form with a text that somebody wrote, which is longer than others.
    Write,
    /// Sends a form with a file: `multipart/form-data`, read as it comes (RFC 7578).
    Upload,
}

/// One thing that can be asked for.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// How.
    pub verb: Verb,
    /// Where; `{id}`, `{row}`, `{place}`, `{number}`, `{token}` and `{upload}` stand for any.
    pub path: &'static str,
    /// By whom.
    pub access: Access,
    handler: fn() -> MethodRouter,
}

macro_rules! route {
    (GET $path:literal, $access:expr, $handler:path) => {
        Route { verb: Verb::Get, path: $path, access: $access, handler: || get($handler) }
    };
    (RETURN $path:literal, $access:expr, $handler:path) => {
        Route { verb: Verb::Return, path: $path, access: $access, handler: || get($handler) }
    };
    (WATCH $path:literal, $access:expr, $handler:path) => {
        Route { verb: Verb::Watch, path: $path, access: $access, handler: || get($handler) }
    };
    (WRITE $path:literal, $access:expr, $handler:path) => {
        Route { verb: Verb::Write, path: $path, access: $access, handler: || post($handler) }
    };
    (POST $path:literal, $access:expr, $handler:path) => {
        Route { verb: Verb::Post, path: $path, access: $access, handler: || post($handler) }
    };
    (UPLOAD $path:literal, $access:expr, $handler:path) => {
        Route { verb: Verb::Upload, path: $path, access: $access, handler: || post($handler) }
    };
}

const ROUTES: &[Route] = {
    use Access::{Anyone, May, PasswordShown, SignedIn};
    use Right as R;
    &[
        route!(GET "/sign-in", Anyone, sign_in::show),
        route!(POST "/sign-in", Anyone, sign_in::send),
        route!(POST "/sign-in/begin", Anyone, sign_on::begin),
        route!(RETURN "/sign-in/returned", Anyone, sign_on::returned),
        route!(POST "/sign-in/returned", Anyone, sign_on::finish),
        route!(GET "/link/{token}", Anyone, link::show),
        route!(POST "/link/{token}", Anyone, link::send),
        route!(GET "/sign-in/code", PasswordShown, code::show),
        route!(POST "/sign-in/code", PasswordShown, code::send),
        route!(POST "/sign-out", PasswordShown, sign_out::send),
        route!(GET "/", SignedIn, campaigns::start),
        route!(GET "/me", SignedIn, me::show),
        route!(POST "/me/password", SignedIn, me::change_password),
        route!(POST "/me/sessions/{id}/end", SignedIn, me::end_session),
        route!(POST "/me/sessions/end-others", SignedIn, me::end_others),
        route!(GET "/campaigns", May(R::SeeCampaigns), campaigns::list),
        route!(GET "/campaigns/{id}", May(R::SeeCampaigns), campaign::show),
        route!(WATCH "/campaigns/{id}/events", May(R::SeeCampaigns), campaign::events),
        route!(POST "/campaigns/{id}/change", May(R::Compose), drafts::change),
        route!(POST "/campaigns/{id}/pause", May(R::Pause), campaign::pause),
        route!(POST "/campaigns/{id}/resume", May(R::Resume), campaign::resume),
        route!(POST "/campaigns/{id}/take-back", May(R::TakeBack), campaign::take_back),
        route!(GET "/campaigns/{id}/deliveries", May(R::SeeDeliveries), deliveries::show),
        route!(GET "/campaigns/{id}/deliveries.csv", May(R::SeeDeliveries), accounting::rows),
        route!(GET "/campaigns/{id}/accounting", May(R::DownloadAccount), accounting::ask),
        route!(POST "/campaigns/{id}/accounting", May(R::DownloadAccount), accounting::with_addresses),
        route!(GET "/campaigns/{id}/doubts", May(R::SettleDoubts), doubts::show),
        route!(POST "/campaigns/{id}/doubts", May(R::SettleDoubts), doubts::settle),
        route!(GET "/campaigns/{id}/cancel", May(R::Cancel), campaign::ask_cancel),
        route!(POST "/campaigns/{id}/cancel", May(R::Cancel), campaign::cancel),
        route!(GET "/campaigns/{id}/approve", May(R::Approve), approval::show),
        route!(POST "/campaigns/{id}/approve", May(R::Approve), approval::approve),
        route!(POST "/campaigns/{id}/return", May(R::Approve), returning::send),
        route!(GET "/campaigns/{id}/messages/{place}", May(R::Approve), approval::message),
        route!(POST "/campaigns/{id}/messages/{place}", May(R::Approve), approval::open),
        route!(GET "/campaigns/{id}/messages/{place}/html", May(R::Approve), approval::message_html),
        route!(GET "/drafts/new", May(R::Compose), drafts::new),
        route!(POST "/drafts/new", May(R::Compose), drafts::create),
        route!(GET "/drafts/{id}", May(R::Compose), draft::show),
        route!(GET "/drafts/{id}/text/{number}", May(R::Compose), draft::text::show),
        route!(WRITE "/drafts/{id}/text/{number}", May(R::Compose), draft::text::save),
        route!(WRITE "/drafts/{id}/text/{number}/live", May(R::Compose), draft::text::live),
        route!(GET "/drafts/{id}/languages", May(R::Compose), draft::languages::show),
        route!(POST "/drafts/{id}/languages", May(R::Compose), draft::languages::add),
        route!(POST "/drafts/{id}/languages/{number}/remove", May(R::Compose), draft::languages::remove),
        route!(GET "/drafts/{id}/files", May(R::Compose), draft::files::show),
        route!(UPLOAD "/drafts/{id}/files", May(R::Compose), draft::files::add),
        route!(POST "/drafts/{id}/files/remove", May(R::Compose), draft::files::remove),
        route!(GET "/drafts/{id}/preview", May(R::Compose), draft::preview::find),
        route!(GET "/drafts/{id}/preview/{place}", May(R::Compose), draft::preview::show),
        route!(POST "/drafts/{id}/preview/{place}", May(R::Compose), draft::preview::look),
        route!(GET "/drafts/{id}/preview/{place}/html", May(R::Compose), draft::preview::show_html),
        route!(GET "/drafts/{id}/test", May(R::TestToOneself), draft::test::show),
        route!(POST "/drafts/{id}/test", May(R::TestToOneself), draft::test::send),
        route!(GET "/drafts/{id}/time", May(R::Compose), draft::time::show),
        route!(POST "/drafts/{id}/time", May(R::Compose), draft::time::set),
        route!(GET "/drafts/{id}/checks", May(R::Compose), draft::checks::show),
        route!(POST "/drafts/{id}/check", May(R::Compose), draft::checks::begin),
        route!(GET "/drafts/{id}/submit", May(R::Submit), draft::submit::show),
        route!(POST "/drafts/{id}/submit", May(R::Submit), draft::submit::submit),
        route!(GET "/drafts/{id}/remove", May(R::Compose), draft::remove::ask),
        route!(POST "/drafts/{id}/remove", May(R::Compose), draft::remove::remove),
        route!(GET "/audiences", May(R::SeeAudiences), audiences::list),
        route!(GET "/audiences/new", May(R::ImportAudience), audience_new::show),
        route!(UPLOAD "/audiences/new", May(R::ImportAudience), audience_new::send),
        route!(GET "/audiences/uploads/{upload}", May(R::ImportAudience), upload::show),
        route!(WATCH "/audiences/uploads/{upload}/events", May(R::ImportAudience), upload_progress::events),
        route!(GET "/audiences/uploads/{upload}/bad-rows.csv", May(R::ImportAudience), bad_rows::download),
        route!(POST "/audiences/uploads/{upload}/read", May(R::ImportAudience), upload_acts::read),
        route!(POST "/audiences/uploads/{upload}/import", May(R::ImportAudience), upload_acts::import),
        route!(POST "/audiences/uploads/{upload}/remove", May(R::ImportAudience), upload_acts::remove),
        route!(GET "/audiences/{id}", May(R::SeeAudiences), audience::show),
        route!(GET "/requests", May(R::AnswerAccessRequest), requests::list),
        route!(GET "/requests/{id}", May(R::AnswerAccessRequest), requests::show),
        route!(POST "/requests/{id}/handle", May(R::AnswerAccessRequest), requests::handle),
        route!(GET "/people", May(R::AnswerAccessRequest), people::show),
        route!(POST "/people", May(R::AnswerAccessRequest), people::find),
        route!(GET "/people/{id}/{row}", May(R::AnswerAccessRequest), person::show),
        route!(POST "/people/{id}/{row}/reveal", May(R::Reveal), person::reveal),
        route!(POST "/people/{id}/{row}/export", May(R::AnswerAccessRequest), person::export),
        route!(POST "/people/{id}/{row}/hold", May(R::ErasePerson), holds::person),
        route!(GET "/people/{id}/{row}/erase", May(R::ErasePerson), person_erase::ask),
        route!(POST "/people/{id}/{row}/erase", May(R::ErasePerson), person_erase::erase),
        route!(GET "/suppressions", May(R::ManageSuppressions), suppressions::show),
        route!(POST "/suppressions/add", May(R::ManageSuppressions), suppressions::add),
        route!(POST "/suppressions/remove", May(R::ManageSuppressions), suppressions::remove),
        route!(GET "/retention", May(R::SetRetention), retention::show),
        route!(POST "/holds/new", May(R::SetRetention), holds::audience),
        route!(GET "/holds/{id}/lift", May(R::SetRetention), holds::ask_lift),
        route!(POST "/holds/{id}/lift", May(R::SetRetention), holds::lift),
        route!(GET "/users", May(R::ManageUsers), users::list),
        route!(GET "/users/new", May(R::ManageUsers), users::new),
        route!(POST "/users/new", May(R::ManageUsers), users::invite),
        route!(GET "/users/{id}", May(R::ManageUsers), user::show),
        route!(POST "/users/{id}/roles", May(R::ManageUsers), user::set_roles),
        route!(POST "/users/{id}/command-line", May(R::ManageUsers), user_command_line::set),
        route!(POST "/users/{id}/disable", May(R::ManageUsers), user::disable),
        route!(POST "/users/{id}/enable", May(R::ManageUsers), user::enable),
        route!(POST "/users/{id}/recover", May(R::ManageUsers), user::recover),
        route!(POST "/users/{id}/sign-on", May(R::ManageUsers), user_sign_on::tie),
        route!(POST "/users/{id}/sign-on/remove", May(R::ManageUsers), user_sign_on::take_away),
        route!(POST "/users/{id}/end-sessions", May(R::ManageUsers), user::end_sessions),
        route!(GET "/api-keys", May(R::ManageApiKeys), api_keys::list),
        route!(GET "/api-keys/new", May(R::ManageApiKeys), api_keys::new),
        route!(POST "/api-keys/new", May(R::ManageApiKeys), api_keys::make),
        route!(POST "/api-keys/{id}/revoke", May(R::ManageApiKeys), api_keys::revoke),
        route!(GET "/senders", May(R::ChangeSettings), senders::show),
        route!(POST "/senders", May(R::ChangeSettings), senders::look_up),
        route!(GET "/mail-server", May(R::ChangeSettings), mail_server::show),
        route!(POST "/mail-server/try", May(R::ChangeSettings), mail_server::try_it),
        route!(GET "/backups", May(R::Backup), backups::show),
        route!(POST "/backups/database", May(R::Backup), backups::database),
        route!(POST "/backups/keys", May(R::Backup), backups::keys),
        route!(GET "/ledger", May(R::ReadLedger), ledger::show),
        route!(POST "/ledger/verify", May(R::ReadLedger), ledger::verify),
        route!(GET "/ledger/checkpoint", May(R::ReadLedger), ledger::checkpoint),
        route!(POST "/ledger/compare", May(R::ReadLedger), ledger::compare),
    ]
};

/// The table: for a test that tries every route as everybody.
#[must_use]
pub fn all_routes() -> &'static [Route] {
    ROUTES
}

/// The page that a form was on, by the path that it was sent to: the nearest above it that can be looked at.
pub(crate) fn page_of(path: &str) -> &str {
    let same = |route: &Route| {
        let (mut wanted, mut given) = (route.path.split('/'), path.split('/'));
        let fits = wanted
            .by_ref()
            .zip(given.by_ref())
            .all(|(wanted, given)| wanted == given || wanted.starts_with('{'));
        fits && route.path.split('/').count() == path.split('/').count()
    };
    if ROUTES.iter().any(|route| route.verb == Verb::Get && same(route)) {
        return path;
    }
    match path.rsplit_once('/') {
        Some((above, _)) if !above.is_empty() => page_of(above),
        _ => "/",
    }
}

/// The console's pages and the API, for [`serve`](crate::serve): they want to know who connects.
pub fn router(console: &Arc<Console>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let console = console.clone();
        let limit = if route.verb == Verb::Upload { UPLOAD_TIME_MAX } else { REQUEST_MAX };
        let before = middleware::from_fn(move |request: Request, next: Next| {
            in_time(limit, guard(console.clone(), route, request, next))
        });
        router = router.route(route.path, (route.handler)().layer(before));
    }
    let (outermost, secure) = (console.clone(), console.origin.is_secure());
    router
        .nest(api::PREFIX, api::router(console))
        .route(
            "/assets/{name}",
            get(|Path(name): Path<String>| async move { assets::serve(&format!("/assets/{name}")) }),
        )
        .fallback(|request: Request| async move {
            if api::is_ours(request.uri().path()) {
                Problem::not_found().into_response()
            } else {
                Trouble::NotFound.into_response()
            }
        })
        .layer(middleware::from_fn(move |request: Request, next: Next| {
            named(outermost.clone(), request, next)
        }))
        .layer(middleware::from_fn(move |request: Request, next: Next| headers::set(secure, request, next)))
}
