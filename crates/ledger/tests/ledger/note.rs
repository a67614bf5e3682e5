//! Signed notes and their keys.

use data_encoding::{BASE64, HEXLOWER};
use ledger::{
    KEY_NAME_OCTETS_MAX, KeyError, NOTE_OCTETS_MAX, Note, NoteError, SIGNATURES_MAX, Signer, Verifier,
};
use proptest::prelude::*;

/// The private key of RFC 8032 §7.1, test 1.
pub(crate) const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
pub(crate) const NAME: &str = "police.example/ledger";
/// Made with libsodium and SHA-256 from the text of the format, not with this crate.
pub(crate) const VERIFIER: &str =
    "police.example/ledger+98fbb956+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
/// A checkpoint over the eight leaves of Certificate Transparency, made in the same way.
pub(crate) const CHECKPOINT: &str = "police.example/ledger\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n\n\
    — police.example/ledger mPu5VljVppbJM/UMjEiR947HO7DT1JWTmod+8zJdRsNfLtL+5Ub6t2FiZUI+S78tNdUnVoZ8gJUVfzNLhMT8uplbWww=\n";

pub(crate) fn signer(name: &str) -> Signer {
    Signer::from_seed(name, &HEXLOWER.decode(SEED.as_bytes()).unwrap().try_into().unwrap()).unwrap()
}

pub(crate) fn other_signer(name: &str) -> Signer {
    Signer::from_seed(name, &[42; 32]).unwrap()
}

fn line(note: &Note) -> String {
    note.to_string().rsplit_once("\n\n").unwrap().1.to_owned()
}

#[test]
fn the_vectors_of_another_implementation() {
    assert_eq!(signer(NAME).verifier().to_string(), VERIFIER);
    let text = CHECKPOINT.split_once("\n\n").unwrap().0.to_owned() + "\n";
    let note = Note::sign(&text, &signer(NAME)).unwrap();
    assert_eq!(note.to_string(), CHECKPOINT);
    assert_eq!(Note::parse(CHECKPOINT.as_bytes()), Ok(note.clone()));
    assert_eq!(note.verify(&VERIFIER.parse().unwrap()), Ok(text.as_str()));
}

#[test]
fn the_key_of_go_s_checksum_database() {
    let text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
    let verifier: Verifier = text.parse().unwrap();
    assert_eq!((verifier.name(), verifier.to_string().as_str()), ("sum.golang.org", text));
}

#[test]
fn a_key_of_pkcs8_is_the_same_key() {
    // RFC 8410 §7: SEQUENCE { 0, { 1.3.101.112 }, OCTET STRING { OCTET STRING of 32 } }.
    let der = HEXLOWER.decode(format!("302e020100300506032b657004220420{SEED}").as_bytes()).unwrap();
    assert_eq!(Signer::from_pkcs8(NAME, &der).unwrap().verifier(), signer(NAME).verifier());
    assert_eq!(Signer::from_pkcs8(NAME, &der[1..]).unwrap_err(), KeyError::Private);
}

#[test]
fn a_signer_does_not_show_its_key() {
    let shown = format!("{:?}", signer(NAME));
    assert_eq!(shown, format!("[signer of {VERIFIER}]"));
}

#[test]
fn an_altered_verifier_key_is_none() {
    for at in 0..VERIFIER.len() {
        let mut octets = VERIFIER.as_bytes().to_vec();
        octets[at] ^= 1;
        let text = String::from_utf8(octets).unwrap();
        assert!(text.parse::<Verifier>().is_err(), "{text}");
        assert!(VERIFIER[..at].parse::<Verifier>().is_err());
    }
    // Another type of signature, and a key of another length, each with a number of its own that fits.
    assert_eq!(verifier_key(&[2; 33]).parse::<Verifier>(), Err(KeyError::Malformed));
    assert_eq!(verifier_key(&[1; 34]).parse::<Verifier>(), Err(KeyError::Malformed));
    assert!(verifier_key(&[1; 33]).parse::<Verifier>().is_ok());
}

fn verifier_key(key: &[u8]) -> String {
    let hashed = ring::digest::digest(&ring::digest::SHA256, &[b"a\n", key].concat());
    format!("a+{}+{}", HEXLOWER.encode(&hashed.as_ref()[..4]), BASE64.encode(key))
}

#[test]
fn names_of_keys() {
    let with_name = |name: &str| Signer::from_seed(name, &[1; 32]).map(|_| ());
    for name in ["a", "example.com/log", "é", &"a".repeat(KEY_NAME_OCTETS_MAX)] {
        assert_eq!(with_name(name), Ok(()), "{name}");
    }
    let long = "a".repeat(KEY_NAME_OCTETS_MAX + 1);
    for name in ["", "a b", "a+b", "a\u{a0}b", "a\u{3000}", "a\n", "a\0", "a\u{85}b", &long] {
        assert_eq!(with_name(name), Err(KeyError::Name), "{name:?}");
    }
}

#[test]
fn signatures_of_others_are_ignored() {
    let (ours, others) = (signer(NAME), other_signer("witness.example"));
    let note = Note::sign("text\n", &ours).unwrap();
    let witness = line(&Note::sign("text\n", &others).unwrap());
    let ours_line = line(&note);
    let several =
        format!("text\n\n{witness}{ours_line}{witness}— new.example {}\n", BASE64.encode(&[7; 5000]));
    let read = Note::parse(several.as_bytes()).unwrap();
    assert_eq!(read.to_string(), several);
    assert_eq!(read.verify(ours.verifier()), Ok("text\n"));
    assert_eq!(read.verify(others.verifier()), Ok("text\n"));
    // The same name with another key, and the same number under another name, are other keys.
    assert_eq!(note.verify(other_signer(NAME).verifier()), Err(NoteError::Unsigned));
    let renamed = format!("text\n\n{}", ours_line.replace(NAME, "other.example"));
    assert_eq!(Note::parse(renamed.as_bytes()).unwrap().verify(ours.verifier()), Err(NoteError::Unsigned));
}

#[test]
fn one_wrong_signature_of_the_key_spoils_the_note() {
    let ours = signer(NAME);
    let right = line(&Note::sign("text\n", &ours).unwrap());
    let wrong = line(&Note::sign("other text\n", &ours).unwrap());
    for lines in [format!("{wrong}{right}"), format!("{right}{wrong}"), wrong] {
        let note = Note::parse(format!("text\n\n{lines}").as_bytes()).unwrap();
        assert_eq!(note.verify(ours.verifier()), Err(NoteError::BadSignature));
    }
}

#[test]
fn the_text_may_have_empty_lines() {
    for text in ["\n", "a\n\nb\n", "a\n\n", "\n\n\n"] {
        let note = Note::sign(text, &signer(NAME)).unwrap();
        let read = Note::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!(read.verify(signer(NAME).verifier()), Ok(text));
    }
    for text in ["", "a", "a\r\n", "a\t\n", "\0\n"] {
        assert_eq!(Note::sign(text, &signer(NAME)), Err(NoteError::Malformed), "{text:?}");
    }
}

#[test]
fn what_is_not_of_the_form() {
    let good = line(&Note::sign("text\n", &signer(NAME)).unwrap());
    let body = good.trim_end();
    let bad = [
        "text\n".to_owned(),
        "text\n\n".to_owned(),
        format!("text\n{good}"),
        format!("text\n\n{body}"),
        format!("\n{good}"),
        format!("text\n\n{good}\n"),
        format!("text\n\n{good}unexpected\n"),
        format!("text\n\n{}\n", body.replace('\u{2014}', "-")),
        format!("text\n\n{}\n", body.replace("\u{2014} ", "\u{2014}  ")),
        format!("text\n\n{body} \n"),
        format!("text\n\n{body}\r\n"),
        format!("te\u{1}xt\n\n{good}"),
        format!("text\n\n{}\n", body.replace("police.example", "police+example")),
        format!("text\n\n{}\n", body.replace("police.example", "police\u{a0}example")),
        format!("text\n\n{}\n", body.trim_end_matches('=')),
        format!("text\n\n— {NAME} AAAAAA==\n"),
        format!("text\n\n— {NAME} AAAAAAB=\n"),
        // Padding in the middle: some decoders go on after it.
        format!("text\n\n— {NAME} AAAAAAA=AAAA\n"),
    ];
    for note in bad {
        assert_eq!(Note::parse(note.as_bytes()), Err(NoteError::Malformed), "{note:?}");
    }
    assert!(Note::parse(format!("text\n\n— {NAME} AAAAAAA=\n").as_bytes()).is_ok());
    let mut octets = format!("text\n\n{good}").into_bytes();
    octets[0] = 0xff;
    assert_eq!(Note::parse(&octets), Err(NoteError::Malformed));
}

#[test]
fn one_past_the_limits() {
    let good = line(&Note::sign("text\n", &signer(NAME)).unwrap());
    let with = |lines: usize| Note::parse(format!("text\n\n{}", good.repeat(lines)).as_bytes());
    assert!(with(SIGNATURES_MAX).is_ok());
    assert_eq!(with(SIGNATURES_MAX + 1), Err(NoteError::TooLarge));

    let room = NOTE_OCTETS_MAX - good.len() - 2;
    let longest = "x".repeat(room) + "\n";
    let note = Note::sign(&longest, &signer(NAME)).unwrap().to_string();
    assert_eq!(note.len(), NOTE_OCTETS_MAX);
    assert!(Note::parse(note.as_bytes()).is_ok());
    assert_eq!(Note::sign(&format!("x{longest}"), &signer(NAME)), Err(NoteError::TooLarge));
    assert_eq!(Note::parse(format!("x{note}").as_bytes()), Err(NoteError::TooLarge));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_octets_are_a_note_or_an_error(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(note) = Note::parse(&octets) {
            prop_assert_eq!(note.to_string().into_bytes(), octets);
        }
    }

    #[test]
    fn what_looks_like_a_note_prints_as_it_was_read(
        text in "([a-z ]{0,5}\n){1,4}",
        lines in prop::collection::vec("(— |- )[a-zé+ ]{0,3} [A-Za-z0-9+/]{6,12}={0,2}", 1..4),
    ) {
        let note = format!("{text}\n{}\n", lines.join("\n"));
        if let Ok(read) = Note::parse(note.as_bytes()) {
            prop_assert_eq!(read.to_string(), note);
        }
    }

    #[test]
    fn one_bit_flipped_is_never_believed(at in 0..CHECKPOINT.len(), bit in 0..8_u8) {
        let mut octets = CHECKPOINT.as_bytes().to_vec();
        octets[at] ^= 1 << bit;
        let believed = Note::parse(&octets).is_ok_and(|note| note.verify(&VERIFIER.parse().unwrap()).is_ok());
        prop_assert!(!believed);
    }
}
