//! Passwords: what NIST SP 800-63B-4 asks for, and what is kept of them.

use accounts::{
    CONTEXT_WORDS_MAX, HASH_LANES, HASH_LANES_MAX, HASH_MEMORY_KIB, HASH_MEMORY_KIB_MAX, HASH_PASSES,
    HASH_PASSES_MAX, HASH_SALT_OCTETS, HASH_TEXT_OCTETS_MAX, HashCost, PASSWORD_CHARS_MAX,
    PASSWORD_CHARS_MIN, PASSWORD_OCTETS_MAX, Password, PasswordFault, PasswordHash, PasswordHashError,
};
use proptest::prelude::*;

use crate::fine;

const SALT: [u8; HASH_SALT_OCTETS] = [7; HASH_SALT_OCTETS];

fn set(text: &str, context: &[&str]) -> Result<(), PasswordFault> {
    Password::read(text)?.may_be_set(context)
}

/// As cheap as argon2 allows, where the cost is not what is tested.
fn cheap() -> HashCost {
    fine(HashCost::new(8, 1, 1))
}

#[test]
fn any_composition_of_any_characters() {
    for text in [
        "otter quilt lamp eleven",
        "     fjord wigwam     ",
        "żółw gęś łąka dzięcioł",
        "冬の海は静かで暗い夜だから寒い",
        "🦦🪶🛶🌧️🧵🪁🫧🪴🧊🪵🦫🪺🌾🧂🪨",
        "vhtkwyzmbndrglp",
        "8462917350284619",
    ] {
        assert_eq!(set(text, &[]), Ok(()), "{text}");
    }
}

#[test]
fn length_is_counted_in_characters() {
    let text = "wolf-tbkzm-ödfe";
    assert_eq!(text.chars().count(), PASSWORD_CHARS_MIN);
    assert_eq!(set(text, &[]), Ok(()));
    assert_eq!(set(&text[..text.len() - 1], &[]), Err(PasswordFault::TooShort));
    // Counted as normalised: one letter and its accent are one character.
    assert_eq!(set("wolf-tbkzm-o\u{308}df", &[]), Err(PasswordFault::TooShort));
    let long: String = "zßqkxv".chars().cycle().take(PASSWORD_CHARS_MAX).collect();
    assert!(Password::read(&long).is_ok());
    assert_eq!(set(&(long + "z"), &[]), Err(PasswordFault::TooLong));
    assert_eq!(set(&"a".repeat(PASSWORD_OCTETS_MAX + 1), &[]), Err(PasswordFault::TooLong));
    // One character that is normalised into eighteen.
    assert_eq!(set(&"\u{fdfa}".repeat(15), &[]), Err(PasswordFault::TooLong));
}

#[test]
fn what_is_not_the_same_everywhere_is_refused() {
    for text in ["otter quilt\u{0}lamp eleven", "otter quilt lamp\u{378} eleven", "otter quilt\tlamp eleven"]
    {
        assert_eq!(set(text, &[]), Err(PasswordFault::Character), "{text:?}");
    }
}

#[test]
fn what_is_tried_first_is_refused() {
    for text in [
        "passwordpassword",
        "Password12345678",
        "P@ssw0rd!P@ssw0rd!",
        "aaaaaaaaaaaaaaaaaaaa",
        "123456789012345",
        "987654321098765",
        "qwertyuiopasdfgh",
        "poiuytrewqlkjhgf",
        "1q2w3e4r5t6y7u8i9o0p",
        "1qaz2wsx3edc4rfv",
        "iloveyouforever1",
        "Summer2026Summer",
        "letmein123456789",
        "abcdefghijklmnop",
        "xkvxkvxkvxkvxkvxkv",
        "CorrectHorseBatteryStaple",
        "Undisclosed2026!",
        "ｐａｓｓｗｏｒｄｐａｓｓｗｏｒｄ",
    ] {
        assert_eq!(set(text, &[]), Err(PasswordFault::Expected), "{text}");
    }
}

#[test]
fn words_of_the_context_are_tried_first_too() {
    let context = ["margarethe.ashdown@police.example", "Margarethe Ashdown", "Thames Valley"];
    for text in [
        "margarethe.ashdown@police.example",
        "MargaretheAshdown",
        "ashdown margarethe",
        "thamesvalley2026",
        "Margarethe123456",
    ] {
        assert_eq!(set(text, &context), Err(PasswordFault::Expected), "{text}");
        let otherwise = set(text, &[]);
        assert!(otherwise.is_ok(), "{text}");
    }
    // A word of it does not spoil the rest.
    assert_eq!(set("margarethe otter quilt", &context), Ok(()));
    let mut many = vec!["nothing"; CONTEXT_WORDS_MAX];
    many.push("margaretheashdown");
    assert_eq!(set("margaretheashdown", &many), Ok(()));
}

#[test]
fn the_recommended_cost_and_its_hash() {
    let cost = HashCost::default();
    assert_eq!(Ok(cost.clone()), HashCost::new(HASH_MEMORY_KIB, HASH_PASSES, HASH_LANES));
    let (right, wrong) =
        (fine(Password::read("otter quilt lamp")), fine(Password::read("otter quilt lamps")));
    let hash = fine(PasswordHash::make(&right, SALT, &cost));
    assert!(hash.as_phc().starts_with("$argon2id$v=19$m=65536,t=3,p=4$"), "{}", hash.as_phc());
    let again = fine(PasswordHash::from_phc(hash.as_phc()));
    assert_eq!((again.verify(&right), again.verify(&wrong)), (Ok(true), Ok(false)));
    assert!(!again.needs_rehash(&cost) && again.needs_rehash(&cheap()));
    let salted = fine(PasswordHash::make(&right, [8; HASH_SALT_OCTETS], &cheap()));
    assert_ne!(salted, fine(PasswordHash::make(&right, SALT, &cheap())));
}

/// RFC 9106 §5.3 has the same function with a key and data, which passwords have not; this one is the reference
/// implementation's own (`argon2 somesalt -id -t 2 -m 16 -p 1`, password `password`).
#[test]
fn a_hash_of_the_reference_implementation_is_read() {
    let hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let hash = fine(PasswordHash::from_phc(hash));
    assert_eq!(hash.verify(&fine(Password::read("password"))), Ok(true));
    assert_eq!(hash.verify(&fine(Password::read("Password"))), Ok(false));
    assert!(hash.needs_rehash(&HashCost::default()));
}

#[test]
fn a_user_who_is_not_there_is_wrong_like_any_other() {
    let nobodys = fine(PasswordHash::nobodys([1; 32], SALT, &cheap()));
    let password = fine(Password::read("otter quilt lamp"));
    let hash = fine(PasswordHash::make(&password, SALT, &cheap()));
    assert_eq!(nobodys.check(Some(&hash), &password), Ok(true));
    assert_eq!(nobodys.check(None, &password), Ok(false));
}

#[test]
fn hashes_that_ask_for_too_much_are_not_computed() {
    let tail = "c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let max = format!("$argon2id$v=19$m={HASH_MEMORY_KIB_MAX},t={HASH_PASSES_MAX},p={HASH_LANES_MAX}${tail}");
    assert!(PasswordHash::from_phc(&max).is_ok());
    for text in [
        format!("$argon2id$v=19$m={},t=3,p=4${tail}", HASH_MEMORY_KIB_MAX + 1),
        format!("$argon2id$v=19$m=65536,t={},p=4${tail}", HASH_PASSES_MAX + 1),
        format!("$argon2id$v=19$m=65536,t=3,p={}${tail}", HASH_LANES_MAX + 1),
        format!("$argon2i$v=19$m=65536,t=3,p=4${tail}"),
        format!("$argon2id$v=19$m=65536,t=3,p=4${}", "A".repeat(HASH_TEXT_OCTETS_MAX)),
        "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ".to_owned(),
        "$2b$12$abcdefghijklmnopqrstuv".to_owned(),
        String::new(),
    ] {
        assert_eq!(PasswordHash::from_phc(&text), Err(PasswordHashError::Form), "{text}");
    }
    assert_eq!(HashCost::new(HASH_MEMORY_KIB_MAX + 1, 1, 1), Err(PasswordHashError::Cannot));
    assert_eq!(HashCost::new(8, HASH_PASSES_MAX + 1, 1), Err(PasswordHashError::Cannot));
    assert_eq!(HashCost::new(1024, 1, HASH_LANES_MAX + 1), Err(PasswordHashError::Cannot));
    assert_eq!(HashCost::new(1, 1, 1), Err(PasswordHashError::Cannot));
}

#[test]
fn nothing_prints_a_password() {
    let password = fine(Password::read("otter quilt lamp"));
    let hash = fine(PasswordHash::make(&password, SALT, &cheap()));
    assert_eq!(format!("{password:?} {hash:?}"), "[password] [password hash]");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However a text is composed, it is the same password.
    #[test]
    fn composed_or_not_it_is_the_same(text in "[a-zäöüéß ]{15,40}") {
        use unicode_normalization::UnicodeNormalization;
        let hash = fine(PasswordHash::make(&fine(Password::read(&text)), SALT, &cheap()));
        let apart: String = text.nfd().collect();
        prop_assert_eq!(hash.verify(&fine(Password::read(&apart))), Ok(true));
        let other = format!("{text} ");
        prop_assert_eq!(hash.verify(&fine(Password::read(&other))), Ok(false));
    }

    /// What a password manager makes is never refused.
    #[test]
    fn random_passwords_are_taken(octets in proptest::array::uniform15(any::<u8>())) {
        let text = octets.map(|octet| char::from(b'!' + octet % 94)).iter().collect::<String>();
        prop_assert_eq!(set(&text, &["a.smith@force.example", "Anna Smith"]), Ok(()));
    }

    #[test]
    fn any_text_is_looked_at_without_harm(text in any::<String>(), context in any::<String>()) {
        let _ = set(&text, &[&context]);
        let _ = PasswordHash::from_phc(&text);
    }
}
