//! Codes from a telephone and from paper.

use accounts::{
    EnrolmentUri, LABEL_OCTETS_MAX, RECOVERY_CODE_OCTETS, RecoveryCode, TOTP_SECRET_OCTETS,
    TOTP_STEP_SECONDS, TOTP_STEPS_OFF_MAX, TotpSecret, TotpStep,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::{NOW, fine};

fn steps(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count * TOTP_STEP_SECONDS)
}

/// RFC 6238 appendix B has eight digits: the last six are what six digits give.
#[test]
fn vectors_of_rfc_6238() {
    let secret = TotpSecret::from_octets(*b"12345678901234567890");
    for (seconds, code) in [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ] {
        let at = fine(Timestamp::from_second(seconds));
        assert_eq!(secret.code_at(at), code);
        assert_eq!(secret.verify(code, TotpStep::NONE, at), Some(TotpStep::at(at)));
    }
}

#[test]
fn one_step_off_and_no_more() {
    let secret = TotpSecret::from_octets([9; TOTP_SECRET_OCTETS]);
    for off in -TOTP_STEPS_OFF_MAX - 1..=TOTP_STEPS_OFF_MAX + 1 {
        let code = secret.code_at(NOW + steps(off));
        let found = secret.verify(&code, TotpStep::NONE, NOW);
        assert_eq!(found.is_some(), off.abs() <= TOTP_STEPS_OFF_MAX, "{off}");
    }
}

#[test]
fn a_code_works_once() {
    let secret = TotpSecret::from_octets([9; TOTP_SECRET_OCTETS]);
    let code = secret.code_at(NOW);
    let used = secret.verify(&code, TotpStep::NONE, NOW).expect("right");
    assert_eq!(secret.verify(&code, used, NOW), None);
    // Nor one that is older than the one used, though it is in the window still.
    let before = secret.code_at(NOW - steps(1));
    assert!(secret.verify(&before, TotpStep::NONE, NOW).is_some());
    assert_eq!(secret.verify(&before, used, NOW), None);
    let next = secret.code_at(NOW + steps(1));
    let later = secret.verify(&next, used, NOW + steps(1)).expect("the next one is right");
    assert!(later > used && TotpStep::from_number(later.number()) == later);
}

#[test]
fn only_six_digits_are_a_code() {
    let secret = TotpSecret::from_octets([9; TOTP_SECRET_OCTETS]);
    let code = secret.code_at(NOW);
    let spaced = format!(" {} {} ", &code[..3], &code[3..]);
    assert!(secret.verify(&spaced, TotpStep::NONE, NOW).is_some());
    for text in
        ["", "      ", &code[..5], &format!("{code}0"), &format!("+{}", &code[1..]), &" ".repeat(1000)]
    {
        assert_eq!(secret.verify(text, TotpStep::NONE, NOW), None, "{text:?}");
    }
}

#[test]
fn enrolment_is_a_picture_an_app_can_read() {
    let secret = TotpSecret::from_octets(*b"12345678901234567890");
    let uri = EnrolmentUri::new("Survey & Co", "anna@force.example", &secret);
    assert_eq!(
        uri.reveal(),
        "otpauth://totp/Survey%20%26%20Co:anna%40force.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
         &issuer=Survey%20%26%20Co&algorithm=SHA1&digits=6&period=30"
    );
    assert_eq!(secret.for_typing(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    let svg = uri.svg("Code for <Anna>").expect("a picture");
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"));
    assert!(svg.contains("<title>Code for &lt;Anna&gt;</title>") && !svg.contains("force.example"));
    assert_eq!(format!("{uri:?} {secret:?}"), "[otpauth URI] [TOTP secret]");
    // The longest that the limits let through, every octet encoded, is a picture still.
    let long = "\u{10ffff}".repeat(LABEL_OCTETS_MAX / 4 + 1);
    let uri = EnrolmentUri::new(&long, &long, &secret);
    assert_eq!(uri.reveal().matches("%F4").count(), 3 * LABEL_OCTETS_MAX / 4);
    assert!(uri.svg("").is_some());
}

#[test]
fn codes_on_paper_are_read_as_people_type_them() {
    let code = RecoveryCode::from_random([0b1010_1010; RECOVERY_CODE_OCTETS]);
    let text = code.reveal();
    assert_eq!((text.len(), text.matches('-').count()), (29, 5));
    for typed in [
        text.clone(),
        text.to_uppercase(),
        text.replace('-', " "),
        text.replace('-', ""),
        format!(" {text}\n"),
    ] {
        assert_eq!(RecoveryCode::read(&typed).map(|read| read.digest()), Some(code.digest()), "{typed}");
    }
    for typed in ["", &text[1..], &format!("{text}a"), &text.replace('-', "9"), &"-".repeat(65)] {
        assert!(RecoveryCode::read(typed).is_none(), "{typed}");
    }
    let lookalikes = RecoveryCode::read("0l8o-1111-2222-3333-4444-5555").expect("a code");
    assert_eq!(lookalikes.reveal(), "olbo-llll-2222-3333-4444-5555");
    assert_eq!(format!("{code:?} {:?}", code.digest()), "[recovery code] [digest]");
    assert_ne!(code.digest(), RecoveryCode::from_random([1; RECOVERY_CODE_OCTETS]).digest());
}

proptest! {
    /// Whatever somebody has used, no step at or before it is ever taken again.
    #[test]
    fn steps_only_go_forward(octets in any::<[u8; 20]>(), offsets in proptest::collection::vec(-1..=1i64, 1..20)) {
        let (secret, mut last) = (TotpSecret::from_octets(octets), TotpStep::NONE);
        for offset in offsets {
            let given = TotpStep::at(NOW + steps(offset));
            if let Some(step) = secret.verify(&secret.code_at(NOW + steps(offset)), last, NOW) {
                prop_assert!(step > last);
                last = step;
            } else {
                prop_assert!(given <= last);
            }
        }
    }

    #[test]
    fn any_text_is_looked_at_without_harm(text in any::<String>()) {
        let secret = TotpSecret::from_octets([9; TOTP_SECRET_OCTETS]);
        let found = secret.verify(&text, TotpStep::NONE, NOW);
        prop_assert!(found.is_none() || text.bytes().filter(u8::is_ascii_digit).count() == 6);
        let _ = RecoveryCode::read(&text);
    }
}
