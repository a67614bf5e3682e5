//! The provider behind the console: it knows codes, and misbehaves on request.

use std::sync::Mutex;

use tokio::sync::Notify;
use web::{SignOn, SignOnAnswer, SignOnError, SignOnReturned, SignOnSecrets, SignedOn};

use crate::site::{HOSTILE, fine};

pub(crate) const ISSUER: &str = "https://login.example/tenant";
/// What it is called; hostile where that is what a test is about.
pub(crate) const NAME: &str = "Example ID";

/// What it says to a code.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Says {
    This(SignedOn),
    Refuses,
    IsAway,
    /// Nothing, for ever.
    Nothing,
}

/// State, nonce and verifier of a sign-on.
pub(crate) type Secrets = (String, [u8; 32], [u8; 32]);

/// Whatever the code, it says what the test told it to.
pub(crate) struct TestSignOn {
    pub(crate) name: &'static str,
    pub(crate) says: Mutex<Says>,
    /// Of each sign-on that began, and of each that was finished.
    pub(crate) begun: Mutex<Vec<Secrets>>,
    pub(crate) finished: Mutex<Vec<Secrets>>,
    /// It was asked something, and says nothing.
    pub(crate) waits: Notify,
}

impl Default for TestSignOn {
    fn default() -> Self {
        Self {
            name: NAME,
            says: Mutex::new(Says::Refuses),
            begun: Mutex::default(),
            finished: Mutex::default(),
            waits: Notify::new(),
        }
    }
}

/// Somebody who signed in there.
pub(crate) fn signed_on(subject: &str, verified_email: Option<&str>) -> SignedOn {
    SignedOn {
        subject: subject.to_owned(),
        verified_email: verified_email.map(ToOwned::to_owned),
        second_factor: false,
    }
}

impl TestSignOn {
    pub(crate) fn hostile() -> Self {
        Self { name: HOSTILE, ..Self::default() }
    }

    pub(crate) fn says(&self, what: Says) {
        *fine(self.says.lock()) = what;
    }
}

impl SignOn for TestSignOn {
    fn name(&self) -> &str {
        self.name
    }

    fn issuer(&self) -> &str {
        ISSUER
    }

    fn begin<'a>(&'a self, secrets: &'a SignOnSecrets) -> SignOnAnswer<'a, String> {
        Box::pin(async move {
            let says = fine(self.says.lock()).clone();
            if says == Says::Nothing {
                self.waits.notify_one();
                std::future::pending::<()>().await;
            }
            if says == Says::IsAway {
                return Err(SignOnError { said: "It is away".to_owned(), away: true });
            }
            fine(self.begun.lock()).push((secrets.state.clone(), secrets.nonce, secrets.verifier));
            Ok(format!("https://login.example/authorize?state={}", secrets.state))
        })
    }

    fn finish<'a>(
        &'a self,
        returned: SignOnReturned<'a>,
        secrets: &'a SignOnSecrets,
    ) -> SignOnAnswer<'a, SignedOn> {
        Box::pin(async move {
            fine(self.finished.lock()).push((secrets.state.clone(), secrets.nonce, secrets.verifier));
            assert!(!returned.code.is_empty() && returned.issuer.is_none_or(|issuer| issuer == ISSUER));
            match fine(self.says.lock()).clone() {
                Says::This(somebody) => Ok(somebody),
                Says::Refuses => Err(SignOnError { said: "It refuses".to_owned(), away: false }),
                Says::IsAway | Says::Nothing => {
                    Err(SignOnError { said: "It is away".to_owned(), away: true })
                }
            }
        })
    }
}
