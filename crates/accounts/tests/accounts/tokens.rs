//! Tokens: one for each purpose, and nothing in the database that lets anybody in.

use accounts::{FORM_NONCE_OCTETS, FormToken, TOKEN_OCTETS, Token, TokenKind};
use proptest::prelude::*;

const KINDS: [TokenKind; 4] = [TokenKind::Visit, TokenKind::Session, TokenKind::Link, TokenKind::ApiKey];

proptest! {
    #[test]
    fn a_token_is_of_one_kind(random in any::<[u8; TOKEN_OCTETS]>(), kind in 0..4usize) {
        let token = Token::from_random(KINDS[kind], random);
        for other in KINDS {
            let read = Token::parse(other, token.reveal()).map(|read| (read.kind(), read.digest()));
            prop_assert_eq!(read, (other == KINDS[kind]).then(|| (other, token.digest())));
            let same = Token::from_random(other, random).digest() == token.digest();
            prop_assert_eq!(same, other == KINDS[kind]);
        }
    }

    #[test]
    fn any_text_is_looked_at_without_harm(text in any::<String>()) {
        let holder = Token::from_random(TokenKind::Session, [1; TOKEN_OCTETS]);
        prop_assert!(KINDS.iter().all(|kind| Token::parse(*kind, &text).is_none()));
        prop_assert!(!FormToken::verify(&holder, &text));
    }

    #[test]
    fn a_form_is_of_one_session(
        one in any::<[u8; TOKEN_OCTETS]>(),
        other in any::<[u8; TOKEN_OCTETS]>(),
        nonce in any::<[u8; FORM_NONCE_OCTETS]>(),
        at in 0..64usize,
    ) {
        prop_assume!(one != other);
        let session = Token::from_random(TokenKind::Session, one);
        let form = FormToken::issue(&session, nonce);
        prop_assert!(FormToken::verify(&session, form.as_str()));
        prop_assert!(!FormToken::verify(&Token::from_random(TokenKind::Session, other), form.as_str()));
        prop_assert!(!FormToken::verify(&Token::from_random(TokenKind::Visit, one), form.as_str()));
        let mut altered = form.as_str().to_owned().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        prop_assert!(!FormToken::verify(&session, &String::from_utf8_lossy(&altered)));
    }
}

#[test]
fn forms_differ_from_page_to_page() {
    let session = Token::from_random(TokenKind::Session, [1; TOKEN_OCTETS]);
    assert_ne!(FormToken::issue(&session, [1; 16]), FormToken::issue(&session, [2; 16]));
}

#[test]
fn what_a_secret_scanner_looks_for() {
    let key = Token::from_random(TokenKind::ApiKey, [0; TOKEN_OCTETS]);
    assert_eq!(key.reveal(), format!("und_{}", "a".repeat(52)));
    for text in [&key.reveal()[1..], &key.reveal().to_uppercase(), &format!("{}a", key.reveal()), "und_", ""]
    {
        assert!(Token::parse(TokenKind::ApiKey, text).is_none(), "{text}");
    }
}

#[test]
fn nothing_prints_a_token() {
    let token = Token::from_random(TokenKind::Session, [1; TOKEN_OCTETS]);
    let form = FormToken::issue(&token, [1; 16]);
    assert_eq!(format!("{token:?} {:?} {form:?}", token.digest()), "[token Session] [digest] [form token]");
}
