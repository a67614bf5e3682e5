//! Certificates for servers under test: good, expired, wrongly named.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
    date_time_ymd,
};

/// A certificate authority that only the test trusts.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A server's certificate and key, as PEM.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The chain: the server's certificate alone.
    pub chain: String,
    /// Its key.
    pub key: String,
}

impl Default for Authority {
    fn default() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names to refuse");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        // A name of its own: two authorities of one name are told apart by their signatures alone, and a certificate
        // of the wrong one is then not of an unknown issuer but badly signed.
        let name: String =
            key.public_key_raw().iter().rev().take(8).map(|octet| format!("{octet:02x}")).collect();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, format!("Test authority {name}"));
        Self(CertifiedIssuer::self_signed(params, key).expect("a self-signed authority"))
    }
}

impl Authority {
    /// The authority's certificate, as PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for a name, valid now.
    #[must_use]
    pub fn good(&self, name: &str) -> Certificate {
        self.issue(name, (2020, 2060))
    }

    /// A certificate for a name that ended long ago.
    #[must_use]
    pub fn expired(&self, name: &str) -> Certificate {
        self.issue(name, (2020, 2021))
    }

    fn issue(&self, name: &str, (from, until): (i32, i32)) -> Certificate {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a signature");
        Certificate { chain: certificate.pem(), key: key.serialize_pem() }
    }
}
