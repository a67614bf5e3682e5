//! Header fields and the form of the octets.

use mail::Address;
use proof::{Expected, FormFault, LINE_OCTETS_MAX, Refusal, prove};

use crate::{GOOD, MESSAGE_ID, address, prove_for, public, refused, with, with_field};

fn not_allowed(message: impl AsRef<[u8]>) {
    let refusal = refused(message);
    assert!(matches!(refusal, Refusal::FieldNotAllowed(_)), "{refusal}");
}

#[test]
fn cc_header_is_refused() {
    not_allowed(with_field("Cc: bob@y.test"));
    not_allowed(with_field("Cc: ann@x.test"));
}
#[test]
fn bcc_and_resent_headers_are_refused() {
    for name in
        ["Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc", "Apparently-To", "X-Envelope-To", "X-Rcpt", "Sender"]
    {
        not_allowed(with_field(&format!("{name}: ann@x.test")));
    }
}
#[test]
fn odd_field_names_are_refused() {
    for field in ["cC: ann@x.test", "To : ann@x.test", "Received: x", "X-Mailer: x"] {
        let refusal = refused(with_field(field));
        assert!(
            matches!(refusal, Refusal::FieldNotAllowed(_) | Refusal::Form(FormFault::NotAField)),
            "{refusal}"
        );
    }
}
#[test]
fn second_to_header_is_refused() {
    assert_eq!(refused(with_field("To: ann@x.test")), Refusal::FieldRepeated("To"));
    assert_eq!(refused(with_field("tO: ann@x.test")), Refusal::FieldRepeated("To"));
}
#[test]
fn second_to_address_is_refused() {
    for to in [
        "Ann <ann@x.test>, bob@y.test",
        "Bob, Ann <ann@x.test>",
        "bob@y.test <ann@x.test>",
        "people: Ann <ann@x.test>;",
        "Ann <ann@x.test>,",
        "<@y.test:ann@x.test>",
        "Ann (bob) <ann@x.test>",
        "undisclosed-recipients:;",
    ] {
        let refusal = refused(with("Ann <ann@x.test>", to));
        assert_eq!(refusal, Refusal::ToNotOne, "{to}");
    }
    assert_eq!(refused(with("ann@x.test", "bob@y.test")), Refusal::ToNotRecipient);
}
#[test]
fn missing_and_repeated_fields_are_refused() {
    for name in ["From", "To", "Date", "Message-ID", "Subject", "MIME-Version"] {
        let line = GOOD.lines().find(|l| l.starts_with(&format!("{name}: "))).unwrap();
        assert_eq!(refused(with(&format!("{line}\r\n"), "")), Refusal::FieldMissing(name));
        assert_eq!(refused(with(line, &format!("{line}\r\n{line}"))), Refusal::FieldRepeated(name));
    }
}
#[test]
fn another_sender_is_refused() {
    assert!(matches!(refused(with("<survey@police.example>", "<bob@y.test>")), Refusal::Stranger(_)));
    assert_eq!(
        refused(with("Reply-To: ", "Reply-To: a <survey@police.example>, ")),
        Refusal::SenderNotOne("Reply-To")
    );
}
#[test]
fn another_message_id_is_refused() {
    assert_eq!(refused(with("<1@", "<2@")), Refusal::FieldDiffers("Message-ID"));
}
#[test]
fn list_headers_are_those_sealed() {
    let sealed = [
        (
            "List-Unsubscribe".to_owned(),
            "<https://h.test/u/1>, <mailto:u+k3j@police.example?subject=unsubscribe>".to_owned(),
        ),
        ("List-Unsubscribe-Post".to_owned(), "List-Unsubscribe=One-Click".to_owned()),
    ];
    let fields = "List-Unsubscribe: <https://h.test/u/1>,\r\n <mailto:u+k3j@police.example?subject=unsubscribe>\r\n\
        List-Unsubscribe-Post: List-Unsubscribe=One-Click";
    let (recipient, public) = (address("ann@x.test"), public());
    let expected = Expected::new(&recipient, &public, MESSAGE_ID).list_headers(&sealed);
    assert!(prove(with_field(fields).into_bytes(), &expected).is_ok());
    let other = with_field(&fields.replace("k3j", "k3k")).into_bytes();
    assert_eq!(prove(other, &expected).unwrap_err(), Refusal::FieldDiffers("List-Unsubscribe"));
    assert_eq!(
        prove(GOOD.as_bytes().to_vec(), &expected).unwrap_err(),
        Refusal::FieldMissing("List-Unsubscribe")
    );
    assert_eq!(refused(with_field(fields)), Refusal::FieldDiffers("List-Unsubscribe"));
    let elsewhere = with_field(fields).replace("Dear Ann", "u+k3j@police.example");
    assert!(matches!(prove(elsewhere.into_bytes(), &expected), Err(Refusal::Stranger(_))));
}

#[test]
fn the_form_of_the_octets_is_strict() {
    use FormFault::*;
    let long = format!("Dear Ann{}", "a".repeat(LINE_OCTETS_MAX - 8 + 1 - 1));
    for (message, fault) in [
        (GOOD.trim_end().to_owned(), NoFinalLineEnd),
        (with("Dear Ann,\r\n", "Dear Ann,\n"), BareLineFeed),
        (with("Dear Ann,\r\n", "Dear Ann,\r"), BareCarriageReturn),
        (with("Dear Ann,", "Dear\0Ann,"), Nul),
        (with("Dear Ann", &long), LineTooLong),
        (with("Dear Ann", "Dear Änn"), EightBitBody),
        (with("To: Ann", "To: Änn"), EightBitHeader),
        (with("Date:", " \r\nDate:"), Fold),
        (with("From:", " From:"), Fold),
        (with("Date:", "junk\r\nDate:"), NotAField),
        (with("Date:", "Date :"), NotAField),
        (with("To: Ann", "To: A\x07nn"), Control),
        ("To: a\r\n".to_owned(), NoBody),
    ] {
        assert_eq!(refused(message), Refusal::Form(fault));
    }
    // 998 octets with the comma behind the name are not one too many.
    let longest = with("Dear Ann,", &format!("Dear Ann{}", "a".repeat(LINE_OCTETS_MAX - 8)));
    assert!(prove_for("ann@x.test", longest).is_ok());
}

#[test]
fn utf8_in_fields_needs_an_address_that_needs_it() {
    let zoe = Address::parse("zoë@x.test").unwrap();
    let public = public();
    let expected = Expected::new(&zoe, &public, MESSAGE_ID);
    let proved = prove(with("Ann <ann@", "Zoë <zoë@").into_bytes(), &expected).unwrap();
    assert!(proved.needs_smtputf8());
    let broken = with("Ann <ann@", "Zoë <zoë@")
        .into_bytes()
        .iter()
        .map(|b| if *b == 0xC3 { 0xFF } else { *b })
        .collect();
    assert_eq!(prove(broken, &expected).unwrap_err(), Refusal::Form(FormFault::NotUtf8));
}

#[test]
fn the_envelope_sender_is_kept() {
    let (recipient, public, bounce) = (address("ann@x.test"), public(), address("b+k3j@police.example"));
    let expected = Expected::new(&recipient, &public, MESSAGE_ID).reverse_path(&bounce);
    let proved = prove(GOOD.as_bytes().to_vec(), &expected).unwrap();
    assert_eq!(proved.reverse_path(), Some(&bounce));
}
