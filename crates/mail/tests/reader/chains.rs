//! Chains of encoders drawn by chance over a planted address; octets drawn by chance.

use data_encoding::BASE64;
use mail::{Limits, read};
use proptest::prelude::*;

use crate::{finds, part, zip};

#[derive(Debug, Clone, Copy)]
enum Within {
    Entity,
    HexEntity,
    Percent,
    Tags,
    Comment,
    Invisible,
    FullWidth,
    Base64Token,
}

fn each(text: &str, map: impl Fn(char) -> String) -> String {
    text.chars().map(map).collect()
}

fn within(text: &str, how: Within) -> String {
    match how {
        Within::Entity => each(text, |c| format!("&#{};", u32::from(c))),
        Within::HexEntity => each(text, |c| format!("&#x{:X};", u32::from(c))),
        Within::Percent => each(text, |c| format!("%{:02X}", u32::from(c))),
        Within::Tags => each(text, |c| format!("<b>{c}</b>")),
        Within::Comment => each(text, |c| format!("{c}<!-- x -->")),
        Within::Invisible => each(text, |c| format!("{c}\u{200B}")),
        Within::FullWidth => each(text, |c| char::from_u32(u32::from(c) + 0xFEE0).unwrap().to_string()),
        Within::Base64Token => format!("https://h.test/?r={}&s=1", BASE64.encode(text.as_bytes())),
    }
}

#[derive(Debug, Clone, Copy)]
enum Around {
    QuotedPrintable,
    Base64,
    Utf16,
    Zip,
    Message,
    Multipart,
}

fn entity(body: &str, how: &[Around]) -> Vec<u8> {
    let mut entity = part("Content-Type: text/html; charset=utf-8", body);
    for how in how {
        entity = match how {
            Around::QuotedPrintable => {
                let coded: String = body.bytes().map(|b| format!("={b:02X}=\r\n")).collect();
                part(
                    "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable",
                    coded,
                )
            }
            Around::Base64 => part(
                "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64",
                BASE64.encode(body.as_bytes()),
            ),
            Around::Utf16 => {
                let wide: Vec<u8> = body.encode_utf16().flat_map(u16::to_be_bytes).collect();
                part(
                    "Content-Type: text/html; charset=utf-16be\r\nContent-Transfer-Encoding: base64",
                    BASE64.encode(&wide),
                )
            }
            Around::Zip => {
                let packed = zip(&[("a.html", body.as_bytes()), ("m.eml", &entity)]);
                part(
                    "Content-Type: application/zip\r\nContent-Transfer-Encoding: base64",
                    BASE64.encode(&packed),
                )
            }
            Around::Message => [b"Content-Type: message/rfc822\r\n\r\n".to_vec(), entity].concat(),
            Around::Multipart => part(
                "Content-Type: multipart/mixed; boundary=\"b;c\"",
                [b"--b;c\r\n".to_vec(), entity, b"\r\n--b;c--".to_vec()].concat(),
            ),
        };
    }
    entity
}

proptest! {
    #[test]
    fn planted_addresses_are_found(
        local in "[a-z][a-z0-9]{0,8}",
        domain in "[a-z]{2,6}\\.test",
        coding in prop::option::of(prop::sample::select(vec![
            Within::Entity, Within::HexEntity, Within::Percent, Within::Tags, Within::Comment, Within::Invisible,
            Within::FullWidth, Within::Base64Token])),
        second in prop::option::of(prop::sample::select(vec![Within::Entity, Within::HexEntity, Within::Comment, Within::Tags])),
        around in prop::collection::vec(prop::sample::select(vec![
            Around::QuotedPrintable, Around::Base64, Around::Utf16, Around::Zip, Around::Message, Around::Multipart]), 0..4),
    ) {
        let address = format!("{local}@{domain}");
        let mut body = address.clone();
        if let Some(coding) = coding {
            body = within(&body, coding);
        }
        if let Some(second) = second.filter(|_| matches!(coding, Some(Within::Percent | Within::Base64Token | Within::FullWidth))) {
            body = within(&body, second);
        }
        let message = entity(&format!("<p>Hello {body} there</p>"), &around);
        prop_assert!(finds(&message, &address), "{}", String::from_utf8_lossy(&message));
    }

    #[test]
    fn any_octets_are_read(octets in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = read(&octets, &Limits::default());
    }

    #[test]
    fn damaged_messages_are_read(
        seed in 0_usize..crate::corpus::SEEDS.len(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..3), 1..20),
    ) {
        let mut message = crate::corpus::seed(seed);
        for (at, octet, how) in damage {
            let at = at.index(message.len());
            match how {
                0 => message[at] = octet,
                1 => message.insert(at, octet),
                _ => drop(message.remove(at)),
            }
        }
        let _ = read(&message, &Limits::default());
    }
}
