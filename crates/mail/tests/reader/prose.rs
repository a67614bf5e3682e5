//! Ordinary survey mail has no address in it but those that stand there.

use mail::{Limits, read};

use crate::{html, seen, text};

#[test]
fn ordinary_text_has_no_address() {
    let body = "Dear Ann,\r\n\r\nYou reported a crime on 12 March at 7.30pm. Follow us: @mention, on\r\n\
        https://social.test/@police.uk or at https://h.test/s/9f8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d?lang=en&v=1.2.\r\n\
        Your link: https://h.test/i/dGhpcyBpcyBhIHRva2Vu-QkE9mZx0Aq1. It costs £2.50 @ £1.25 each (VAT 20%).\r\n\
        Reference 6738095/11; answers by 2026-11-30 09:00. 100% anonymous & free; a=b; C:\\40 files\r\n";
    for message in [text(body), html(&body.replace('&', "&amp;"))] {
        let reading = read(&message, &Limits::default());
        assert_eq!(seen(&reading), [""; 0]);
        assert!(reading.uninspected.is_empty() && reading.defects.is_empty(), "{reading:?}");
    }
}

#[test]
fn a_signature_is_no_address() {
    // Many fields of noise as b= has it: none may decode to an address by chance.
    let mut state = 7_u64;
    for _ in 0..2_000 {
        let octets: Vec<u8> = (0..256)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 56) as u8
            })
            .collect();
        let b = data_encoding::BASE64.encode(&octets);
        let message =
            format!("DKIM-Signature: v=1; a=rsa-sha256; d=x.test;\r\n b={b}\r\nSubject: s\r\n\r\nx\r\n");
        assert_eq!(seen(&read(message.as_bytes(), &Limits::default())), [""; 0]);
    }
}

#[test]
fn neighbours_do_not_run_into_an_address() {
    let body = "<table><tr><td>Contact</td><td>help@x.test</td><td>Monday</td></tr></table><p>To help@x.test.</p><p>Bye</p>";
    let reading = read(&html(body), &Limits::default());
    assert_eq!(seen(&reading), ["help@x.test"]);
}

#[test]
fn soft_line_breaks_do_not_cut_an_address() {
    let message = crate::part(
        "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable",
        "Write to a=\r\nnn@x.te=\r\nst, or see https://h.test/?r=3Djo=\r\nann%40x.test",
    );
    let found = seen(&read(&message, &Limits::default()));
    assert!(found.contains(&"ann@x.test".to_owned()) && !found.contains(&"ann@x.te".to_owned()), "{found:?}");
}
