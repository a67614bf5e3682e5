//! The relay of a command: where, how, and who we are to it. Secrets come from files or the environment.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use delivery::TokenSource;
use delivery::smtp::{Credentials, Relay, RelayUrl, Secret, TlsPolicy, client_config};
use rustls::ClientConfig;

use crate::failure::Failure;
use crate::settings::{RelayKind, Settings, TokenSettings};

/// A relay and what is needed to talk to it.
pub(crate) struct ReadyRelay {
    pub(crate) relay: Relay,
    pub(crate) tokens: Option<TokenSource>,
    pub(crate) tls: Arc<ClientConfig>,
}

impl ReadyRelay {
    /// The relay of `--smtp`, else of `relay.url`, else of the kind.
    pub(crate) fn find(url: Option<&str>, settings: &Settings) -> Result<Self, Failure> {
        let by_kind = match settings.relay.kind {
            RelayKind::Generic => None,
            RelayKind::Microsoft365 => Some("smtp://smtp.office365.com:587"),
            RelayKind::Google => Some("smtp://smtp-relay.gmail.com:587"),
        };
        let url = url.or(settings.relay.url.as_deref()).or(by_kind).ok_or_else(|| {
            Failure::usage("relay", "no mail server is named: use --smtp smtp://HOST:PORT, or set relay.url")
        })?;
        let url = RelayUrl::parse(url).map_err(|error| Failure::usage("relay", error.to_string()))?;
        let ehlo_name = ehlo_name(settings)?;
        let user = settings.relay.username.clone().or_else(|| url.user().map(str::to_owned));
        let tokens = user.as_ref().map(|user| tokens(user, settings)).transpose()?.flatten();
        let credentials = match (&user, &tokens) {
            (Some(user), None) => Some(password(user, settings)?),
            (None, None) if settings.relay.password.is_some() || settings.relay.password_file.is_some() => {
                return Err(Failure::usage(
                    "relay",
                    "there is a password for the relay and no user: set relay.username",
                ));
            }
            _ => None,
        };
        let tls = client_config(settings.relay.ca_file.as_deref());
        let tls = match (tls, url.tls()) {
            (Ok(tls), _) => tls,
            // Mail to this machine in the clear needs no authorities.
            (Err(_), TlsPolicy::Plain) => empty_config()?,
            (Err(error), _) => return Err(Failure::usage("tls", error.to_string())),
        };
        let relay = Relay { url, ehlo_name, credentials, timeouts: settings.timeouts() };
        Ok(Self { relay, tokens, tls })
    }
}

fn empty_config() -> Result<Arc<ClientConfig>, Failure> {
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| Failure::unexpected("tls", "TLS cannot be set up"))?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// RFC 5321 §4.1.4: the machine's name, or an address literal where it has none that is a domain.
pub(crate) fn ehlo_name(settings: &Settings) -> Result<String, Failure> {
    let is_domain = |name: &str| {
        (1..=253).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
    };
    if let Some(name) = &settings.relay.ehlo_name {
        return if is_domain(name) {
            Ok(name.clone())
        } else {
            Err(Failure::usage("settings", "relay.ehlo_name is not a domain"))
        };
    }
    let uname = rustix::system::uname();
    let name = uname.nodename().to_string_lossy();
    Ok(if is_domain(&name) && name.contains('.') { name.into_owned() } else { "[127.0.0.1]".to_owned() })
}

pub(crate) fn secret_file(path: &Path) -> Result<Secret, Failure> {
    let text = fs::read_to_string(path).map_err(|_| {
        Failure::usage("secret", format!("the file {} with a secret cannot be read", path.display()))
    })?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

fn password(user: &str, settings: &Settings) -> Result<Credentials, Failure> {
    let relay = &settings.relay;
    let password = match (&relay.password, &relay.password_file) {
        (Some(password), _) => Secret::new(password.clone()),
        (None, Some(path)) => secret_file(path)?,
        (None, None) => {
            return Err(Failure::usage(
                "relay",
                "the relay has a user and no password: set relay.password_file, or UNDISCLOSED_RELAY__PASSWORD",
            ));
        }
    };
    Ok(Credentials::Password {
        user: user.to_owned(),
        password,
        mechanism: relay.auth.as_ref().map(|m| m.to_uppercase()),
    })
}

fn tokens(user: &str, settings: &Settings) -> Result<Option<TokenSource>, Failure> {
    let relay = &settings.relay;
    let endpoint = relay.kind.token_endpoint();
    let scope = match relay.kind {
        RelayKind::Microsoft365 => Some("https://outlook.office.com/SMTP.Send offline_access"),
        RelayKind::Google | RelayKind::Generic => None,
    };
    token_source("relay", (user, relay.token_file.as_deref()), &relay.token, (endpoint, scope))
}

/// Tokens from a file, or renewed; `at` is where the settings are.
pub(crate) fn token_source(
    at: &'static str,
    (user, file): (&str, Option<&Path>),
    token: &TokenSettings,
    (endpoint, scope): (Option<&str>, Option<&str>),
) -> Result<Option<TokenSource>, Failure> {
    if let Some(path) = file {
        return Ok(Some(TokenSource::from_file(user.to_owned(), path.to_owned())));
    }
    let Some(refresh) = &token.refresh_token_file else { return Ok(None) };
    let endpoint = token.endpoint.as_deref().or(endpoint);
    let (Some(endpoint), Some(client_id)) = (endpoint, &token.client_id) else {
        return Err(Failure::usage(
            "relay",
            format!("renewing tokens needs {at}.token.endpoint and {at}.token.client_id"),
        ));
    };
    let client_secret = token.client_secret_file.as_deref().map(secret_file).transpose()?;
    let scope = token.scope.as_deref().or(scope);
    TokenSource::refreshing(user.to_owned(), endpoint, client_id, client_secret, secret_file(refresh)?, scope)
        .map(Some)
        .map_err(|error| Failure::usage("relay", error.to_string()))
}
