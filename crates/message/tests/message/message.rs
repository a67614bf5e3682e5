//! The message as octets.

use mail::{Address, Mailbox};
use message::{Identity, Person, SealError, Settings, Signer, Source, SourceKind, Template, Unsubscribe};

use crate::decode::header;
use crate::{fields, identity, markdown, png, read, seal, seal_as, settings};

#[test]
fn the_fields_are_these() {
    let sealed = seal(&markdown("Your views", "Hello"), &[]).unwrap();
    let part = read(&sealed);
    let names: Vec<&str> = part.fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "MIME-Version",
            "Content-Language",
            "Auto-Submitted",
            "List-Unsubscribe",
            "List-Unsubscribe-Post",
            "Content-Type"
        ]
    );
    assert_eq!(part.field("To"), Some("ann@people.example"));
    assert_eq!(part.field("Date"), Some("Tue, 31 Jan 2012 08:53:20 +0000"));
    assert_eq!(part.field("Message-ID"), Some("<0123456789abcdef@survey.example>"));
    assert_eq!(
        sealed.list_headers(),
        [
            (
                "List-Unsubscribe".to_owned(),
                "<https://survey.example/u/abc>, <mailto:out@survey.example?subject=out>".to_owned()
            ),
            ("List-Unsubscribe-Post".to_owned(), "List-Unsubscribe=One-Click".to_owned())
        ]
    );
    assert_eq!(sealed.reverse_path().expose(), "team@survey.example");
    assert_eq!(format!("{sealed:?}"), "[sealed message]");
    assert_eq!(sealed.recipient().expose(), "ann@people.example");
    assert!(!sealed.needs_smtputf8() && sealed.content_ids().is_empty());
}

#[test]
fn the_same_again_gives_the_same_octets() {
    let template = markdown("a {{ email }}", "b");
    assert_eq!(seal(&template, &[]).unwrap().bytes(), seal(&template, &[]).unwrap().bytes());
    let other = Identity { boundary_seed: [1; 16], ..identity() };
    assert_ne!(seal(&template, &[]).unwrap().bytes(), seal_as(&template, &[], &other).unwrap().bytes());
}

#[test]
fn one_click_needs_https() {
    let unsubscribe = |mailto: Option<&str>, https: Option<&str>| {
        let unsubscribe =
            Some(Unsubscribe { mailto: mailto.map(str::to_owned), https: https.map(str::to_owned) });
        seal_as(&markdown("a", "b"), &[], &Identity { unsubscribe, ..identity() })
    };
    let mail_alone = unsubscribe(Some("mailto:out@x.test"), None).unwrap();
    assert_eq!(
        mail_alone.list_headers(),
        [("List-Unsubscribe".to_owned(), "<mailto:out@x.test>".to_owned())]
    );
    assert!(unsubscribe(None, None).unwrap().list_headers().is_empty());
    for (mailto, https) in [
        (None, Some("http://x.test")),
        (Some("out@x.test"), None),
        (None, Some("https://x.test/>,<b")),
        (None, Some("https://x.test/\r\nBcc: x")),
        (None, Some("https://x.test/é")),
    ] {
        let error = unsubscribe(mailto, https).unwrap_err();
        assert_eq!(error, SealError::Identity { what: "unsubscribe address" });
    }
}

#[test]
fn message_ids_are_checked() {
    for id in ["", "a", "a@", "@b", "a@b@c", "<a@b>", "a b@c", "a@b\r\nBcc: x"] {
        let identity = Identity { message_id: id.to_owned(), ..identity() };
        let error = seal_as(&markdown("a", "b"), &[], &identity).unwrap_err();
        assert_eq!(error, SealError::Identity { what: "message-id" }, "{id:?}");
    }
}

#[test]
fn only_an_address_beyond_ascii_needs_smtputf8() {
    for (address, shown, utf8) in [
        ("zoë@people.example", "zoë@people.example", true),
        ("zoe@bücher.example", "zoe@xn--bcher-kva.example", false),
    ] {
        let address = Address::parse(address).unwrap();
        let person = Person { row: 1, address: &address, fields: &fields(&[]), language: None };
        let sealed = markdown("Zoë", "Zoë").seal(&person, &identity(), &[]).unwrap();
        assert_eq!(sealed.needs_smtputf8(), utf8);
        assert_eq!(sealed.bytes().is_ascii(), !utf8);
        assert_eq!(read(&sealed).field("To"), Some(shown));
        assert_eq!(header(read(&sealed).field("Subject").unwrap()), "Zoë");
    }
}

#[test]
fn images_and_files_are_wrapped_as_they_should() {
    let front = "---\nsubject: s\nattachments: [logo.png, \"Über uns.pdf\"]\n---\n";
    let pdf = message::Attachment::new("Über uns.pdf", "Application/PDF", b"%PDF".to_vec()).unwrap();
    for (kind, body) in [
        (SourceKind::Markdown, "![Our logo](logo.png) {{ email }}"),
        (SourceKind::Html, "<img src='CID:logo.png' alt='Our logo'> {{ email }}"),
    ] {
        let source = Source::parse(kind, &format!("{front}{body}")).unwrap();
        let template = Template::new(source, Vec::new(), vec![pdf.clone(), png()], settings()).unwrap();
        let sealed = seal(&template, &[]).unwrap();
        let part = read(&sealed);
        let kinds = |part: &crate::decode::Part| {
            part.parts
                .iter()
                .map(|p| p.field("Content-Type").unwrap().split(';').next().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(kinds(&part), ["multipart/alternative", "application/pdf"]);
        assert_eq!(kinds(&part.parts[0]), ["text/plain", "multipart/related"]);
        assert_eq!(kinds(&part.parts[0].parts[1]), ["text/html", "image/png"]);
        let id = format!("{}.1@survey.example", data_encoding::HEXLOWER.encode(b"seed-of-16-bytes"));
        assert_eq!(sealed.content_ids(), std::slice::from_ref(&id));
        assert_eq!(part.leaf("image/png").field("Content-ID"), Some(format!("<{id}>").as_str()));
        assert!(part.leaf("text/html").text().contains(&format!("<img src=\"cid:{id}\" alt=\"Our logo\">")));
        assert_eq!(
            part.leaf("application/pdf").field("Content-Disposition"),
            Some("attachment; filename*=UTF-8''%C3%9Cber%20uns.pdf")
        );
        assert_eq!(part.leaf("application/pdf").body, b"%PDF");
        assert!(part.leaf("text/plain").text().starts_with("Our logo ann@"));
    }
}

#[test]
fn a_body_cannot_end_its_part() {
    let first = seal(&markdown("s", "x"), &[]).unwrap();
    let boundary = read(&first).field("Content-Type").unwrap().split('"').nth(1).unwrap().to_owned();
    let value = format!("\n--{boundary}--\n--{boundary}");
    let sealed = seal(&markdown("s", "{{ a }}"), &[("a", &value)]).unwrap();
    assert!(read(&sealed).leaf("text/plain").text().contains(value.trim()));
}

#[test]
fn senders_with_names() {
    let from = Mailbox::parse("\"Tîm, arolwg\" <tim@x.test>").unwrap();
    let settings = Settings { from: Some(from), ..Settings::default() };
    let source = Source::parse(SourceKind::Markdown, "---\nsubject: s\n---\nx").unwrap();
    let template = Template::new(source, Vec::new(), Vec::new(), settings).unwrap();
    let part = read(&seal(&template, &[]).unwrap());
    assert_eq!(header(part.field("From").unwrap()), "Tîm, arolwg <tim@x.test>");
}

#[test]
fn signatures_stand_in_front() {
    let rsa = Signer::new("survey.example", "a", include_str!("../data/rsa2048.pem")).unwrap();
    let ed = Signer::new("survey.example", "b", include_str!("../data/ed25519.pem")).unwrap();
    let address = Address::parse("ann@x.test").unwrap();
    let person = Person { row: 1, address: &address, fields: &fields(&[]), language: None };
    let sealed = markdown("s", "x").seal(&person, &identity(), &[rsa, ed]).unwrap();
    let part = read(&sealed);
    let signatures = part.all("DKIM-Signature");
    assert!(signatures[0].contains("a=rsa-sha256;") && signatures[1].contains("a=ed25519-sha256;"));
    // What the proof compares them with is what it will read.
    let again = mail::read(sealed.bytes(), &mail::Limits::default());
    let fields = again.headers.iter().filter(|h| h.name == "DKIM-Signature");
    assert!(fields.map(|h| &h.unfolded).eq(sealed.signatures()));
    let names: String = signatures[0].split("h=").nth(1).unwrap().split(';').next().unwrap().replace(' ', "");
    assert_eq!(
        names,
        "From:To:Subject:Date:Message-ID:MIME-Version:Content-Type:Content-Language:Auto-Submitted:\
         List-Unsubscribe:List-Unsubscribe-Post:From:To:Subject:Reply-To:Cc"
    );
    assert!(signatures[0].contains("d=survey.example; s=a; t=1328000000;"));
}
