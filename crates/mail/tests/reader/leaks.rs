//! One test a way to hide an address.

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use mail::{Coding, Limits, Reason, Spot, read};

use crate::{attached, finds, html, part, text, zip};

const ANN: &str = "ann@x.test";

macro_rules! leaks {
    ($($name:ident: $message:expr;)*) => {
        $(#[test] fn $name() { assert!(finds($message, ANN)); })*
    };
}

fn field(line: &str) -> Vec<u8> {
    format!("{line}\r\nSubject: s\r\n\r\nbody\r\n").into_bytes()
}

leaks! {
    leak_in_text: text("Write to ann@x.test.");
    leak_in_cc: field("Cc: Ann <ann@x.test>, Bob <bob@y.test>");
    leak_in_odd_field_name: field("To : ann@x.test");
    leak_in_field_name: field("ann@x.test: x");
    leak_in_header_junk: field("ann@x.test");
    leak_in_folded_field: field("Cc: ann@\r\n x.test");
    leak_in_group: field("To: people: bob@y.test, ann@x.test;");
    leak_in_display_name: field("To: \"ann@x.test\" <bob@y.test>");
    leak_in_header_comment: field("To: bob@y.test (ann@x.test)");
    leak_around_header_comment: field("To: ann@(her (own))x.test");
    leak_behind_backslash: field("To: \"ann\\@x.test\" <b@y.test>");
    leak_behind_unbalanced_quote: field("To: \"Bob <bob@y.test>, ann@x.test");
    leak_behind_unclosed_comment: field("To: (Bob <bob@y.test>, ann@x.test");
    leak_between_semicolons: field("To: <bob@y.test;ann@x.test;c@z.test>");
    leak_with_spaces: field("To: ann @ x . test");
    leak_in_encoded_word: field("Subject: =?utf-8?B?YW5uQHgudGVzdA==?=");
    leak_in_q_encoded_word: field("Subject: =?iso-8859-1?q?to_ann=40x=2Etest?=");
    leak_split_over_encoded_words: field("Subject: =?utf-8?q?ann=40?=\r\n =?utf-8?B?eC50ZXN0?=");
    leak_half_in_encoded_word: field("To: =?utf-8?q?ann?=@x.test");
    leak_in_parameter_pieces: field("Content-Type: text/plain; name*0=\"ann@x\"; name*1=\".test\"");
    leak_in_encoded_parameter: field("Content-Type: text/plain; name*=utf-8''ann%40x.test");
    leak_in_quoted_printable: part("Content-Transfer-Encoding: quoted-printable", "ann=40x.te=\r\nst");
    leak_in_base64_part: part("Content-Transfer-Encoding: base64", "YW5uQHgudGVzdA==");
    leak_in_base64_with_noise: part("Content-Transfer-Encoding: base64", "YW5u!QHg(udGV)zdA==");
    leak_in_undecoded_quoted_printable: text("ann=40x.test");
    leak_in_flowed_lines: part("Content-Type: text/plain; format=flowed; delsp=yes", "ann@x. \r\ntest");
    leak_in_utf16: attached("text/plain; charset=utf-16le",
        &ANN.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    leak_in_unlabelled_utf16: attached("application/octet-stream",
        &ANN.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>());
    leak_in_windows_1252: attached("text/plain; charset=windows-1252", b"\x93ann@x.test\x94");
    leak_in_wrong_charset: attached("text/plain; charset=utf-8", b"caf\xE9 ann@x.test");
    leak_in_html_entities: html("ann&#64;x&#x2e;test");
    leak_in_html_entities_without_semicolon: html("&#97nn&#64 x.test");
    leak_in_named_html_entity: html("ann&commat;x&period;test");
    leak_in_entities_of_entities: html("ann&amp;#64;x.test");
    leak_split_by_tags: html("a<b>n</b>n@x<i>.</i>test");
    leak_split_by_comments: html("ann<!-- -->@x<!---->.test");
    leak_split_by_zero_width_characters: html("an\u{200b}n@x&shy;.te\u{feff}st");
    leak_in_hidden_element: html("<p style='display:none'>ann@x.test</p>");
    leak_in_html_comment: html("<!-- ann@x.test -->");
    leak_in_conditional_comment: html("<!--[if mso]>an<b>n@x.test</b><![endif]-->");
    leak_in_unclosed_comment: html("<!-- ann@x.test");
    leak_in_href: html("<a href=\"mailto:ann@x.test?subject=a\">x</a>");
    leak_in_unquoted_attribute: html("<a data-r=ann@x.test>x</a>");
    leak_behind_percent: html("<a href='https://h.test/?r=ann%40x.test'>x</a>");
    leak_behind_percent_of_percent: html("<a href='https://h.test/?r=ann%252540x.test'>x</a>");
    leak_in_css: html("<style>p:after{content:'ann\\40 x.test'}</style>");
    leak_as_unknown_tag: html("Contact <ann@x.test> now");
    leak_in_html_sent_as_text: text("<p>an<b>n</b>@x.test</p>");
    leak_in_base64_token: text("https://h.test/s?r=YW5uQHgudGVzdA==&x=1");
    leak_in_url_safe_token: text(&format!("https://h.test/i/{}", BASE64URL_NOPAD.encode(b"ann@x.test")));
    leak_in_base64_of_percent: text(&format!("k={}", BASE64.encode(b"r=ann%40x.test;n=1")));
    leak_in_hex_token: text(&format!("https://h.test/{}", HEXLOWER.encode(b"ann@x.test")));
    leak_in_json_escape: text("{\"r\": \"ann\\u0040x.test\"}");
    leak_full_width: text("ann＠x．test");
    leak_spelled_out: text("ann (at) x [dot] test");
    leak_in_forwarded_block: text("> To: bob@y.test\r\n> Cc: ann@x.test\r\n> Subject: x");
    leak_in_vcard: attached("text/vcard", b"BEGIN:VCARD\r\nEMAIL:ann@x.test\r\nEND:VCARD\r\n");
    leak_in_calendar: attached("text/calendar", b"ATTENDEE;CN=Ann:mailto:ann@x.test\r\n");
    leak_in_attached_message: attached("message/rfc822", b"To: ann@x.test\r\n\r\nx\r\n");
    leak_in_message_saved_as_file: attached("application/octet-stream",
        b"From: a\r\nContent-Transfer-Encoding: base64\r\n\r\nYW5uQHgudGVzdA==\r\n");
    leak_in_zip: attached("application/zip", &zip(&[("a.txt", b"ann@x.test")]));
    leak_in_zip_in_zip: attached("application/zip", &zip(&[("b.zip", &zip(&[("a.txt", b"ann@x.test")]))]));
    leak_in_zip_file_name: attached("application/zip", &zip(&[("ann@x.test.txt", b"")]));
    leak_in_docx_runs: attached("application/vnd.openxmlformats", &zip(&[("word/document.xml",
        b"<?xml version='1.0'?><w:p><w:r><w:t>ann</w:t></w:r><w:r><w:t>@x.test</w:t></w:r></w:p>")]));
    leak_in_docx_relationship: attached("application/vnd.openxmlformats", &zip(&[("word/_rels/document.xml.rels",
        b"<Relationship Target=\"mailto:ann%40x.test\"/>")]));
    leak_in_xlsx_shared_strings: attached("application/vnd.ms-excel", &zip(&[("xl/sharedStrings.xml",
        b"<sst><si><t>Bob</t></si><si><r><t>ann@</t></r><r><t>x.test</t></r></si></sst>")]));
    leak_in_xlsx_comment: attached("application/vnd.ms-excel", &zip(&[("xl/comments1.xml",
        b"<comment><text><r><t>ann@x.test</t></r></text></comment>")]));
    leak_in_document_properties: attached("application/vnd.ms-excel", &zip(&[("docProps/core.xml",
        b"<dc:creator>ann@x.test</dc:creator><cp:lastModifiedBy>Bob</cp:lastModifiedBy>")]));
    leak_in_preamble: part("Content-Type: multipart/mixed; boundary=b", "ann@x.test\r\n--b\r\n\r\nx\r\n--b--");
    leak_in_epilogue: part("Content-Type: multipart/mixed; boundary=b", "--b\r\n\r\nx\r\n--b--\r\nann@x.test");
    leak_in_nested_multipart: part("Content-Type: multipart/mixed; boundary=b",
        "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Transfer-Encoding: base64\r\n\r\nYW5uQHgudGVzdA==\r\n--c--\r\n--b--");
    leak_without_boundary: part("Content-Type: multipart/mixed", "ann@x.test");
    leak_in_picture: attached("image/png", b"\x89PNG\0\0tEXtAuthor\0ann@x.test\0");
    leak_in_pdf: attached("application/pdf", b"%PDF-1.4 /URI (mailto:ann@x.test)");
}

#[test]
fn leak_by_both_labels_of_a_domain() {
    assert!(finds(text("ann@bücher.example"), "ann@xn--bcher-kva.example"));
    assert!(finds(text("ann@XN--BCHER-KVA.example"), "ann@xn--bcher-kva.example"));
}

#[test]
fn places_tell_where_and_behind_what() {
    let reading = read(&html("<a href='https://h.test/?r=ann%40x.test'>x</a>"), &Limits::default());
    let place = &reading.sightings[0].place;
    assert_eq!((place.spot, place.behind.as_slice()), (Spot::HtmlTag, &[Coding::Percent][..]));
    assert_eq!(place.to_string(), "the message (HTML, within a tag), behind percent-encoding");
}

#[test]
fn what_cannot_be_read_is_said() {
    let mut locked = zip(&[("a.txt", b"x")]);
    // General purpose bit 0 (APPNOTE §4.4.4), in the local header and in the directory.
    let directory = locked.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    locked[6] |= 1;
    locked[directory + 8] |= 1;
    for (message, reason) in [
        (attached("application/pdf", b"%PDF-1.4"), Reason::Pdf),
        (attached("image/png", b"\x89PNG"), Reason::Media),
        (attached("application/msword", b"\xD0\xCF\x11\xE0\xA1\xB1"), Reason::LegacyOffice),
        (attached("application/rtf", b"{\\rtf1 x}"), Reason::RichText),
        (attached("application/gzip", b"\x1F\x8B\x08"), Reason::Compressed),
        (attached("application/octet-stream", b"\x00\x01\x02"), Reason::UnknownFormat),
        (attached("application/zip", b"PK\x03\x04 and no more"), Reason::BrokenArchive),
        (attached("application/zip", &locked), Reason::Encrypted),
        (attached("text/plain; charset=utf-7", b"ann+AEA-x.test"), Reason::Charset),
        (part("Content-Transfer-Encoding: x-uuencode", "begin"), Reason::TransferEncoding),
        (part("Content-Type: message/external-body", "x"), Reason::Elsewhere),
    ] {
        let reading = read(&message, &Limits::default());
        assert!(
            reading.uninspected.iter().any(|u| u.reason == reason),
            "{reason}: {:?}",
            reading.uninspected
        );
    }
}
