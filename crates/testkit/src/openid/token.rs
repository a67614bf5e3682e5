//! The provider's keys, and what it signs with them (RFC 7515, RFC 7517, RFC 7518 §3).

use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use ring::{digest, hmac, rand};
use serde_json::{Value, json};

use super::message::base64url;
use super::{CLIENT, CLIENT_SECRET, Given, Misbehaviour};

/// A key of nobody's: `ring` makes none of this kind.
const RSA: &[u8] = include_bytes!("rsa.p8");

pub(super) struct Keys {
    random: SystemRandom,
    own: EcdsaKeyPair,
    number: u32,
    rsa: Option<RsaKeyPair>,
}

fn fresh(random: &dyn rand::SecureRandom) -> EcdsaKeyPair {
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, random).expect("a key");
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), random).expect("a key")
}

impl Keys {
    pub(super) fn new() -> Self {
        let random = SystemRandom::new();
        Self { own: fresh(&random), random, number: 1, rsa: None }
    }

    pub(super) fn rotate(&mut self) {
        self.own = fresh(&self.random);
        self.number += 1;
    }

    pub(super) fn use_rsa(&mut self) {
        self.rsa = Some(RsaKeyPair::from_pkcs8(RSA).expect("a key"));
    }

    fn name(&self) -> String {
        format!("key-{}", self.number)
    }

    /// What everybody may know of them.
    pub(super) fn published(&self) -> Value {
        // An uncompressed point (SEC 1 §2.3.3): 4, x, y.
        let point = self.own.public_key().as_ref();
        let mut keys = vec![json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "kid": self.name(),
            "x": base64url(&point[1..33]), "y": base64url(&point[33..65]),
        })];
        if let Some(rsa) = &self.rsa {
            let public = PublicKeyComponents::<Vec<u8>>::from(rsa.public());
            keys.push(json!({
                "kty": "RSA", "use": "sig", "kid": "rsa",
                "n": base64url(&public.n),
                "e": base64url(&public.e),
            }));
        }
        json!({ "keys": keys })
    }

    pub(super) fn sign(&self, claims: &Value, misbehaviour: Misbehaviour) -> String {
        let (algorithm, name) = match (misbehaviour, &self.rsa) {
            (Misbehaviour::Unsigned, _) => ("none", self.name()),
            (Misbehaviour::SignedWithSecret, _) => ("HS256", self.name()),
            (Misbehaviour::UnknownKey, _) => ("ES256", "nobodys".to_owned()),
            (_, Some(_)) => ("RS256", "rsa".to_owned()),
            (_, None) => ("ES256", self.name()),
        };
        let header = json!({"alg": algorithm, "typ": "JWT", "kid": name});
        let signed = format!(
            "{}.{}",
            base64url(header.to_string().as_bytes()),
            base64url(claims.to_string().as_bytes())
        );
        let signature = match (misbehaviour, &self.rsa) {
            (Misbehaviour::Unsigned, _) => Vec::new(),
            (Misbehaviour::SignedWithSecret, _) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, CLIENT_SECRET.as_bytes());
                hmac::sign(&key, signed.as_bytes()).as_ref().to_vec()
            }
            (Misbehaviour::OtherKey, None) => self.by(&fresh(&self.random), &signed),
            (_, Some(rsa)) => {
                let mut signature = vec![0; rsa.public().modulus_len()];
                rsa.sign(&RSA_PKCS1_SHA256, &self.random, signed.as_bytes(), &mut signature)
                    .expect("a signature");
                if misbehaviour == Misbehaviour::OtherKey {
                    signature[0] ^= 1;
                }
                signature
            }
            (_, None) => self.by(&self.own, &signed),
        };
        format!("{signed}.{}", base64url(&signature))
    }

    fn by(&self, key: &EcdsaKeyPair, signed: &str) -> Vec<u8> {
        key.sign(&self.random, signed.as_bytes()).expect("a signature").as_ref().to_vec()
    }
}

/// What the token says, or what it should not.
pub(super) fn claims(
    issuer: &str,
    given: &Given,
    access: &str,
    now: u64,
    misbehaviour: Misbehaviour,
) -> Value {
    let (mut issued, mut until) = (now, now + 300);
    match misbehaviour {
        Misbehaviour::Expired => (issued, until) = (now - 300, now - 120),
        Misbehaviour::Old => issued = now - 3_600,
        Misbehaviour::FromTheFuture => (issued, until) = (now + 3_600, now + 7_200),
        _ => {}
    }
    let person = &given.person;
    let hash = digest::digest(&digest::SHA256, access.as_bytes());
    let mut claims = json!({
        "iss": if misbehaviour == Misbehaviour::OtherIssuer { "https://login.example" } else { issuer },
        "sub": person.subject,
        "aud": match misbehaviour {
            Misbehaviour::OtherAudience => json!("somebody-else"),
            Misbehaviour::TwoAudiences => json!([CLIENT, "somebody-else"]),
            _ => json!(CLIENT),
        },
        "iat": issued,
        "exp": until,
        "at_hash": base64url(&hash.as_ref()[..16]),
        "amr": person.amr,
    });
    match misbehaviour {
        Misbehaviour::NoNonce => {}
        Misbehaviour::OtherNonce => claims["nonce"] = "another".into(),
        _ => claims["nonce"] = given.nonce.clone().into(),
    }
    if misbehaviour == Misbehaviour::OtherParty {
        claims["azp"] = "somebody-else".into();
    }
    if misbehaviour == Misbehaviour::OtherHash {
        claims["at_hash"] = base64url(&[7; 16]).into();
    }
    if let Some((email, verified)) = &person.email {
        claims["email"] = email.clone().into();
        if let Some(verified) = verified {
            claims["email_verified"] = (*verified).into();
        }
    }
    if let Some(acr) = &person.acr {
        claims["acr"] = acr.clone().into();
    }
    if let Some(ago) = person.seconds_ago {
        claims["auth_time"] = (now - ago).into();
    }
    claims
}
