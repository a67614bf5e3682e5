//! Coming in: a session that has shown one factor, and one that has shown both.

use accounts::{SESSION_AGE_MAX, Token, TokenDigest, TokenKind};
use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use store::{NewSession, User};

use crate::cookie::Cookie;
use crate::trouble::Trouble;
use crate::visitor::Visitor;

/// To whom the second factor was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// To the console, now.
    Here,
    /// To the provider, whenever that was.
    Elsewhere,
}

/// A session's new token, and the cookies that go with it.
pub(crate) struct Entered {
    token: Token,
    cookies: Vec<Option<HeaderValue>>,
}

impl Entered {
    /// A session that has shown the password, or what counts as much, and goes on to the second factor. One from before ends.
    pub(crate) async fn with_first_factor(visitor: &Visitor, user: &User) -> Result<Self, Trouble> {
        let console = &visitor.console;
        if let Some(before) = &visitor.signed_in {
            console.store.end_session(before.session.user, before.session.id).await?;
        }
        // Nobody waits for this, and it is done often enough here.
        console.store.clear_old_sessions(visitor.at, SESSION_AGE_MAX).await?;
        let token = console.token(TokenKind::Session)?;
        let network = visitor.network.to_string();
        let new = NewSession {
            digest: token.digest(),
            user: user.id,
            network: &network,
            agent: &visitor.agent,
            at: visitor.at,
        };
        console.store.begin_session(&new).await?;
        let cookies = vec![Cookie::Session.set(token.reveal(), console.origin.is_secure())];
        Ok(Self { token, cookies })
    }

    /// The session gets another token: whoever knew the old one knows nothing. The browser is known from now on.
    pub(crate) async fn with_second_factor(
        visitor: &Visitor,
        user: &User,
        before: TokenDigest,
        shown: Shown,
    ) -> Result<Self, Trouble> {
        let (console, at) = (&visitor.console, visitor.at);
        let token = console.token(TokenKind::Session)?;
        let done = match shown {
            Shown::Here => console.store.strengthen_session(before, token.digest(), at).await?,
            Shown::Elsewhere => {
                console.store.strengthen_session_elsewhere(before, token.digest(), at).await?
            }
        };
        if !done {
            return Err(Trouble::Form);
        }
        let device = console.devices.issue(console.devices.account(&user.login), console.random.octets()?);
        let secure = console.origin.is_secure();
        let cookies = vec![Cookie::Session.set(token.reveal(), secure), Cookie::Device.set(&device, secure)];
        Ok(Self { token, cookies })
    }

    /// What the database has of the token.
    pub(crate) fn digest(&self) -> TokenDigest {
        self.token.digest()
    }

    /// Goes on to a page of ours.
    pub(crate) fn leading_to(self, path: &str) -> Response {
        let mut response = Redirect::to(path).into_response();
        for cookie in self.cookies.into_iter().flatten() {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }
}
