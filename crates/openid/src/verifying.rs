//! An ID token, looked at in every way there is (OpenID Connect Core 1.0 §3.1.3.7). The numbers are those of its steps.

use std::time::{Duration, SystemTime};

use openidconnect::core::{
    CoreIdToken, CoreIdTokenClaims, CoreIdTokenVerifier, CoreJwsSigningAlgorithm, CoreProviderMetadata,
    CoreTokenResponse,
};
use openidconnect::{
    AccessTokenHash, ClaimsVerificationError, ClientId, IssuerUrl, Nonce, OAuth2TokenResponse,
    SignatureVerificationError, TokenResponse,
};

use crate::error::TokenFault;
use crate::identity::Identity;
use crate::kept::Ask;

/// How far the provider's clock may be from ours.
pub const CLOCK_LEEWAY: Duration = Duration::from_secs(60);
/// How long ago a token may have been issued: it is fetched at once, by us.
pub const TOKEN_AGE_MAX: Duration = Duration::from_secs(600);

/// Signatures that a public key verifies. Of those with a secret that both have, and of none at all, nothing is taken.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What the token has to be.
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client: &'a ClientId,
    pub(crate) nonce: &'a str,
    pub(crate) ask: &'a Ask,
    pub(crate) now: SystemTime,
}

pub(crate) fn verified(
    answer: &CoreTokenResponse,
    metadata: &CoreProviderMetadata,
    expected: &Expected<'_>,
) -> Result<Identity, TokenFault> {
    let token = answer.id_token().ok_or(TokenFault::Missing)?;
    let now = expected.now;
    let issuer = IssuerUrl::new(expected.issuer.to_owned()).map_err(|_| TokenFault::Issuer)?;
    let offered = metadata.id_token_signing_alg_values_supported();
    // Steps 6 and 7: a client without a secret, as far as signatures go, so that none can be made with one.
    let verifier =
        CoreIdTokenVerifier::new_public_client(expected.client.clone(), issuer, metadata.jwks().clone())
            .set_allowed_algs(ALGORITHMS.into_iter().filter(|algorithm| offered.contains(algorithm)))
            // Step 9.
            .set_time_fn(move || (now - CLOCK_LEEWAY).into())
            // Step 10.
            .set_issue_time_verifier_fn(move |issued| {
                let issued = SystemTime::from(issued);
                let fits = issued <= now + CLOCK_LEEWAY && now <= issued + TOKEN_AGE_MAX;
                if fits { Ok(()) } else { Err(String::new()) }
            });
    // Steps 2, 3, 6 to 11.
    let claims =
        token.claims(&verifier, &Nonce::new(expected.nonce.to_owned())).map_err(|error| fault(&error))?;
    // Steps 4 and 5: more than one audience was refused, so this is all that is left of them.
    if claims.authorized_party().is_some_and(|party| party != expected.client) {
        return Err(TokenFault::Audience);
    }
    check_hash(answer, token, claims, &verifier)?;
    check_asked(claims, expected)?;
    Ok(identity(claims, expected.issuer))
}

fn fault(error: &ClaimsVerificationError) -> TokenFault {
    match error {
        ClaimsVerificationError::InvalidIssuer(_) => TokenFault::Issuer,
        ClaimsVerificationError::InvalidAudience(_) => TokenFault::Audience,
        ClaimsVerificationError::Expired(_) => TokenFault::Time,
        ClaimsVerificationError::InvalidNonce(_) => TokenFault::Nonce,
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
            TokenFault::UnknownKey
        }
        ClaimsVerificationError::SignatureVerification(_) => TokenFault::Signature,
        _ => TokenFault::Form,
    }
}

/// §3.1.3.8: where there is a hash of the access token, it has to be that token's.
fn check_hash(
    answer: &CoreTokenResponse,
    token: &CoreIdToken,
    claims: &CoreIdTokenClaims,
    verifier: &CoreIdTokenVerifier<'_>,
) -> Result<(), TokenFault> {
    let Some(hash) = claims.access_token_hash() else { return Ok(()) };
    let algorithm = token.signing_alg().map_err(|_| TokenFault::Signature)?;
    let key = token.signing_key(verifier).map_err(|_| TokenFault::Signature)?;
    let own =
        AccessTokenHash::from_token(answer.access_token(), algorithm, key).map_err(|_| TokenFault::Hash)?;
    if own == *hash { Ok(()) } else { Err(TokenFault::Hash) }
}

/// Steps 12 and 13.
fn check_asked(claims: &CoreIdTokenClaims, expected: &Expected<'_>) -> Result<(), TokenFault> {
    let ask = expected.ask;
    let shown = claims.auth_context_ref();
    let strong = ask.acr_values.is_empty()
        || shown.is_some_and(|shown| ask.acr_values.iter().any(|asked| *asked == **shown));
    let recent = ask.max_age.is_none_or(|age| {
        let at = claims.auth_time().map(SystemTime::from);
        at.is_some_and(|at| at <= expected.now + CLOCK_LEEWAY && expected.now <= at + age + CLOCK_LEEWAY)
    });
    if strong && recent { Ok(()) } else { Err(TokenFault::NotAsAsked) }
}

fn identity(claims: &CoreIdTokenClaims, issuer: &str) -> Identity {
    Identity {
        issuer: issuer.to_owned(),
        subject: claims.subject().to_string(),
        email: claims.email().map(|email| email.to_string()),
        email_verified: claims.email_verified() == Some(true),
        amr: claims.auth_method_refs().into_iter().flatten().map(|method| method.to_string()).collect(),
        acr: claims.auth_context_ref().map(|class| class.to_string()),
        auth_time: claims.auth_time().map(SystemTime::from),
    }
}
