//! Every route, as everybody: what comes of it follows from the table of routes alone.

use accounts::{Role, Roles, STEP_UP_AGE_MAX};
use axum::http::{Method, StatusCode};
use jiff::SignedDuration;
use keys::Fingerprint;
use store::{NewRequest, RequestKind};
use web::{Access, Route, Verb};

use crate::browser::{Answer, Browser, secret_of};
use crate::site::{Member, Site, entry, fine};

const ALL: [Role; 5] = Role::ALL;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Who {
    Nobody,
    PasswordAlone,
    /// Signed in, with these roles.
    With(Option<Role>),
    /// The same, and the second factor was shown too long ago for some things.
    LongAgo(Option<Role>),
    Disabled,
    Expired,
}

pub(crate) fn everybody() -> Vec<Who> {
    let mut all = vec![Who::Nobody, Who::PasswordAlone, Who::With(None), Who::Disabled, Who::Expired];
    all.extend(ALL.map(|role| Who::With(Some(role))));
    all.extend(ALL.map(|role| Who::LongAgo(Some(role))));
    all
}

/// What comes of a request.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Outcome {
    SignIn,
    Code,
    /// To the second factor once more, and back.
    CodeAgain,
    Forbidden,
    Through,
}

fn expected(access: Access, who: Who) -> Outcome {
    let roles = |role: Option<Role>| role.into_iter().collect::<Roles>();
    match (access, who) {
        (Access::Anyone, _) => Outcome::Through,
        (_, Who::Nobody | Who::Disabled | Who::Expired) => Outcome::SignIn,
        (Access::PasswordShown, _) => Outcome::Through,
        (_, Who::PasswordAlone) => Outcome::Code,
        (Access::SignedIn, _) => Outcome::Through,
        (Access::May(right), Who::With(role) | Who::LongAgo(role)) if !roles(role).may(right) => {
            Outcome::Forbidden
        }
        (Access::May(right), Who::LongAgo(_)) if right.needs_step_up() => Outcome::CodeAgain,
        (Access::May(_), Who::With(_) | Who::LongAgo(_)) => Outcome::Through,
    }
}

fn outcome(answer: &Answer) -> Outcome {
    match (answer.status, answer.to()) {
        (StatusCode::SEE_OTHER, "/sign-in") => Outcome::SignIn,
        (StatusCode::SEE_OTHER, "/sign-in/code") => Outcome::Code,
        (StatusCode::SEE_OTHER, to) if to.starts_with("/sign-in/code?to=") => Outcome::CodeAgain,
        (StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED, _) => Outcome::Forbidden,
        _ => Outcome::Through,
    }
}

/// What stands for the parameters of a route's path.
pub(crate) struct Filling {
    pub(crate) campaign: i64,
    /// A campaign that waits for approval.
    pub(crate) submitted: i64,
    pub(crate) audience: i64,
    pub(crate) user: i64,
    pub(crate) link: String,
    pub(crate) draft: i64,
    pub(crate) request: i64,
    pub(crate) hold: i64,
}

impl Filling {
    pub(crate) async fn of(site: &Site, user: &Member) -> Self {
        let campaign = site.campaign("January").await.get();
        let submitted = site.submitted("February", "uid 1").await.get();
        let (_, link) = site.invited("new@staff.example", "New", Roles::NONE).await;
        let draft = site.draft("March", "January").await.0;
        let january = fine(site.store.find_audience("January").await).expect("its audience");
        let new = NewRequest {
            campaign: fine(site.store.campaign("January").await).id,
            delivery: 1,
            person: Fingerprint([9; 16]),
            kind: RequestKind::Access,
            at: site.now(),
        };
        fine(site.store.make_request(&new, &entry()).await);
        let request = fine(site.store.open_access_requests().await)[0].0;
        fine(site.store.set_hold(&january, None, "uid 1", site.now(), &entry()).await);
        let hold = fine(site.store.holds().await)[0].id.0;
        let audience = january.number();
        Self { campaign, submitted, audience, user: user.id.0, link, draft, request, hold }
    }

    /// # Panics
    /// For a route whose parameters nobody told this test about.
    pub(crate) fn path(&self, route: &Route) -> String {
        let path = match route.path.split('/').nth(1) {
            Some("drafts") => {
                let path = route.path.replace("{id}", &self.draft.to_string()).replace("{place}", "1");
                path.replace("{number}", if path.contains("/languages/") { "1" } else { "0" })
            }
            Some("campaigns")
                if route.path.contains("/approve")
                    || route.path.contains("/return")
                    || route.path.contains("/messages/") =>
            {
                route.path.replace("{id}", &self.submitted.to_string()).replace("{place}", "1")
            }
            Some("campaigns") => route.path.replace("{id}", &self.campaign.to_string()),
            Some("audiences") => {
                route.path.replace("{id}", &self.audience.to_string()).replace("{upload}", "0123456789abcdef")
            }
            Some("people") => route.path.replace("{id}", &self.audience.to_string()).replace("{row}", "2"),
            Some("requests") => route.path.replace("{id}", &self.request.to_string()),
            Some("holds") => route.path.replace("{id}", &self.hold.to_string()),
            Some("users") => route.path.replace("{id}", &self.user.to_string()),
            Some("api-keys") => route.path.replace("{id}", "999999"),
            Some("me") => route.path.replace("{id}", "999999"),
            Some("link") => route.path.replace("/link/{token}", &self.link),
            _ => route.path.to_owned(),
        };
        assert!(!path.contains('{'), "what stands for the parameters of {}?", route.path);
        path
    }
}

pub(crate) struct People {
    members: Vec<(Option<Role>, Member)>,
    disabled: Member,
}

impl People {
    pub(crate) async fn of(site: &Site) -> Self {
        let mut members = Vec::new();
        for role in ALL.map(Some).into_iter().chain([None]) {
            let login = role.map_or("none", Role::word).to_owned() + "@staff.example";
            members.push((role, site.member(&login, role.into_iter().collect()).await));
        }
        let disabled = site.member("disabled@staff.example", Roles::NONE.with(Role::Author)).await;
        Self { members, disabled }
    }

    fn with(&self, wanted: Option<Role>) -> &Member {
        &self.members.iter().find(|(role, _)| *role == wanted).expect("somebody").1
    }

    /// A browser of somebody.
    pub(crate) async fn browser<'a>(&self, site: &'a Site, who: Who) -> Browser<'a> {
        let browser = site.browser();
        match who {
            Who::Nobody => browser,
            Who::PasswordAlone => browser.with_session(self.with(Some(Role::Administrator)), false).await,
            Who::With(role) => browser.with_session(self.with(role), true).await,
            Who::LongAgo(role) => {
                let browser = browser.with_session(self.with(role), true).await;
                site.pass(STEP_UP_AGE_MAX);
                browser
            }
            Who::Disabled => {
                fine(site.store.set_disabled(self.disabled.id, false, &entry()).await);
                let browser = browser.with_session(&self.disabled, true).await;
                fine(site.store.set_disabled(self.disabled.id, true, &entry()).await);
                browser
            }
            Who::Expired => {
                let browser = browser.with_session(self.with(Some(Role::Administrator)), true).await;
                site.pass(SignedDuration::from_mins(30));
                browser
            }
        }
    }
}

#[tokio::test]
async fn what_comes_of_a_request_follows_from_the_table_of_routes() {
    let site = Site::sqlite().await;
    let people = People::of(&site).await;
    let victim = site.administrator("victim@staff.example").await;
    let filling = Filling::of(&site, &victim).await;
    for route in web::all_routes() {
        let path = filling.path(route);
        for who in everybody() {
            let mut browser = people.browser(&site, who).await;
            let had_session = browser.cookie("session").cloned();
            let answers = match route.verb {
                Verb::Get | Verb::Return => {
                    vec![browser.get(&path).await, browser.ask(Method::HEAD, &path).await]
                }
                Verb::Watch => vec![browser.ask(Method::HEAD, &path).await],
                // Of nothing: what else comes of a file has tests of its own.
                Verb::Upload if path.ends_with("/files") => {
                    vec![browser.attach(&path, "1", "a.txt", b"").await]
                }
                Verb::Upload => vec![browser.upload("A list", "list.csv", b"").await],
                Verb::Post | Verb::Write => {
                    // A link's form is worth something with its page's secret alone.
                    let secret = match route.path {
                        "/link/{token}" => secret_of(&site.browser().get(&path).await).1,
                        _ => String::new(),
                    };
                    vec![browser.post(&path, &[("secret", &secret)]).await]
                }
            };
            for answer in answers {
                let wanted = expected(route.access, who);
                let found = match route.path {
                    // It leads to the first page of all for whoever was let through.
                    "/sign-out" if had_session.is_some() && browser.cookie("session").is_none() => {
                        Outcome::Through
                    }
                    _ => outcome(&answer),
                };
                assert_eq!(found, wanted, "{route:?} as {who:?}: {answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn the_second_factor_once_more_leads_back_to_the_page_the_form_was_on() {
    let site = Site::sqlite().await;
    let anna = site.administrator("anna@staff.example").await;
    let bert = site.administrator("bert@staff.example").await;
    let mut browser = site.browser().sign_in(&anna).await;
    site.pass(STEP_UP_AGE_MAX);
    let user = format!("/users/{}", bert.id.0);
    for (path, page) in [
        ("/users/new".to_owned(), "/users/new"),
        (format!("{user}/roles"), user.as_str()),
        (format!("{user}/end-sessions"), user.as_str()),
    ] {
        let to = format!("/sign-in/code?to={}", page.replace('/', "%2F"));
        assert!(browser.post(&path, &[]).await.leads_to(&to), "{path}");
    }
    let page = browser.get(&format!("/sign-in/code?to={}", user.replace('/', "%2F"))).await;
    assert_eq!(page.between("name=\"to\" value=\"", "\""), user);
    let before = browser.copy();
    let code = anna.secret.code_at(site.now());
    assert!(browser.post("/sign-in/code", &[("code", &code), ("to", &user)]).await.leads_to(&user));
    assert_eq!(browser.get(&user).await.status, StatusCode::OK);
    assert!({ before }.get(&user).await.leads_to("/sign-in"), "the token from before is worth nothing");
}
