//! Contents: every octet of them counts, and nothing of them shows.

use ledger::{
    ACT_OCTETS_MAX, ACTOR_OCTETS_MAX, ContentError, DETAIL_OCTETS_MAX, DeliveryContent, Digest,
    ENHANCED_OCTETS_MAX, EntryContent, FINGERPRINT_OCTETS_MAX, FINGERPRINT_OCTETS_MIN, Hash,
    STATE_OCTETS_MAX, SUBJECT_OCTETS_MAX, Salt, SaltKey,
};
use proptest::prelude::*;

pub(crate) fn entry() -> EntryContent {
    EntryContent {
        at: 1_795_000_000_000_000,
        actor: "ann".to_owned(),
        act: "approve".to_owned(),
        subject: "survey 2026".to_owned(),
        detail: r#"{"people":1136}"#.to_owned(),
    }
}

pub(crate) fn delivery() -> DeliveryContent {
    DeliveryContent {
        number: 77,
        at: 1_795_000_000_000_001,
        person: vec![0xab; 32],
        message: Some(Digest([0xcd; 32])),
        state: "accepted".to_owned(),
        status: 250,
        enhanced: "2.0.0".to_owned(),
    }
}

fn sha256(octets: &[u8]) -> [u8; 32] {
    ring::digest::digest(&ring::digest::SHA256, octets).as_ref().try_into().unwrap()
}

#[test]
fn the_octets_of_an_entry() {
    let octets = [
        &b"\0\0\0\x11undisclosed entry\0\0\0\x20"[..],
        &[9; 32],
        b"\0\0\0\x3d\x01",
        &1_795_000_000_000_000_i64.to_be_bytes(),
        b"\0\0\0\x03ann\0\0\0\x07approve\0\0\0\x0bsurvey 2026\0\0\0\x0f{\"people\":1136}",
    ];
    let leaf = Hash::leaf(&sha256(&octets.concat()));
    assert_eq!(entry().commit(&Salt([9; 32])).unwrap().leaf(), leaf);
}

#[test]
fn the_octets_of_a_delivery() {
    let octets = [
        &b"\0\0\0\x14undisclosed delivery\0\0\0\x20"[..],
        &[9; 32],
        b"\0\0\0\x70\x01\0\0\0\0\0\0\0\x4d",
        &1_795_000_000_000_001_i64.to_be_bytes(),
        b"\0\xfa\0\0\0\x20",
        &[0xab; 32],
        b"\0\0\0\x20",
        &[0xcd; 32],
        b"\0\0\0\x08accepted\0\0\0\x052.0.0",
    ];
    let leaf = Hash::leaf(&sha256(&octets.concat()));
    assert_eq!(delivery().commit(&Salt([9; 32])).unwrap().leaf(), leaf);
}

#[test]
fn the_salt_of_a_delivery() {
    // RFC 4231 has no vector of this form; made with Python's hmac.
    let key = SaltKey::new([7; 32]);
    let hex = data_encoding::HEXLOWER.encode(&key.salt(77).0);
    assert_eq!(hex, "9627fac36453b1bbed01b3dec7763e32422fb8981b9871846af599171b5e9cae");
    assert_ne!(key.salt(77), key.salt(78));
    assert_ne!(key.salt(77), SaltKey::new([8; 32]).salt(77));
}

#[test]
fn one_past_each_limit() {
    let salt = Salt([0; 32]);
    let entry_fields = [
        ("actor", ACTOR_OCTETS_MAX),
        ("act", ACT_OCTETS_MAX),
        ("subject", SUBJECT_OCTETS_MAX),
        ("detail", DETAIL_OCTETS_MAX),
    ];
    for (field, max) in entry_fields {
        let with = |octets| {
            let mut content = entry();
            *match field {
                "actor" => &mut content.actor,
                "act" => &mut content.act,
                "subject" => &mut content.subject,
                _ => &mut content.detail,
            } = "x".repeat(octets);
            content.commit(&salt)
        };
        assert!(with(max).is_ok(), "{field}");
        assert_eq!(with(max + 1), Err(ContentError { field, min: 0, max }));
    }
    for (field, max) in [("state", STATE_OCTETS_MAX), ("enhanced", ENHANCED_OCTETS_MAX)] {
        let with = |octets| {
            let mut content = delivery();
            *if field == "state" { &mut content.state } else { &mut content.enhanced } = "x".repeat(octets);
            content.commit(&salt)
        };
        assert!(with(max).is_ok(), "{field}");
        assert_eq!(with(max + 1), Err(ContentError { field, min: 0, max }));
    }
    let (min, max) = (FINGERPRINT_OCTETS_MIN, FINGERPRINT_OCTETS_MAX);
    let with = |octets| DeliveryContent { person: vec![0; octets], ..delivery() }.commit(&salt);
    assert!(with(min).is_ok() && with(max).is_ok());
    for octets in [min - 1, max + 1] {
        assert_eq!(with(octets), Err(ContentError { field: "person", min, max }));
    }
}

#[test]
fn nothing_personal_shows() {
    let shown = format!("{:?} {:?} {:?} {:?}", entry(), delivery(), Salt([1; 32]), SaltKey::new([1; 32]));
    assert_eq!(shown, "[entry] [delivery] [salt] [salt key]");
}

fn text() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", "a", "b", "ab", "a\0", "\0\0\0\u{1}a", "é"]).prop_map(str::to_owned)
}

fn any_entry() -> impl Strategy<Value = EntryContent> {
    let at = prop::sample::select(vec![i64::MIN, -1, 0, 1, i64::MAX]);
    (at, text(), text(), text(), text()).prop_map(|(at, actor, act, subject, detail)| EntryContent {
        at,
        actor,
        act,
        subject,
        detail,
    })
}

fn any_delivery() -> impl Strategy<Value = DeliveryContent> {
    let number = prop::sample::select(vec![0, 1, u64::MAX]);
    let at = prop::sample::select(vec![-1, 0, 1]);
    let person = prop::sample::select(vec![vec![0; 16], vec![0; 17], vec![0; 32]]);
    let message = prop::sample::select(vec![None, Some(Digest([0; 32])), Some(Digest([1; 32]))]);
    (number, at, person, message, text(), prop::sample::select(vec![0, 1, 256]), text()).prop_map(
        |(number, at, person, message, state, status, enhanced)| DeliveryContent {
            number,
            at,
            person,
            message,
            state,
            status,
            enhanced,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn two_entries_share_no_commitment(a in any_entry(), b in any_entry()) {
        let salt = Salt([1; 32]);
        prop_assert_eq!(a.commit(&salt) == b.commit(&salt), a == b);
        prop_assert_ne!(a.commit(&salt), a.commit(&Salt([2; 32])));
    }

    #[test]
    fn two_deliveries_share_no_commitment(a in any_delivery(), b in any_delivery()) {
        let salt = Salt([1; 32]);
        prop_assert_eq!(a.commit(&salt) == b.commit(&salt), a == b);
    }
}
