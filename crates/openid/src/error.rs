//! What can go wrong with a provider, in words for the person who signs in. No token, code, address or identifier stands in them.

/// Why nobody was signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenIdError {
    /// Not reached, or not answered in time, or an answer that breaks off.
    #[error("it cannot be reached, or does not answer in time")]
    Unreachable,
    /// An answer of more than [`ANSWER_OCTETS_MAX`](crate::ANSWER_OCTETS_MAX).
    #[error("its answer is larger than any such answer is")]
    TooLarge,
    /// An answer that is not what the protocol has there; a redirect too, for none is followed.
    #[error("its answer makes no sense ({0})")]
    Answer(&'static str),
    /// The document is of another issuer (OpenID Connect Discovery 1.0 §4.3).
    #[error("it calls itself something else than `oidc.issuer`, where a slash at the end counts too")]
    AnotherIssuer,
    /// The document names an address without TLS.
    #[error("it names an address without TLS")]
    Insecure,
    /// None of the ways to show a client secret that the document names is known here.
    #[error(
        "it takes the client secret in no way that is known here (client_secret_basic, client_secret_post)"
    )]
    ClientAuthentication,
    /// The token endpoint refuses (RFC 6749 §5.2).
    #[error("{0}")]
    Refused(Refusal),
    /// The answer came from another provider than the one that was asked (RFC 9207 §2.4).
    #[error("the answer is of another provider than the one that was asked")]
    Mixed,
    /// The ID token does not hold.
    #[error("what it says about you does not hold: {0}")]
    Token(#[from] TokenFault),
}

/// Why the token endpoint refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `invalid_grant`: used already, too old, or of another client.
    #[error("it does not take the answer that you brought: it was used already, or is too old")]
    Code,
    /// `invalid_client`, `unauthorized_client`.
    #[error(
        "it does not know this installation: an administrator looks at `oidc.client_id` and the client secret"
    )]
    Client,
    /// Anything else.
    #[error("it refuses")]
    Other,
}

/// Why an ID token does not hold (OpenID Connect Core 1.0 §3.1.3.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// There is none.
    #[error("there is no ID token")]
    Missing,
    /// No key of the provider's signed it, or none of its algorithms did.
    #[error("its signature is wrong")]
    Signature,
    /// It is signed by a key that the provider does not publish.
    #[error("it is signed by a key that is not known")]
    UnknownKey,
    /// Another issuer.
    #[error("it is of another issuer")]
    Issuer,
    /// For another client.
    #[error("it is for another client")]
    Audience,
    /// Over, issued too long ago, or in the future.
    #[error("its time is wrong: look at the clocks")]
    Time,
    /// Of another sign-in.
    #[error("it is of another sign-in")]
    Nonce,
    /// It belongs to another access token.
    #[error("it does not belong to what it came with")]
    Hash,
    /// Not signed in there as recently, or not as strongly, as was asked.
    #[error("it does not say what was asked for")]
    NotAsAsked,
    /// Something of its form.
    #[error("its form is not supported")]
    Form,
}

impl OpenIdError {
    /// Whether it may pass by itself: the provider is away, and nobody's settings or token are wrong.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable | Self::TooLarge | Self::Answer(_))
    }
}
