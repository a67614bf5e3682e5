//! The provider: what it says of itself is kept for a while, and a sign-in goes there and comes back.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use openidconnect::core::{
    CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreErrorResponseType,
    CoreJsonWebKeySet, CoreProviderMetadata, CoreTokenResponse,
};
use openidconnect::http::header::ACCEPT;
use openidconnect::url::Url;
use openidconnect::{
    AuthType, AuthenticationContextClass, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest,
    Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
};
use serde_json::Value;

use crate::error::{OpenIdError, Refusal, TokenFault};
use crate::identity::Identity;
use crate::kept::{Ask, Kept, Returned};
use crate::settings::{ProviderSettings, Secret, SettingsError, is_secure};
use crate::transport::{Transport, TransportError};
use crate::verifying::{Expected, verified};

/// How long the provider's document and keys are kept.
pub const DOCUMENT_KEPT: Duration = Duration::from_secs(3_600);
/// An unknown key has them fetched anew, and not more often than this: whoever sends tokens with invented keys makes us ask no
/// more than that.
pub const KEYS_AGAIN: Duration = Duration::from_secs(60);
/// A provider that is away is not asked for its document again for so long.
pub const FAILURE_KEPT: Duration = Duration::from_secs(5);
/// Octets of a code: Entra ID's are some 1,500.
pub const CODE_OCTETS_MAX: usize = 8 * 1024;
/// What a document's address ends in (OpenID Connect Discovery 1.0 §4).
const DOCUMENT_PATH: &str = "/.well-known/openid-configuration";

/// A provider that people sign in at.
pub struct Provider {
    issuer: String,
    client_id: ClientId,
    client_secret: Option<Secret>,
    redirect: RedirectUrl,
    transport: Transport,
    known: Mutex<Known>,
}

/// What the provider said of itself last, and when; or how it failed to.
#[derive(Default)]
struct Known {
    document: Option<(Arc<Document>, SystemTime)>,
    failed: Option<(OpenIdError, SystemTime)>,
}

/// What the provider says of itself, with its keys.
struct Document {
    metadata: CoreProviderMetadata,
    /// Its answers say who they are of (RFC 9207 §3).
    names_itself: bool,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[provider]")
    }
}

impl Provider {
    /// Asks nobody yet.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn new(settings: ProviderSettings) -> Result<Self, SettingsError> {
        settings.check()?;
        Ok(Self {
            transport: Transport::new(settings.authorities.as_deref(), settings.wait)?,
            issuer: settings.issuer,
            client_id: ClientId::new(settings.client_id),
            client_secret: settings.client_secret,
            redirect: RedirectUrl::new(settings.redirect_uri).map_err(|_| SettingsError::Redirect)?,
            known: Mutex::default(),
        })
    }

    /// As the settings name it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where the browser goes: the authorization code flow with PKCE, state and nonce, for `openid` and `email` alone (OpenID
    /// Connect Core 1.0 §3.1.2.1; RFC 7636 §4.3). Blocks while the provider is asked what it is.
    ///
    /// # Errors
    /// [`OpenIdError`], where the provider does not say.
    pub fn begin(&self, kept: &Kept, ask: &Ask, now: SystemTime) -> Result<String, OpenIdError> {
        let document = self.document(now)?;
        let client =
            CoreClient::from_provider_metadata(document.metadata.clone(), self.client_id.clone(), None)
                .set_redirect_uri(self.redirect.clone());
        let (state, nonce) = (kept.state.clone(), kept.nonce.clone());
        let verifier = PkceCodeVerifier::new(kept.verifier.clone());
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        for value in &ask.acr_values {
            request = request.add_auth_context_value(AuthenticationContextClass::new(value.clone()));
        }
        if let Some(age) = ask.max_age {
            request = request.set_max_age(age);
        }
        if ask.again {
            request = request.add_prompt(CoreAuthPrompt::Login);
        }
        let (url, _, _) = request.url();
        Ok(url.into())
    }

    /// Who came back: exchanges the code, and looks at the ID token in every way there is (OpenID Connect Core 1.0 §3.1.3.7).
    /// Blocks while the provider is asked.
    ///
    /// # Errors
    /// [`OpenIdError`]: then it is nobody.
    pub fn finish(
        &self,
        returned: &Returned<'_>,
        kept: &Kept,
        ask: &Ask,
        now: SystemTime,
    ) -> Result<Identity, OpenIdError> {
        if returned.code.is_empty() || returned.code.len() > CODE_OCTETS_MAX {
            return Err(OpenIdError::Refused(Refusal::Code));
        }
        let document = self.document(now)?;
        // RFC 9207 §2.4: before the code goes anywhere. What names itself always is not taken without.
        match returned.issuer {
            Some(issuer) if issuer != self.issuer => return Err(OpenIdError::Mixed),
            None if document.names_itself => return Err(OpenIdError::Mixed),
            _ => {}
        }
        let answer = self.exchange(&document, returned.code, kept)?;
        let expected =
            Expected { issuer: &self.issuer, client: &self.client_id, nonce: &kept.nonce, ask, now };
        match verified(&answer, &document.metadata, &expected) {
            // The provider has another key since: OpenID Connect Core 1.0 §10.1.1.
            Err(TokenFault::UnknownKey) => {
                let newer = self.document_again(now)?;
                Ok(verified(&answer, &newer.metadata, &expected)?)
            }
            looked => Ok(looked?),
        }
    }

    /// RFC 6749 §4.1.3, with the verifier of RFC 7636 §4.5.
    fn exchange(
        &self,
        document: &Document,
        code: &str,
        kept: &Kept,
    ) -> Result<CoreTokenResponse, OpenIdError> {
        let secret = self.client_secret.as_ref().map(|secret| ClientSecret::new(secret.expose().to_owned()));
        let way = way_to_show(document.metadata.token_endpoint_auth_methods_supported(), secret.is_some())?;
        let client =
            CoreClient::from_provider_metadata(document.metadata.clone(), self.client_id.clone(), secret)
                .set_redirect_uri(self.redirect.clone())
                .set_auth_type(way);
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| OpenIdError::Answer("no token endpoint"))?
            .set_pkce_verifier(PkceCodeVerifier::new(kept.verifier.clone()));
        let call = |request: HttpRequest| -> Result<_, TransportError> { self.transport.call(request) };
        request.request(&call).map_err(|error| match error {
            RequestTokenError::Request(error) => error.into(),
            RequestTokenError::ServerResponse(said) => OpenIdError::Refused(match said.error() {
                CoreErrorResponseType::InvalidGrant => Refusal::Code,
                CoreErrorResponseType::InvalidClient | CoreErrorResponseType::UnauthorizedClient => {
                    Refusal::Client
                }
                _ => Refusal::Other,
            }),
            _ => OpenIdError::Answer("of the token endpoint"),
        })
    }

    /// The document, from now or from not long ago. One asks for all.
    fn document(&self, now: SystemTime) -> Result<Arc<Document>, OpenIdError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match &known.document {
            Some((document, at)) if is_within(*at, now, DOCUMENT_KEPT) => Ok(document.clone()),
            _ => self.fetch(&mut known, now),
        }
    }

    /// The document once more, for a key that is not in it.
    fn document_again(&self, now: SystemTime) -> Result<Arc<Document>, OpenIdError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match &known.document {
            Some((document, at)) if is_within(*at, now, KEYS_AGAIN) => Ok(document.clone()),
            _ => self.fetch(&mut known, now),
        }
    }

    fn fetch(&self, known: &mut Known, now: SystemTime) -> Result<Arc<Document>, OpenIdError> {
        if let Some((error, at)) = known.failed
            && is_within(at, now, FAILURE_KEPT)
        {
            return Err(error);
        }
        match self.ask() {
            Ok(document) => {
                let document = Arc::new(document);
                *known = Known { document: Some((document.clone(), now)), failed: None };
                Ok(document)
            }
            Err(error) => {
                known.failed = Some((error, now));
                Err(error)
            }
        }
    }

    /// OpenID Connect Discovery 1.0 §4.
    fn ask(&self) -> Result<Document, OpenIdError> {
        let octets = self.get(&format!("{}{DOCUMENT_PATH}", self.issuer.trim_end_matches('/')))?;
        let wrong = OpenIdError::Answer("of what it is");
        let all: Value = serde_json::from_slice(&octets).map_err(|_| wrong)?;
        // §4.3: the same to the last character.
        if all["issuer"].as_str() != Some(&self.issuer) {
            return Err(OpenIdError::AnotherIssuer);
        }
        let metadata: CoreProviderMetadata = serde_json::from_slice(&octets).map_err(|_| wrong)?;
        let token_endpoint = metadata.token_endpoint().ok_or(OpenIdError::Answer("no token endpoint"))?.url();
        let named: [&Url; 3] =
            [metadata.authorization_endpoint().url(), token_endpoint, metadata.jwks_uri().url()];
        if !named.into_iter().all(is_secure) {
            return Err(OpenIdError::Insecure);
        }
        let keys = self.get(metadata.jwks_uri().as_str())?;
        let keys: CoreJsonWebKeySet =
            serde_json::from_slice(&keys).map_err(|_| OpenIdError::Answer("of its keys"))?;
        let names_itself = all["authorization_response_iss_parameter_supported"] == Value::Bool(true);
        Ok(Document { metadata: metadata.set_jwks(keys), names_itself })
    }

    fn get(&self, url: &str) -> Result<Vec<u8>, OpenIdError> {
        let request =
            openidconnect::http::Request::get(url).header(ACCEPT, "application/json").body(Vec::new());
        let response = self.transport.call(request.map_err(|_| OpenIdError::Answer("an address"))?)?;
        match response.status().as_u16() {
            200 => Ok(response.into_body()),
            500.. => Err(OpenIdError::Unreachable),
            _ => Err(OpenIdError::Answer("another status than 200")),
        }
    }
}

/// Whether `at` was not longer ago than this. A clock that was set back says no.
fn is_within(at: SystemTime, now: SystemTime, span: Duration) -> bool {
    now.duration_since(at).is_ok_and(|passed| passed < span)
}

/// How the secret is shown: OpenID Connect Discovery 1.0 §3, where nothing said is `client_secret_basic`.
fn way_to_show(
    methods: Option<&Vec<CoreClientAuthMethod>>,
    has_secret: bool,
) -> Result<AuthType, OpenIdError> {
    let takes = |method: CoreClientAuthMethod| methods.is_none_or(|methods| methods.contains(&method));
    if !has_secret {
        return Ok(AuthType::RequestBody);
    }
    if takes(CoreClientAuthMethod::ClientSecretBasic) {
        Ok(AuthType::BasicAuth)
    } else if takes(CoreClientAuthMethod::ClientSecretPost) {
        Ok(AuthType::RequestBody)
    } else {
        Err(OpenIdError::ClientAuthentication)
    }
}
