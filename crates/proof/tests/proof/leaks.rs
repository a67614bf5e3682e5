//! Somebody else's address, in each of the places that the survey team would not think of.

use proof::Refusal;

use crate::{prove_for, refused, with, with_body, with_field, with_html};

fn leaks(message: impl AsRef<[u8]>) {
    let refusal = refused(message);
    assert!(matches!(refusal, Refusal::Stranger(_)), "{refusal}");
}

#[test]
fn leak_in_text() {
    leaks(with("Dear Ann", "Dear bob@y.test"));
}
#[test]
fn leak_in_subject() {
    leaks(with("Subject: ", "Subject: =?utf-8?q?bob?= =?utf-8?q?=40y=2Etest?= "));
}
#[test]
fn leak_in_to_name() {
    leaks(with("To: Ann", "To: =?utf-8?q?bob=40y=2Etest?="));
}
#[test]
fn a_public_address_in_to_is_a_leak_too() {
    leaks(with("To: Ann", "To: =?utf-8?q?survey=40police=2Eexample?="));
}
#[test]
fn leak_in_html_entities() {
    leaks(with_html("bob&#64;y&period;test"));
}
#[test]
fn leak_split_by_tags() {
    leaks(with_html("b<b>o</b>b@y<!-- -->.test"));
}
#[test]
fn leak_behind_percent() {
    leaks(with_html("<a href='https://h.test/?r=bob%2540y.test'>x</a>"));
}
#[test]
fn leak_in_base64_token() {
    leaks(with_html("<img src='https://h.test/?r=Ym9iQHkudGVzdA'>"));
}
#[test]
fn leak_in_html_comment() {
    leaks(with_html("<!-- bob@y.test -->"));
}
#[test]
fn leak_in_utf16() {
    let wide: Vec<u8> = "bob@y.test".encode_utf16().flat_map(u16::to_le_bytes).collect();
    leaks(with_body("Content-Type: text/plain; charset=utf-16le", &wide));
}
#[test]
fn leak_in_boundary_or_other_parameter() {
    leaks(with("charset=utf-8\r\nContent", "charset=utf-8; x=\"bob@y.test\"\r\nContent"));
}
#[test]
fn leak_in_feedback_id() {
    leaks(with_field("Feedback-ID: bob@y.test:1"));
}
#[test]
fn leak_in_dkim_identity() {
    leaks(with_field("DKIM-Signature: v=1; a=rsa-sha256; d=y.test; i=bob@y.test; b=AAAA"));
}
#[test]
fn leak_of_a_longer_address() {
    leaks(with("Dear Ann", "Dear joann@x.test"));
    assert!(prove_for("joann@x.test", with("Ann <ann@", "Ann <joann@")).is_ok());
    let mut message = with("Ann <ann@", "Ann <joann@");
    message = message.replace("Dear Ann", "Dear ann@x.test");
    assert!(matches!(prove_for("joann@x.test", message), Err(Refusal::Stranger(_))));
}
#[test]
fn leak_of_a_sub_address() {
    leaks(with("Dear Ann", "Dear ann+crime@x.test"));
}

#[test]
fn ones_own_address_may_be_seen_in_any_form() {
    for html in [
        "ann@x.test",
        "ANN@X.test",
        "ann&#64;x.test",
        "<a href='mailto:ann%40x.test'>",
        "?r=YW5uQHgudGVzdA==",
    ] {
        assert!(prove_for("ann@x.test", with_html(html)).is_ok(), "{html}");
    }
    for own in [
        "a=b@x.test",
        "o'neill@x.test",
        "a/b@x.test",
        "a&b@x.test",
        "ann+crime@x.test",
        "-a@x.test",
        "#1@x.test",
    ] {
        let message = with("Ann <ann@x.test>", &format!("<{own}>"))
            .replace("Dear Ann", &format!("Dear {}", own.replace('=', "=3D")));
        let proved = prove_for(own, &message);
        assert!(proved.is_ok(), "{own}: {}", proved.unwrap_err());
    }
}

#[test]
fn ordinary_mail_is_proved() {
    for html in [
        "<p>Your survey costs £2.50 @ £1.25, from 7.30pm on 12 March. Ref 6738095/11.</p>",
        "<p>Follow @police or https://social.test/@police.uk</p>",
        "<a href='https://h.test/s/9f8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d?lang=en&amp;v=1.2'>Answer</a>",
        "<a href='https://h.test/s/dGhpcyBpcyBhIHRva2Vu-QkE9mZx0Aq1'>Answer</a>",
        "<style>@media (max-width:600px){.a{width:100%}}</style><table><tr><td>a</td></tr></table>",
        "<td>Write to</td><td>survey@police.example</td><td>Monday</td>",
    ] {
        let proved = prove_for("ann@x.test", with_html(html));
        assert!(proved.is_ok(), "{html}: {}", proved.unwrap_err());
    }
}
