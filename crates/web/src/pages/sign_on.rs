//! Signing in at the provider: away from here, back, and in.
//!
//! The provider sends the browser back by a link, and a link changes nothing (promise 8): whoever opens it, a scanner too, sees a
//! button. The person presses it, and that form comes from our own page with our cookies.

use accounts::FormToken;
use askama::Template;
use axum::Extension;
use axum::extract::RawQuery;
use axum::http::header::REFRESH;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use store::{BegunSignOn, SUBJECT_OCTETS_MAX, SignOn as Known, StoreError, User};
use tokio::sync::OwnedSemaphorePermit;

use crate::entering::{Entered, Shown};
use crate::form::{Form, TOKEN_FIELD};
use crate::guard::CODE;
use crate::page::{Frame, html};
use crate::pages::users::is_login;
use crate::sign_on::{SignOn, SignOnError, SignOnReturned, SignedOn};
use crate::trouble::Trouble;
use crate::visitor::{Visitor, actor};

/// Characters of a code, or of who says to have sent it, that a page takes over: more is no answer of a provider.
const ANSWER_OCTETS_MAX: usize = 16 * 1024;

#[derive(Template)]
#[template(path = "sign_on_leave.html")]
struct Leave {
    frame: Frame,
    name: String,
    to: String,
}

#[derive(Template)]
#[template(path = "sign_on_back.html")]
struct Back {
    frame: Frame,
    name: String,
    state: String,
    code: String,
    issuer: String,
}

#[derive(Template)]
#[template(path = "sign_on_nobody.html")]
struct Nobody {
    frame: Frame,
    name: String,
    subject: String,
}

/// Sends the browser to the provider, by a page and not by a redirect: Chromium holds every redirect behind a form against
/// `form-action`, also those of the provider to others that it works with, whom nobody here knows.
pub(crate) async fn begin(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    let console = &visitor.console;
    let sign_on = console.sign_on()?;
    let place = console.sign_on_place(&visitor.sign_on_attempt())?;
    let state = visitor.form_token()?;
    let (secrets, asked) = (console.sign_on_secrets(&state), sign_on.clone());
    let to = ask(place, async move { asked.begin(&secrets).await }).await??;
    let begun = BegunSignOn { digest: state.digest(), holder: visitor.holder.digest(), at: visitor.at };
    console.store.begin_sign_on(&begun).await?;
    let refresh = HeaderValue::from_str(&format!("0; url={to}"))
        .map_err(|_| Trouble::Failed("the provider's address fits into no header".to_owned()))?;
    let title = format!("Go on to {}", sign_on.name());
    let page = Leave { frame: Frame::of(&visitor, &title, "")?, name: sign_on.name().to_owned(), to };
    Ok(([(REFRESH, refresh)], html(&page)?).into_response())
}

/// Asks the provider something. The place is held until it is done, also when the browser went away: it takes a thread as long.
async fn ask<T: Send + 'static>(
    place: OwnedSemaphorePermit,
    asking: impl Future<Output = Result<T, SignOnError>> + Send + 'static,
) -> Result<Result<T, SignOnError>, Trouble> {
    let asked = tokio::spawn(async move {
        let _place = place;
        asking.await
    });
    asked.await.map_err(|_| Trouble::Failed("a question to the provider was not finished".to_owned()))
}

/// Looks at what the provider sent, and does nothing with it.
pub(crate) async fn returned(
    Extension(visitor): Extension<Visitor>,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let sign_on = visitor.console.sign_on()?;
    let query = Form::read(query.unwrap_or_default().as_bytes()).ok_or(Trouble::TooLarge)?;
    if let Some(error) = query.get("error") {
        return Err(refusal(sign_on.name(), error).into());
    }
    let of =
        |name| query.get(name).filter(|text| text.len() <= ANSWER_OCTETS_MAX).unwrap_or_default().to_owned();
    let (state, code) = (of("state"), of("code"));
    if state.is_empty() || code.is_empty() {
        return Err(Trouble::SignOnSpent);
    }
    html(&Back {
        frame: Frame::of(&visitor, "You are almost signed in", "")?,
        name: sign_on.name().to_owned(),
        state,
        code,
        issuer: of("iss"),
    })
}

/// What the provider says when it signs nobody in (RFC 6749 §4.1.2.1; OpenID Connect Core 1.0 §3.1.2.6), in our words: its own
/// could be anybody's, for a link can hold any.
fn refusal(name: &str, error: &str) -> SignOnError {
    let (said, away) = match error {
        "access_denied" => {
            (format!("It was stopped at {name}: by you, or because you may not sign in here"), false)
        }
        "login_required" | "interaction_required" | "consent_required" | "account_selection_required" => {
            (format!("{name} needs something more from you, or from its administrator"), false)
        }
        "server_error" | "temporarily_unavailable" => (format!("{name} does not work at the moment"), true),
        _ => {
            (format!("{name} did not take the request. Its administrator finds the reason in its log"), false)
        }
    };
    SignOnError { said, away }
}

/// Finishes: the form's token is the state, so that the guard has seen that it is this browser's.
pub(crate) async fn finish(
    Extension(visitor): Extension<Visitor>,
    Extension(form): Extension<Form>,
) -> Result<Response, Trouble> {
    let console = &visitor.console;
    let sign_on = console.sign_on()?;
    let state = FormToken::read(&visitor.holder, form.get(TOKEN_FIELD).unwrap_or_default());
    let state = state.ok_or(Trouble::Form)?;
    let attempt = visitor.sign_on_attempt();
    let place = console.sign_on_place(&attempt)?;
    // Used from here on, whatever comes of it.
    if !console.store.take_sign_on(state.digest(), visitor.holder.digest(), visitor.at).await? {
        return Err(Trouble::SignOnSpent);
    }
    let issuer = form.get("iss").filter(|issuer| !issuer.is_empty()).map(ToOwned::to_owned);
    let (code, secrets, asked) =
        (form.text("code").to_owned(), console.sign_on_secrets(&state), sign_on.clone());
    let finishing = async move {
        asked.finish(SignOnReturned { code: &code, issuer: issuer.as_deref() }, &secrets).await
    };
    match ask(place, finishing).await? {
        Ok(known) => enter(&visitor, &**sign_on, &known).await,
        Err(error) => {
            if !error.away {
                console.refused_sign_on(&attempt)?;
            }
            Err(error.into())
        }
    }
}

/// As after the password; and further, where the provider says that there was a second factor and the settings take its word.
async fn enter(visitor: &Visitor, sign_on: &dyn SignOn, known: &SignedOn) -> Result<Response, Trouble> {
    let store = &visitor.console.store;
    let user = if is_subject(&known.subject) {
        match store.user_signed_on(sign_on.issuer(), &known.subject).await? {
            Some(user) => Some(user),
            None => tie(visitor, sign_on, known).await?,
        }
    } else {
        None
    };
    let Some(user) = user.filter(may_come_in) else { return nobody(visitor, sign_on, known) };
    let entered = Entered::with_first_factor(visitor, &user).await?;
    if !known.second_factor {
        return Ok(entered.leading_to(CODE));
    }
    let entered = Entered::with_second_factor(visitor, &user, entered.digest(), Shown::Elsewhere).await?;
    Ok(entered.leading_to("/"))
}

/// Whoever is disabled, or was invited and has not set the account up, does not come in this way either.
fn may_come_in(user: &User) -> bool {
    !user.disabled && user.password_hash.is_some()
}

/// The user whose login name is the address that the provider says is theirs: from now on the identifier decides. Nobody for anybody
/// else, and for a user who is tied to somebody else there.
async fn tie(visitor: &Visitor, sign_on: &dyn SignOn, known: &SignedOn) -> Result<Option<User>, Trouble> {
    let (console, issuer) = (&visitor.console, sign_on.issuer());
    let Some(email) = known.verified_email.as_deref().filter(|email| is_login(email)) else {
        return Ok(None);
    };
    let Some(user) = console.store.find_user(email).await?.filter(may_come_in) else { return Ok(None) };
    let mut act = visitor.act("link-sign-on", &user.login);
    act.actor = actor(&user);
    act.detail =
        vec![("issuer", issuer.to_owned()), ("subject", known.subject.clone()), ("by", "address".to_owned())];
    let entry = console.scribe.entry(&act)?;
    let new = Known { issuer: issuer.to_owned(), subject: known.subject.clone(), created_at: visitor.at };
    match console.store.link_sign_on(user.id, &new, &entry).await {
        Ok(()) => Ok(Some(user)),
        // In another tab, a moment ago; or the user is tied to somebody else there.
        Err(StoreError::SignOnInUse) => Ok(console.store.user_signed_on(issuer, &known.subject).await?),
        Err(StoreError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// One page for everybody who does not come in: nobody learns whether there is an account. The identifier is the person's own, and an
/// administrator can tie an account to it.
fn nobody(visitor: &Visitor, sign_on: &dyn SignOn, known: &SignedOn) -> Result<Response, Trouble> {
    let subject = if is_subject(&known.subject) { known.subject.clone() } else { String::new() };
    let frame = Frame::of(visitor, "You cannot sign in this way", "")?;
    let page = Nobody { frame, name: sign_on.name().to_owned(), subject };
    Ok((StatusCode::FORBIDDEN, html(&page)?).into_response())
}

/// Whether it can be somebody's identifier at a provider (OpenID Connect Core 1.0 §2).
pub(crate) fn is_subject(text: &str) -> bool {
    (1..=SUBJECT_OCTETS_MAX).contains(&text.len())
        && text.bytes().all(|octet| octet.is_ascii_graphic() || octet == b' ')
}
