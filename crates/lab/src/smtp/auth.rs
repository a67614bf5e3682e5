//! AUTH (RFC 4954) from the server's side, written without the library that the client uses: two opinions.

use std::num::NonZeroU32;

use data_encoding::BASE64;
use ring::{digest, hmac, pbkdf2};

use crate::behaviour::{Accounts, Mechanism};

/// RFC 7677 §4 asks for at least 4,096.
const SCRAM_ITERATIONS: NonZeroU32 = NonZeroU32::new(4_096).expect("4,096 is not zero");
/// The lab has one account: its salt need not differ from anybody's.
const SCRAM_SALT: &[u8] = b"laboratory salt";
/// Octets of SHA-256.
const HASH_OCTETS: usize = 32;

/// What follows from a client's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// A challenge, in base64.
    Challenge(String),
    /// Logged in.
    Done,
    /// 535.
    Failed,
}

#[derive(Debug)]
enum State {
    Start,
    LoginPassword,
    ScramFinal {
        auth_message_start: String,
        nonce: String,
        gs2_header: String,
    },
    /// Everything is proved; the client's empty word is awaited.
    ScramEnd,
    /// XOAUTH2 has told its error in a challenge.
    TokenRefused,
}

/// One exchange.
#[derive(Debug)]
pub(crate) struct Exchange<'a> {
    accounts: &'a Accounts,
    mechanism: Mechanism,
    /// The server's half of SCRAM's nonce: new for each connection, and the same in each run.
    nonce: String,
    state: State,
}

impl<'a> Exchange<'a> {
    /// Begins, if the mechanism is offered.
    pub(crate) fn begin(accounts: &'a Accounts, name: &str, connection: u64) -> Option<Self> {
        let mechanism = accounts.mechanisms.iter().copied().find(|mechanism| mechanism.name() == name)?;
        Some(Self { accounts, mechanism, nonce: format!("lab{connection}"), state: State::Start })
    }

    /// The first challenge, when the client said nothing with AUTH itself.
    pub(crate) fn prompt(&self) -> String {
        if self.mechanism == Mechanism::Login { BASE64.encode(b"Username:") } else { String::new() }
    }

    /// Takes a response of the client, in base64.
    pub(crate) fn step(&mut self, response: &str) -> Step {
        // RFC 4954 §4: "=" is an empty initial response.
        let response = if response == "=" { "" } else { response };
        let Some(text) =
            BASE64.decode(response.as_bytes()).ok().and_then(|octets| String::from_utf8(octets).ok())
        else {
            return Step::Failed;
        };
        match std::mem::replace(&mut self.state, State::Start) {
            State::Start => match self.mechanism {
                Mechanism::Plain => self.plain(&text),
                Mechanism::Login => self.login_user(&text),
                Mechanism::XOauth2 => self.token(&text),
                Mechanism::ScramSha256 => self.scram_first(&text).unwrap_or(Step::Failed),
            },
            State::LoginPassword => done_if(text == self.accounts.password),
            State::ScramFinal { auth_message_start, nonce, gs2_header } => {
                self.scram_final(&text, &auth_message_start, &nonce, &gs2_header).unwrap_or(Step::Failed)
            }
            State::ScramEnd => done_if(text.is_empty()),
            State::TokenRefused => Step::Failed,
        }
    }

    /// RFC 4616 §2: authorisation identity, user, password.
    fn plain(&self, text: &str) -> Step {
        let words: Vec<&str> = text.split('\0').collect();
        done_if(words == ["", &self.accounts.user, &self.accounts.password])
    }

    fn login_user(&mut self, user: &str) -> Step {
        if user != self.accounts.user {
            return Step::Failed;
        }
        self.state = State::LoginPassword;
        Step::Challenge(BASE64.encode(b"Password:"))
    }

    fn token(&mut self, text: &str) -> Step {
        let expected = format!("user={}\x01auth=Bearer {}\x01\x01", self.accounts.user, self.accounts.token);
        if text == expected {
            return Step::Done;
        }
        self.state = State::TokenRefused;
        Step::Challenge(BASE64.encode(br#"{"status":"401","schemes":"bearer"}"#))
    }

    /// RFC 5802 §5.1: `n,,n=user,r=nonce`.
    fn scram_first(&mut self, text: &str) -> Option<Step> {
        let bare = text.strip_prefix("n,,").or_else(|| text.strip_prefix("y,,"))?;
        let gs2_header = text[..3].to_owned();
        let (user, client_nonce) = bare.strip_prefix("n=")?.split_once(",r=")?;
        // RFC 5802 §5.1: a comma and an equals sign in a name are written otherwise.
        if user.replace("=2C", ",").replace("=3D", "=") != self.accounts.user || client_nonce.contains(',') {
            return None;
        }
        let nonce = format!("{client_nonce}{}", self.nonce);
        let first = format!("r={nonce},s={},i={SCRAM_ITERATIONS}", BASE64.encode(SCRAM_SALT));
        self.state = State::ScramFinal { auth_message_start: format!("{bare},{first}"), nonce, gs2_header };
        Some(Step::Challenge(BASE64.encode(first.as_bytes())))
    }

    /// RFC 5802 §3: the client's proof, and then ours.
    fn scram_final(&mut self, text: &str, start: &str, nonce: &str, gs2_header: &str) -> Option<Step> {
        let (without_proof, proof) = text.split_once(",p=")?;
        if without_proof != format!("c={},r={nonce}", BASE64.encode(gs2_header.as_bytes())) {
            return None;
        }
        let mut salted = [0; HASH_OCTETS];
        let password = self.accounts.password.as_bytes();
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, SCRAM_ITERATIONS, SCRAM_SALT, password, &mut salted);
        let auth_message = format!("{start},{without_proof}");
        let client_key = sign(&salted, b"Client Key");
        let stored_key = digest::digest(&digest::SHA256, client_key.as_ref());
        let signature = sign(stored_key.as_ref(), auth_message.as_bytes());
        let expected: Vec<u8> =
            client_key.as_ref().iter().zip(signature.as_ref()).map(|(a, b)| a ^ b).collect();
        if BASE64.decode(proof.as_bytes()).ok()? != expected {
            return None;
        }
        if !self.accounts.proves_itself {
            return Some(Step::Done);
        }
        let server_key = sign(&salted, b"Server Key");
        let ours =
            format!("v={}", BASE64.encode(sign(server_key.as_ref(), auth_message.as_bytes()).as_ref()));
        self.state = State::ScramEnd;
        Some(Step::Challenge(BASE64.encode(ours.as_bytes())))
    }
}

fn done_if(right: bool) -> Step {
    if right { Step::Done } else { Step::Failed }
}

fn sign(key: &[u8], text: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text)
}
