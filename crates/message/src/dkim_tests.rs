use ring::signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

use super::*;

/// RFC 8463 appendix A.1.
const SEED: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
const PUBLIC: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
/// Made for these tests with `openssl genrsa 2048`; it signs nothing else.
const RSA_PKCS8: &str = include_str!("../tests/data/rsa2048.pem");
const RSA_PKCS1: &str = include_str!("../tests/data/rsa2048-pkcs1.pem");
const RSA_SMALL: &str = include_str!("../tests/data/rsa1024.pem");
const RSA_PUBLIC_DER: &[u8] = include_bytes!("../tests/data/rsa2048-public.der");
const ED25519_PKCS8: &str = include_str!("../tests/data/ed25519.pem");

#[test]
fn rfc_8463_appendix_a() {
    let fields: Vec<(&str, String)> = [
        ("From", "Joe SixPack <joe@football.example.com>"),
        ("To", "Suzie Q <suzie@shopping.example.net>"),
        ("Subject", "Is dinner ready?"),
        ("Date", "Fri, 11 Jul 2003 21:00:37 -0700 (PDT)"),
        ("Message-ID", "<20030712040037.46341.5F8J@football.example.com>"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec();
    let body = b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n\r\n";
    let bh = BASE64.encode(digest(&SHA256, &body_form(body)).as_ref());
    assert_eq!(bh, "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
    let own = " v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n\
         \x20q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : message-id : from : subject : date;\r\n\
         \x20bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=";
    let names = ["from", "to", "subject", "date", "message-id", "from", "subject", "date"];
    let form = header_form(&fields, &names, own);
    let signer = Signer::new("football.example.com", "brisbane", SEED).unwrap();
    assert_eq!(
        BASE64.encode(&signer.signature(&form).unwrap()),
        "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="
    );
}

#[test]
fn the_published_record_is_of_the_key_that_signs() {
    let rsa = Signer::new("x.test", "s1", RSA_PKCS8).unwrap();
    assert_eq!(rsa.record(), format!("v=DKIM1; k=rsa; p={}", BASE64.encode(RSA_PUBLIC_DER)));
    assert_eq!((rsa.selector(), rsa.domain()), ("s1", "x.test"));
    // RFC 8463 appendix A.2.
    let ed25519 = Signer::new("x.test", "s2", SEED).unwrap();
    assert_eq!(ed25519.record(), format!("v=DKIM1; k=ed25519; p={PUBLIC}"));
}

#[test]
fn canonical_forms() {
    // RFC 6376 §3.4.5.
    let mut out = Vec::new();
    relaxed_header(&mut out, "A", " X\r\n");
    relaxed_header(&mut out, "\r\nB ", " Y\t\r\n\tZ  \r\n");
    assert_eq!(out, b"a:X\r\nb:Y Z");
    assert_eq!(body_form(b" C \r\nD \t E\r\n\r\n\r\n"), b" C\r\nD E\r\n");
    assert_eq!(body_form(b"D\r\n \r\n\t \r\n"), b"D\r\n");
    assert_eq!(body_form(b"\r\n\r\n"), b"");
    assert_eq!(body_form(b""), b"");
    assert_eq!(body_form(b"no end"), b"no end\r\n");
}

/// Verifies with canonical forms written another way: by lines and words, from the octets of the message.
fn verify(signed: &str, signature_name: &str, check: impl Fn(&[u8], &[u8]) -> bool) -> bool {
    let (head, body) = signed.split_once("\r\n\r\n").unwrap();
    let mut fields: Vec<String> = Vec::new();
    for line in head.split("\r\n") {
        match fields.last_mut() {
            Some(last) if line.starts_with(' ') => last.push_str(line),
            _ => fields.push(line.to_owned()),
        }
    }
    let relaxed = |field: &str| {
        let (name, value) = field.split_once(':').unwrap();
        format!("{}:{}", name.to_lowercase(), value.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let own = fields.iter().find(|f| f.contains(&format!("a={signature_name};"))).unwrap();
    let tags: Vec<(String, String)> = own
        .split_once(':')
        .unwrap()
        .1
        .split(';')
        .map(|tag| tag.split_once('=').unwrap())
        .map(|(name, value)| (name.trim().to_owned(), value.split_whitespace().collect()))
        .collect();
    let tag = |name: &str| tags.iter().find(|(n, _)| n == name).unwrap().1.clone();
    let mut body: Vec<String> = body
        .split("\r\n")
        .map(|line| {
            let indent = if line.starts_with([' ', '\t']) { " " } else { "" };
            format!("{indent}{}", line.split_whitespace().collect::<Vec<_>>().join(" ")).trim_end().to_owned()
        })
        .collect();
    while body.last().is_some_and(String::is_empty) {
        body.pop();
    }
    let body: String = body.iter().map(|line| format!("{line}\r\n")).collect();
    if tag("bh") != BASE64.encode(digest(&SHA256, body.as_bytes()).as_ref()) {
        return false;
    }
    let mut rest = fields.clone();
    let mut form = String::new();
    for name in tag("h").split(':') {
        let is_it = |f: &String| f.split(':').next().unwrap().eq_ignore_ascii_case(name);
        if let Some(at) = rest.iter().rposition(is_it) {
            form.push_str(&relaxed(&rest.remove(at)));
            form.push_str("\r\n");
        }
    }
    let unsigned = own.rsplit_once(" b=").unwrap().0.to_owned() + " b=";
    form.push_str(&relaxed(&unsigned));
    check(form.as_bytes(), &BASE64.decode(tag("b").as_bytes()).unwrap())
}

fn message(signers: &[Signer]) -> String {
    let headers = [
        Header::tokens("From", &["team@x.test"]).unwrap(),
        Header::tokens("To", &["ann@y.test"]).unwrap(),
        Header::text("Subject", &"A long subject, folded ".repeat(8)).unwrap(),
    ];
    let body = b"Hello  there\r\n\r\nline \r\n";
    let mut out = Vec::new();
    for signer in signers {
        out.extend_from_slice(signer.sign(&headers, body, 1_700_000_000).unwrap().as_bytes());
    }
    for header in &headers {
        header.write(&mut out);
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
    String::from_utf8(out).unwrap()
}

fn rsa_checks(form: &[u8], signature: &[u8]) -> bool {
    // SubjectPublicKeyInfo of a 2048-bit key: 24 octets, then the RSAPublicKey that ring takes.
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &RSA_PUBLIC_DER[24..]).verify(form, signature).is_ok()
}

fn ed25519_checks(form: &[u8], signature: &[u8]) -> bool {
    let public = BASE64.decode(PUBLIC.as_bytes()).unwrap();
    UnparsedPublicKey::new(&ED25519, public).verify(digest(&SHA256, form).as_ref(), signature).is_ok()
}

#[test]
fn both_signatures_verify_and_cover_what_they_say() {
    let signers =
        [Signer::new("x.test", "rsa", RSA_PKCS8).unwrap(), Signer::new("x.test", "ed", SEED).unwrap()];
    let signed = message(&signers);
    assert!(signed.split("\r\n").all(|line| line.len() <= 78), "{signed}");
    assert!(verify(&signed, "rsa-sha256", rsa_checks));
    assert!(verify(&signed, "ed25519-sha256", ed25519_checks));
    for (from, to) in [
        ("Hello", "Hallo"),
        ("ann@", "bob@"),
        ("\r\nTo:", "\r\nCc: eve@x.test\r\nTo:"),
        ("\r\nTo:", "\r\nTo: eve@x.test\r\nTo:"),
        ("\r\nTo:", "\r\nReply-To: eve@x.test\r\nTo:"),
        ("\r\nSubject:", "\r\nSubject: eve\r\nSubject:"),
    ] {
        let changed = signed.replacen(from, to, 1);
        assert!(!verify(&changed, "rsa-sha256", rsa_checks), "{from:?}");
        assert!(!verify(&changed, "ed25519-sha256", ed25519_checks), "{from:?}");
    }
}

#[test]
fn reads_every_form_of_key_and_refuses_others() {
    assert!(Signer::new("x.test", "s", RSA_PKCS1).is_ok());
    assert!(Signer::new("x.test", "s", ED25519_PKCS8).is_ok());
    assert_eq!(format!("{:?}", Signer::new("x.test", "s", SEED).unwrap()), "[ed25519-sha256 signer]");
    let too_long = format!("{SEED}{}", " ".repeat(KEY_OCTETS_MAX));
    for (domain, selector, key, error) in [
        ("x.test", "s", RSA_SMALL, SignerError::Key),
        ("x.test", "s", "AAAA", SignerError::Form),
        ("x.test", "s", "", SignerError::Form),
        ("x.test", "s", too_long.as_str(), SignerError::Form),
        ("x.test", "s", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", SignerError::Kind),
        ("x.test", "s", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", SignerError::Key),
        ("x;y.test", "s", SEED, SignerError::Name),
        ("x", "s", SEED, SignerError::Name),
        ("x.test", "s\r\n", SEED, SignerError::Name),
    ] {
        assert_eq!(Signer::new(domain, selector, key).err(), Some(error), "{domain} {selector}");
    }
}
