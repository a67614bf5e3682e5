//! Who we are to the relay (RFC 4954): SCRAM-SHA-256, PLAIN, LOGIN by a library; XOAUTH2 with a bearer token.

use std::sync::Arc;

use data_encoding::BASE64;
use rsasl::prelude::{Mechname, SASLClient, SASLConfig, Session as Sasl, State};
use zeroize::Zeroizing;

/// Steps of one exchange: SCRAM has three; more is a server that plays with us.
const AUTH_STEPS_MAX: usize = 6;
/// By preference: what shows the password least comes first.
const MECHANISMS: [&str; 3] = ["SCRAM-SHA-256", "PLAIN", "LOGIN"];

/// A secret that is wiped when it is dropped and never printed.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a secret.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret in the clear, for whoever hands it over.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

/// How we log in.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// A user and a password; one mechanism alone, if one is set.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
        /// `PLAIN`, `LOGIN` or `SCRAM-SHA-256`; by default the best that the relay offers.
        mechanism: Option<String>,
    },
    /// A user and a bearer token (XOAUTH2).
    Token {
        /// The user.
        user: String,
        /// The token.
        token: Secret,
    },
}

/// Why logging in cannot begin or go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// No mechanism in common.
    #[error("the relay offers no way to log in that this program and its settings allow")]
    NoMechanism,
    /// The user or password has characters that the mechanism does not take.
    #[error("the user's name or the password has characters that cannot be sent")]
    Credentials,
    /// It said yes without its half of SCRAM.
    #[error("the relay did not show that it knows the password: it may not be the one that it says it is")]
    Unproved,
    /// The relay's challenge is not one.
    #[error("the relay's answers while logging in make no sense")]
    Exchange,
}

/// One exchange, fed with the relay's challenges.
pub(crate) enum Exchange {
    Sasl { session: Box<Sasl>, steps: usize, finished: bool },
    Token { response: Zeroizing<String>, sent: bool, ended: bool },
}

impl Exchange {
    /// Begins: the mechanism's name, and the exchange.
    pub(crate) fn begin(credentials: &Credentials, offered: &[String]) -> Result<(String, Self), AuthError> {
        match credentials {
            Credentials::Token { user, token } => {
                if !offered.iter().any(|offer| offer == "XOAUTH2") {
                    return Err(AuthError::NoMechanism);
                }
                let plain = Zeroizing::new(format!("user={user}\x01auth=Bearer {}\x01\x01", token.expose()));
                let response = Zeroizing::new(BASE64.encode(plain.as_bytes()));
                Ok(("XOAUTH2".to_owned(), Self::Token { response, sent: false, ended: false }))
            }
            Credentials::Password { user, password, mechanism } => {
                let wanted = |name: &str| {
                    mechanism.as_ref().is_none_or(|only| only.eq_ignore_ascii_case(name))
                        && offered.iter().any(|offer| offer == name)
                };
                let name = MECHANISMS.into_iter().find(|name| wanted(name)).ok_or(AuthError::NoMechanism)?;
                let config = SASLConfig::with_credentials(None, user.clone(), password.expose().to_owned())
                    .map_err(|_| AuthError::Credentials)?;
                let session = start(config, name)?;
                Ok((name.to_owned(), Self::Sasl { session: Box::new(session), steps: 0, finished: false }))
            }
        }
    }

    /// Whether the first word is ours, with the AUTH command itself (RFC 4954 §4).
    pub(crate) fn speaks_first(&self) -> bool {
        match self {
            Self::Sasl { session, .. } => session.are_we_first(),
            Self::Token { .. } => true,
        }
    }

    /// Whether everything was said. RFC 5802 §3: a server that has not shown its signature is not to be trusted,
    /// whatever it says of us.
    pub(crate) const fn is_complete(&self) -> bool {
        match self {
            Self::Sasl { finished, .. } => *finished,
            Self::Token { .. } => true,
        }
    }

    /// The answer to a challenge, in base64; `None` for the challenge begins.
    pub(crate) fn answer(&mut self, challenge: Option<&str>) -> Result<Zeroizing<String>, AuthError> {
        match self {
            Self::Token { response, sent, ended } => {
                if *ended {
                    return Err(AuthError::Exchange);
                }
                if *sent {
                    *ended = true;
                    // XOAUTH2 tells its error in a challenge; an empty answer asks for the final reply.
                    return Ok(Zeroizing::new(String::new()));
                }
                *sent = true;
                Ok(response.clone())
            }
            Self::Sasl { session, steps, finished } => {
                *steps += 1;
                // The library must not be asked again once it has finished.
                if *finished || *steps > AUTH_STEPS_MAX {
                    return Err(AuthError::Exchange);
                }
                let challenge = challenge.map(|text| BASE64.decode(text.as_bytes())).transpose();
                let challenge = challenge.map_err(|_| AuthError::Exchange)?;
                let mut out = Zeroizing::new(Vec::new());
                let state = session.step(challenge.as_deref(), &mut *out).map_err(|_| AuthError::Exchange)?;
                *finished = matches!(state, State::Finished(_));
                Ok(Zeroizing::new(BASE64.encode(&out)))
            }
        }
    }
}

fn start(config: Arc<SASLConfig>, name: &str) -> Result<Sasl, AuthError> {
    let mechanism = Mechname::parse(name.as_bytes()).map_err(|_| AuthError::NoMechanism)?;
    SASLClient::new(config).start_suggested(std::iter::once(&mechanism)).map_err(|_| AuthError::NoMechanism)
}
