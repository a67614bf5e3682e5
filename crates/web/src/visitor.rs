//! Who sends a request: nobody yet, somebody who has shown the password, or somebody who has signed in.

use std::fmt;
use std::sync::Arc;

use accounts::{
    AccountKey, Attempt, DeviceId, Factor, FormToken, Network, Right, SessionLimits, SessionVerdict, Token,
    TokenKind,
};
use axum::http::HeaderMap;
use jiff::Timestamp;
use store::{Session, StoreError, User, UserId};

use crate::acts::Acting;
use crate::console::{Act, Console};
use crate::cookie::Cookie;
use crate::trouble::Trouble;

/// Characters of a browser's name that are kept with a session.
const AGENT_CHARS_MAX: usize = 200;

/// Somebody with a session.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    pub(crate) user: User,
    pub(crate) session: Session,
    pub(crate) verdict: SessionVerdict,
}

/// Whoever sent a request.
#[derive(Clone)]
pub(crate) struct Visitor {
    pub(crate) console: Arc<Console>,
    /// What this browser's forms are bound to: its session's token, or that of its visit.
    pub(crate) holder: Arc<Token>,
    /// The visit is new: its cookie goes out with the page.
    pub(crate) new_visit: bool,
    pub(crate) signed_in: Option<SignedIn>,
    pub(crate) network: Network,
    pub(crate) agent: String,
    pub(crate) device_cookie: Option<String>,
    pub(crate) at: Timestamp,
}

impl fmt::Debug for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Visitor({:?})", self.signed_in)
    }
}

impl Visitor {
    /// From what the browser sent. A session that is over is none.
    pub(crate) async fn of(
        console: &Arc<Console>,
        headers: &HeaderMap,
        network: Network,
    ) -> Result<Self, Trouble> {
        let (secure, at) = (console.origin.is_secure(), console.now());
        let agent = headers.get("user-agent").and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        let read = |cookie: Cookie, kind| Token::parse(kind, cookie.read(headers, secure)?);
        let session = read(Cookie::Session, TokenKind::Session);
        let signed_in = match &session {
            Some(token) => signed_in(console, token, at).await?,
            None => None,
        };
        let (holder, new_visit) = match session.filter(|_| signed_in.is_some()) {
            Some(token) => (token, false),
            None => match read(Cookie::Visit, TokenKind::Visit) {
                Some(visit) => (visit, false),
                None => (console.token(TokenKind::Visit)?, true),
            },
        };
        Ok(Self {
            console: console.clone(),
            holder: Arc::new(holder),
            new_visit,
            signed_in,
            network,
            agent: agent.chars().take(AGENT_CHARS_MAX).collect(),
            device_cookie: Cookie::Device.read(headers, secure).map(str::to_owned),
            at,
        })
    }

    /// Whether somebody has signed in, with the second factor.
    pub(crate) fn is_live(&self) -> bool {
        self.signed_in.as_ref().is_some_and(|one| one.verdict == SessionVerdict::Live)
    }

    /// Who has a session. Only behind a route that asks for one.
    pub(crate) fn somebody(&self) -> Result<&SignedIn, Trouble> {
        self.signed_in.as_ref().ok_or(Trouble::Forbidden)
    }

    /// Whether this person's roles allow it: for what a page shows. The route's own guard decides.
    pub(crate) fn may(&self, right: Right) -> bool {
        self.is_live() && self.signed_in.as_ref().is_some_and(|one| one.user.roles.may(right))
    }

    /// A user's sessions that are not over, the one used last first.
    pub(crate) async fn sessions(&self, of: UserId) -> Result<Vec<Session>, Trouble> {
        let mut sessions = self.console.store.sessions(of).await?;
        sessions.retain(|session| !session.times.verdict(&SessionLimits::default(), self.at).is_over());
        Ok(sessions)
    }

    /// The form token of a page.
    pub(crate) fn form_token(&self) -> Result<FormToken, Trouble> {
        Ok(FormToken::issue(&self.holder, self.console.random.octets()?))
    }

    /// The device, if somebody has signed in to this account on it before.
    fn device(&self, account: AccountKey) -> Option<DeviceId> {
        self.console.devices.verify(account, self.device_cookie.as_deref()?)
    }

    /// A try at the account of this login name, by this browser.
    pub(crate) fn attempt(&self, login: &str, factor: Factor) -> Attempt {
        let account = self.console.devices.account(login);
        Attempt { account, network: self.network, device: self.device(account), factor }
    }

    /// A try at signing in at the provider, by this browser: whose account it is is not known yet.
    pub(crate) fn sign_on_attempt(&self) -> Attempt {
        let account = self.console.devices.account(self.holder.reveal());
        Attempt { account, network: self.network, device: None, factor: Factor::Password }
    }

    /// This person, for what the API does as well.
    pub(crate) fn acting(&self) -> Result<Acting, Trouble> {
        let actor = actor(&self.somebody()?.user);
        Ok(Acting { console: self.console.clone(), actor, at: self.at })
    }

    /// An act of this person.
    pub(crate) fn act<'a>(&self, act: &'static str, subject: &'a str) -> Act<'a> {
        let actor = self.signed_in.as_ref().map_or_else(|| "nobody".to_owned(), |one| actor(&one.user));
        Act { actor, act, subject, detail: Vec::new(), reason: None, row: None }
    }
}

/// How the ledger names a user: by the number, for names change, and users are deleted.
pub(crate) fn actor(user: &User) -> String {
    format!("user {}", user.id.0)
}

async fn signed_in(console: &Console, token: &Token, at: Timestamp) -> Result<Option<SignedIn>, Trouble> {
    let Some(session) = console.store.find_session(token.digest()).await? else { return Ok(None) };
    let verdict = session.times.verdict(&SessionLimits::default(), at);
    if verdict.is_over() {
        return Ok(None);
    }
    let user = match console.store.user(session.user).await {
        // Deleted a moment ago, and the session with it.
        Err(StoreError::NotFound) => return Ok(None),
        user => user?,
    };
    Ok(Some(SignedIn { user, session, verdict }))
}
