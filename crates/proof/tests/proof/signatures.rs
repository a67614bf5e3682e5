//! Noise in a signature that looks like an address.

use proof::{Expected, Refusal, prove};

use crate::{MESSAGE_ID, address, public, with_field};

fn proved(field: &str, made: &[String]) -> Result<(), Refusal> {
    let (recipient, public) = (address("ann@x.test"), public());
    let expected = Expected::new(&recipient, &public, MESSAGE_ID).signatures(made);
    prove(with_field(&format!("DKIM-Signature: {field}")).into_bytes(), &expected).map(drop)
}

#[test]
fn an_address_by_chance_in_a_signature_halts_nothing() {
    let b = data_encoding::BASE64.encode(b"\xF3\x01\x9C bob@y.test in sixteen octets \x00\xFF\x91");
    let field = format!("v=1; a=ed25519-sha256; d=police.example;\r\n b={b}");
    let made = field.replace("\r\n", "");
    assert!(matches!(proved(&field, &[]), Err(Refusal::Stranger(_))));
    proved(&field, std::slice::from_ref(&made)).unwrap();
    // Another signature, or one octet of it: nobody made that.
    for other in [made.replace("v=1", "v=2"), format!("{made}A"), String::new()] {
        assert!(matches!(proved(&field, &[other]), Err(Refusal::Stranger(_))));
    }
    // Beside the one that was made stands one that nobody made.
    let beside = format!("{field}\r\nDKIM-Signature: v=1; d=police.example; b={b}");
    assert!(matches!(proved(&beside, &[made]), Err(Refusal::Stranger(_))));
}

#[test]
fn what_stands_in_clear_in_a_signature_is_a_leak_whoever_made_it() {
    for field in ["v=1; d=y.test; i=bob@y.test; b=AAAA", "v=1; d=y.test; i=bob%40y.test; b=AAAA"] {
        assert!(matches!(proved(field, &[field.to_owned()]), Err(Refusal::Stranger(_))));
    }
}
