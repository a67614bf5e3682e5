//! An OpenID Connect provider on loopback: everybody is signed in there already, and it misbehaves on request.

mod message;
mod token;

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use ring::digest;
use serde_json::{Value, json};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::Certificate;

use message::{Asking, base64url, fields, get};
use token::{Keys, claims};

/// The one client that it knows.
pub const CLIENT: &str = "undisclosed-test";
/// That client's secret.
pub const CLIENT_SECRET: &str = "a secret/of the+test";
/// Octets of an answer that is far larger than any.
const HUGE_OCTETS: usize = 4 * 1024 * 1024;

/// Who is signed in there.
#[derive(Debug, Clone)]
pub struct SignedInThere {
    /// The identifier there.
    pub subject: String,
    /// The address, and whether it is said to be theirs; `None`: nothing is said of that.
    pub email: Option<(String, Option<bool>)>,
    /// How they showed who they are.
    pub amr: Vec<String>,
    /// How much that is worth.
    pub acr: Option<String>,
    /// How many seconds ago they did; nothing is said of it without.
    pub seconds_ago: Option<u64>,
}

/// What it does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misbehaviour {
    /// Nothing.
    None,
    /// The token has another nonce.
    OtherNonce,
    /// The token has none.
    NoNonce,
    /// The token is of another issuer.
    OtherIssuer,
    /// The token is for another client.
    OtherAudience,
    /// The token is for us, and for another client too.
    TwoAudiences,
    /// The token was asked for by another client.
    OtherParty,
    /// The token was over two minutes ago.
    Expired,
    /// The token was issued long ago, and is not over.
    Old,
    /// The token is of the next hour.
    FromTheFuture,
    /// The token has the hash of another access token.
    OtherHash,
    /// The token is signed by a key that is not the one it names.
    OtherKey,
    /// The token names a key that nobody knows.
    UnknownKey,
    /// The token is not signed at all.
    Unsigned,
    /// The token is signed with the client secret.
    SignedWithSecret,
    /// There is no token.
    NoToken,
    /// The answer to a code is no JSON.
    Nonsense,
    /// The answer to a code is far too large.
    Huge,
    /// The answer to a code is a redirect.
    Redirects,
    /// A code is taken, and nothing is answered.
    Hangs,
    /// Every connection is closed at once.
    Down,
    /// The document is of another issuer.
    OtherDocument,
    /// The document names a token endpoint without TLS on another machine.
    InTheClear,
    /// The client secret is taken in no way that anybody knows.
    OtherAuthentication,
}

/// How often it was asked for what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// For its document.
    pub document: u32,
    /// For its keys.
    pub keys: u32,
    /// To take a code.
    pub token: u32,
}

/// A code that was given out, and for what.
struct Given {
    person: SignedInThere,
    nonce: String,
    challenge: String,
    redirect_uri: String,
}

/// A connection, under TLS or not.
type Connection = Box<dyn Both>;

trait Both: Read + Write + Send {}

impl<T: Read + Write + Send> Both for T {}

struct State {
    person: Option<SignedInThere>,
    misbehaviour: Misbehaviour,
    keys: Keys,
    /// Takes the secret in the form, and not in a header.
    post: bool,
    /// Says who it is with each answer (RFC 9207).
    names_itself: bool,
    codes: HashMap<String, Given>,
    number: u32,
    asked: Asked,
    /// Connections that are left without an answer.
    hanging: Vec<Connection>,
}

struct Shared {
    address: SocketAddr,
    /// Under TLS it is found by this name, and not by its address.
    tls: Option<Arc<ServerConfig>>,
    /// Seconds since the beginning of 1970.
    clock: Box<dyn Fn() -> u64 + Send + Sync>,
    state: Mutex<State>,
    over: std::sync::atomic::AtomicBool,
}

/// The provider.
pub struct OpenIdProvider {
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for OpenIdProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OpenID Connect provider at {}", self.shared.address)
    }
}

impl OpenIdProvider {
    /// Starts it; the clock says seconds since the beginning of 1970.
    ///
    /// # Panics
    /// When loopback has no free port.
    #[must_use]
    pub fn start(clock: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self::start_with(None, clock)
    }

    /// The same under TLS, found at `localhost`.
    ///
    /// # Panics
    /// When loopback has no free port, or the certificate is none.
    #[must_use]
    pub fn start_tls(certificate: &Certificate, clock: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        let chain = CertificateDer::pem_slice_iter(certificate.chain.as_bytes());
        let chain = chain.collect::<Result<Vec<_>, _>>().expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).expect("its key");
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a certificate and its key");
        Self::start_with(Some(Arc::new(config)), clock)
    }

    fn start_with(tls: Option<Arc<ServerConfig>>, clock: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let state = State {
            person: None,
            misbehaviour: Misbehaviour::None,
            keys: Keys::new(),
            post: false,
            names_itself: false,
            codes: HashMap::new(),
            number: 0,
            asked: Asked::default(),
            hanging: Vec::new(),
        };
        let shared = Arc::new(Shared {
            address,
            tls,
            clock: Box::new(clock),
            state: Mutex::new(state),
            over: false.into(),
        });
        let serving = shared.clone();
        let listening = std::thread::spawn(move || {
            for connection in listener.incoming() {
                if serving.over.load(std::sync::atomic::Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = connection else { continue };
                let shared = serving.clone();
                std::thread::spawn(move || shared.take(stream));
            }
        });
        Self { shared, listening: Some(listening) }
    }

    /// What it calls itself.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.shared.issuer()
    }

    /// Who is signed in there from now on; nobody refuses, as somebody does who presses "Cancel".
    pub fn sign_in(&self, person: Option<SignedInThere>) {
        self.shared.state().person = person;
    }

    /// Does this wrong from now on.
    pub fn misbehave(&self, misbehaviour: Misbehaviour) {
        let mut state = self.shared.state();
        state.misbehaviour = misbehaviour;
        state.hanging.clear();
    }

    /// Signs with another key from now on, and publishes that one alone.
    pub fn rotate_key(&self) {
        self.shared.state().keys.rotate();
    }

    /// Signs with RSA from now on (RS256).
    pub fn use_rsa(&self) {
        self.shared.state().keys.use_rsa();
    }

    /// Takes the client secret in the form from now on (`client_secret_post`).
    pub fn take_secret_in_form(&self) {
        self.shared.state().post = true;
    }

    /// Says who it is with each answer from now on (RFC 9207).
    pub fn name_itself(&self) {
        self.shared.state().names_itself = true;
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> Asked {
        self.shared.state().asked
    }

    /// What a browser is led to that goes to `url`: back to the client, with a code or a refusal.
    ///
    /// # Panics
    /// For a request that is not as it has to be.
    #[must_use]
    pub fn lead_back(&self, url: &str) -> String {
        let query = url.strip_prefix(&format!("{}/authorize?", self.issuer())).expect("its own endpoint");
        self.shared.authorized(&fields(query))
    }
}

impl Drop for OpenIdProvider {
    fn drop(&mut self) {
        self.shared.over.store(true, std::sync::atomic::Ordering::SeqCst);
        self.shared.state().hanging.clear();
        // It wakes for one connection more.
        drop(TcpStream::connect(self.shared.address));
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

impl Shared {
    fn issuer(&self) -> String {
        match self.tls {
            Some(_) => format!("https://localhost:{}/tenant", self.address.port()),
            None => format!("http://{}/tenant", self.address),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, stream: TcpStream) {
        let Some(config) = &self.tls else { return self.answer(Box::new(stream)) };
        let connection = ServerConnection::new(config.clone()).expect("a configuration that fits");
        self.answer(Box::new(StreamOwned::new(connection, stream)));
    }

    fn answer(&self, mut stream: Connection) {
        let misbehaviour = self.state().misbehaviour;
        if misbehaviour == Misbehaviour::Down {
            return;
        }
        let Some(asking) = Asking::read(&mut stream) else { return };
        let path = asking.path.split('?').next().unwrap_or_default();
        let (status, body) = match path.strip_prefix("/tenant") {
            Some("/.well-known/openid-configuration") => (200, self.document(misbehaviour).to_string()),
            Some("/keys") => {
                let mut state = self.state();
                state.asked.keys += 1;
                (200, state.keys.published().to_string())
            }
            Some("/authorize") => {
                let query = asking.path.split_once('?').map_or("", |(_, query)| query);
                return redirect(stream, &self.authorized(&fields(query)));
            }
            Some("/token") => {
                self.state().asked.token += 1;
                match misbehaviour {
                    Misbehaviour::Hangs => {
                        self.state().hanging.push(stream);
                        return;
                    }
                    Misbehaviour::Redirects => return redirect(stream, &format!("{}/token", self.issuer())),
                    Misbehaviour::Huge => (200, format!("\"{}\"", "x".repeat(HUGE_OCTETS))),
                    Misbehaviour::Nonsense => (200, "<html>".to_owned()),
                    _ => match self.exchanged(&asking) {
                        Ok(answer) => (200, answer.to_string()),
                        Err((status, error)) => (status, json!({ "error": error }).to_string()),
                    },
                }
            }
            _ => (404, "{}".to_owned()),
        };
        respond(stream, &format!("{status} OK"), "Content-Type: application/json", &body);
    }

    fn document(&self, misbehaviour: Misbehaviour) -> Value {
        let mut state = self.state();
        state.asked.document += 1;
        let issuer = self.issuer();
        let method = match misbehaviour {
            Misbehaviour::OtherAuthentication => "private_key_jwt",
            _ if state.post => "client_secret_post",
            _ => "client_secret_basic",
        };
        let token = match misbehaviour {
            Misbehaviour::InTheClear => "http://login.example/token".to_owned(),
            _ => format!("{issuer}/token"),
        };
        json!({
            "issuer": if misbehaviour == Misbehaviour::OtherDocument { format!("{issuer}/") } else { issuer.clone() },
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": token,
            "jwks_uri": format!("{issuer}/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
            "token_endpoint_auth_methods_supported": [method],
            "authorization_response_iss_parameter_supported": state.names_itself,
        })
    }

    /// OpenID Connect Core 1.0 §3.1.2: everybody is signed in, so there is nothing to ask.
    fn authorized(&self, asked: &[(String, String)]) -> String {
        let of = |name| get(asked, name).unwrap_or_else(|| panic!("{name} is asked with"));
        assert_eq!((of("response_type"), of("client_id")), ("code", CLIENT));
        assert_eq!(of("code_challenge_method"), "S256");
        assert!(of("scope").split(' ').any(|scope| scope == "openid"), "{}", of("scope"));
        let mut state = self.state();
        let answer = match state.person.clone() {
            None => "error=access_denied&error_description=canary-of-the-provider".to_owned(),
            Some(person) => {
                state.number += 1;
                let code = format!("code-{}-canary", state.number);
                let given = Given {
                    person,
                    nonce: of("nonce").to_owned(),
                    challenge: of("code_challenge").to_owned(),
                    redirect_uri: of("redirect_uri").to_owned(),
                };
                state.codes.insert(code.clone(), given);
                format!("code={code}")
            }
        };
        let own = if state.names_itself {
            format!("&iss={}", self.issuer().replace(':', "%3A").replace('/', "%2F"))
        } else {
            String::new()
        };
        format!("{}?{answer}&state={}{own}", of("redirect_uri"), of("state"))
    }

    /// RFC 6749 §4.1.3, RFC 7636 §4.6; a code is good once.
    fn exchanged(&self, asking: &Asking) -> Result<Value, (u16, &'static str)> {
        let form = fields(&asking.body);
        let of = |name| get(&form, name).unwrap_or_default();
        let mut state = self.state();
        let shown = if state.post {
            (of("client_id").to_owned(), of("client_secret").to_owned())
        } else {
            asking.basic().ok_or((401, "invalid_client"))?
        };
        if shown != (CLIENT.to_owned(), CLIENT_SECRET.to_owned()) {
            return Err((401, "invalid_client"));
        }
        if of("grant_type") != "authorization_code" {
            return Err((400, "unsupported_grant_type"));
        }
        let given = state.codes.remove(of("code")).ok_or((400, "invalid_grant"))?;
        let verifier = digest::digest(&digest::SHA256, of("code_verifier").as_bytes());
        if base64url(verifier.as_ref()) != given.challenge || of("redirect_uri") != given.redirect_uri {
            return Err((400, "invalid_grant"));
        }
        let access = "access-token-canary";
        let mut answer = json!({"access_token": access, "token_type": "Bearer", "expires_in": 300});
        if state.misbehaviour != Misbehaviour::NoToken {
            let claims = claims(&self.issuer(), &given, access, (self.clock)(), state.misbehaviour);
            answer["id_token"] = state.keys.sign(&claims, state.misbehaviour).into();
        }
        Ok(answer)
    }
}

fn redirect(stream: Connection, to: &str) {
    respond(stream, "302 Found", &format!("Location: {to}"), "");
}

fn respond(mut stream: Connection, status: &str, field: &str, body: &str) {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\n{field}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    // Whoever asked may be gone: then nobody is told.
    let _ = stream.write_all((head + body).as_bytes()).and_then(|()| stream.flush());
}
