//! The provider that people sign in at, as the console asks it.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use openid::{
    ANSWER_WAIT, Ask, Identity, Kept, OpenIdError, Provider, ProviderSettings, Refusal, Returned, Secret,
};
use web::{Origin, SignOnAnswer, SignOnError, SignOnReturned, SignOnSecrets, SignedOn};

use crate::failure::Failure;
use crate::installation::Installation;
use crate::log::LastSaid;
use crate::relay::secret_file;

/// The provider, and what its word is taken for.
pub(crate) struct SignOn {
    installation: Arc<Installation>,
    provider: Arc<Provider>,
    said: LastSaid,
}

impl SignOn {
    /// The provider of the settings, if there is one. Nobody is asked yet: a provider that is away keeps nothing from starting.
    pub(crate) fn find(installation: &Arc<Installation>, origin: &Origin) -> Result<Option<Self>, Failure> {
        let oidc = &installation.settings.oidc;
        let (Some(issuer), Some(client_id)) = (&oidc.issuer, &oidc.client_id) else { return Ok(None) };
        let from_file = || -> Result<_, Failure> {
            let Some(path) = &oidc.client_secret_file else { return Ok(None) };
            let secret = secret_file(path)?.expose().to_owned();
            if secret.is_empty() {
                return Err(Failure::usage(
                    "settings",
                    "oidc.client_secret_file is empty. Nothing was started",
                ));
            }
            Ok(Some(secret))
        };
        let secret = match &oidc.client_secret {
            Some(secret) => Some(secret.clone()),
            None => from_file()?,
        };
        let authorities = oidc.ca_file.as_deref().map(fs::read).transpose().map_err(|_| {
            Failure::usage("settings", "the file that oidc.ca_file names cannot be read. Nothing was started")
        })?;
        let provider = Provider::new(ProviderSettings {
            issuer: issuer.clone(),
            client_id: client_id.clone(),
            client_secret: secret.map(Secret::new),
            redirect_uri: format!("{}{}", origin.as_str(), web::RETURN_PATH),
            authorities,
            wait: ANSWER_WAIT,
        });
        let provider =
            provider.map_err(|error| Failure::usage("settings", format!("{error}. Nothing was started")))?;
        Ok(Some(Self {
            installation: installation.clone(),
            provider: Arc::new(provider),
            said: LastSaid::default(),
        }))
    }

    fn now(&self) -> SystemTime {
        // Nobody signs in before 1970.
        let microseconds = u64::try_from(self.installation.now().as_microsecond()).unwrap_or(0);
        SystemTime::UNIX_EPOCH + Duration::from_micros(microseconds)
    }

    /// Asks the provider on a thread where that may take a while.
    async fn ask<T: Send + 'static>(
        &self,
        asking: impl FnOnce(&Provider, SystemTime) -> Result<T, OpenIdError> + Send + 'static,
    ) -> Result<T, SignOnError> {
        let (provider, now) = (self.provider.clone(), self.now());
        let asked = tokio::task::spawn_blocking(move || asking(&provider, now)).await;
        asked.unwrap_or(Err(OpenIdError::Unreachable)).map_err(|error| self.failed(error))
    }

    /// In words for the person; and for the administrator, unless the person alone can have done it.
    fn failed(&self, error: OpenIdError) -> SignOnError {
        let name = &self.installation.settings.oidc.name;
        if !matches!(error, OpenIdError::Refused(Refusal::Code) | OpenIdError::Mixed) {
            let text = format!(
                "nobody can sign in at the provider of oidc.issuer: {error}. People sign in with their passwords meanwhile"
            );
            self.said.say(&self.installation, &Failure::somebody("sign_on", text));
        }
        SignOnError { said: format!("{name} was asked: {error}"), away: error.may_pass() }
    }
}

impl web::SignOn for SignOn {
    fn name(&self) -> &str {
        &self.installation.settings.oidc.name
    }

    fn issuer(&self) -> &str {
        self.provider.issuer()
    }

    fn begin<'a>(&'a self, secrets: &'a SignOnSecrets) -> SignOnAnswer<'a, String> {
        let kept = kept(secrets);
        Box::pin(self.ask(move |provider, now| provider.begin(&kept, &Ask::default(), now)))
    }

    fn finish<'a>(
        &'a self,
        returned: SignOnReturned<'a>,
        secrets: &'a SignOnSecrets,
    ) -> SignOnAnswer<'a, SignedOn> {
        let kept = kept(secrets);
        let (code, issuer) = (returned.code.to_owned(), returned.issuer.map(ToOwned::to_owned));
        Box::pin(async move {
            let identity: Identity = self
                .ask(move |provider, now| {
                    let returned = Returned { code: &code, issuer: issuer.as_deref() };
                    provider.finish(&returned, &kept, &Ask::default(), now)
                })
                .await?;
            Ok(SignedOn {
                verified_email: identity.verified_email().map(ToOwned::to_owned),
                second_factor: identity.shows_one_of(&self.installation.settings.oidc.second_factor.0),
                subject: identity.subject,
            })
        })
    }
}

fn kept(secrets: &SignOnSecrets) -> Kept {
    Kept::new(&secrets.state, secrets.nonce, secrets.verifier)
}
