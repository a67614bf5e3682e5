//! Translations, senders, bundles, discretion.

use std::collections::BTreeMap;

use mail::{Address, Mailbox};
use message::{
    Attachment, MessageBundle, MessageError, Person, Place, Sealed, Settings, Source, SourceKind, Template,
    default_discretion_words,
};

use crate::{identity, markdown, read, settings, try_template};

fn parse(text: &str) -> Source {
    Source::parse(SourceKind::Markdown, text).unwrap()
}

fn in_languages() -> Template {
    let default = "---\nsubject: Your views\nfrom: Team <team@x.test>\nreply-to: answers@x.test\nlanguage: en\n\
                   attachments: [en.pdf]\ncontacts: [Help <help@x.test>]\n---\nHello";
    let welsh = "---\nsubject: Eich barn\nattachments: [cy.pdf]\n---\nHelo";
    let arabic = "---\nsubject: رأيك\nfrom: فريق <ar@x.test>\nlanguage: AR\n---\nمرحبا";
    let pdf = |name| Attachment::new(name, "application/pdf", name.as_bytes().to_vec()).unwrap();
    let translations = vec![("cy".to_owned(), parse(welsh)), ("ar".to_owned(), parse(arabic))];
    Template::new(parse(default), translations, vec![pdf("en.pdf"), pdf("cy.pdf")], settings()).unwrap()
}

fn seal_in(template: &Template, language: Option<&str>) -> Sealed {
    let address = Address::parse("ann@people.example").unwrap();
    let fields = BTreeMap::new();
    template.seal(&Person { row: 1, address: &address, fields: &fields, language }, &identity(), &[]).unwrap()
}

#[test]
fn everybody_gets_their_language_or_the_default_and_is_told() {
    let template = in_languages();
    for (asked, used, fell_back) in [
        (None, "en", false),
        (Some(""), "en", false),
        (Some("en-GB"), "en", false),
        (Some("CY"), "cy", false),
        (Some("cy-GB"), "cy", false),
        (Some("cy_GB"), "cy", false),
        (Some("fr"), "en", true),
        (Some("c"), "en", true),
        (Some("not a tag\r\n"), "en", true),
    ] {
        let sealed = seal_in(&template, asked);
        assert_eq!((sealed.language_used(), sealed.fell_back()), (used, fell_back), "{asked:?}");
        assert_eq!(read(&sealed).field("Content-Language"), Some(used));
    }
}

#[test]
fn a_translation_inherits_what_it_does_not_say() {
    let template = in_languages();
    let welsh = seal_in(&template, Some("cy"));
    let part = read(&welsh);
    assert_eq!(part.field("From"), Some("Team <team@x.test>"));
    assert_eq!(part.field("Reply-To"), Some("answers@x.test"));
    assert_eq!(part.leaf("application/pdf").body, b"cy.pdf");
    assert_eq!(read(&seal_in(&template, None)).leaf("application/pdf").body, b"en.pdf");
    let arabic = seal_in(&template, Some("ar"));
    let part = read(&arabic);
    assert!(part.field("From").unwrap().ends_with(" <ar@x.test>"));
    assert!(part.leaf("text/html").text().contains("<html lang=\"ar\" dir=\"rtl\">"));
    let public: Vec<String> = template.public_addresses().into_iter().map(Address::expose).collect();
    assert_eq!(public, ["team@x.test", "answers@x.test", "help@x.test", "ar@x.test"]);
}

#[test]
fn senders_by_precedence() {
    let mailbox = |text| Some(Mailbox::parse(text).unwrap());
    let with = parse("---\nsubject: s\nfrom: front@x.test\n---\nx");
    let without = parse("---\nsubject: s\n---\nx");
    let new = |source: &Source, settings: &Settings| {
        Template::new(source.clone(), Vec::new(), Vec::new(), settings.clone())
    };
    let from = |t: &Template| t.from().address().expose();
    let given = Settings {
        from: mailbox("given@x.test"),
        default_from: mailbox("set@x.test"),
        default_reply_to: None,
    };
    let set = Settings { from: None, ..given.clone() };
    assert_eq!(from(&new(&with, &given).unwrap()), "given@x.test");
    assert_eq!(from(&new(&with, &set).unwrap()), "front@x.test");
    assert_eq!(from(&new(&without, &set).unwrap()), "set@x.test");
    assert_eq!(new(&without, &Settings::default()).err(), Some(MessageError::NoSender));
    let answers = Settings { default_reply_to: mailbox("answers@x.test"), ..set };
    assert_eq!(new(&without, &answers).unwrap().reply_to().unwrap().address().expose(), "answers@x.test");
}

#[test]
fn translations_that_do_not_fit() {
    let new = |tag: &str, text: &str| {
        let default = parse("---\nsubject: s\nlanguage: en\n---\nx");
        Template::new(default, vec![(tag.to_owned(), parse(text))], Vec::new(), settings()).err().unwrap()
    };
    let plain = "---\nsubject: s\n---\nx";
    assert_eq!(new("EN", plain), MessageError::LanguageTwice { language: "EN".into() });
    let within = |language: &str, error| MessageError::Translation {
        language: language.into(),
        error: Box::new(error),
    };
    assert_eq!(new("c y", plain), within("c y", MessageError::Language));
    assert_eq!(
        new("cy", "---\nsubject: s\nlanguage: fr\n---\nx"),
        within("cy", MessageError::LanguageDiffers { language: "cy".into() })
    );
    let error = new("cy", "---\nsubject: s\n---\n{{");
    assert_eq!(error.to_string(), "translation cy: body, line 4: not a valid template");
}

#[test]
fn a_bundle_is_the_same_template() {
    let template = in_languages();
    let json = serde_json::to_string(&template.to_bundle()).unwrap();
    let again = Template::from_bundle(serde_json::from_str(&json).unwrap()).unwrap();
    assert_eq!(again.digest(), template.digest());
    for language in [None, Some("cy"), Some("ar")] {
        assert_eq!(seal_in(&again, language).bytes(), seal_in(&template, language).bytes());
    }
    let quoted = Settings {
        from: Some(Mailbox::parse("\"A, \\\"B\\\"\" <b@x.test>").unwrap()),
        ..Settings::default()
    };
    let template = Template::new(parse("---\nsubject: s\n---\nx"), Vec::new(), Vec::new(), quoted).unwrap();
    let again = Template::from_bundle(template.to_bundle()).unwrap();
    assert_eq!(again.from(), template.from());
    let other = json.replacen("\"version\":1", "\"version\":2", 1);
    let other: MessageBundle = serde_json::from_str(&other).unwrap();
    assert_eq!(Template::from_bundle(other).err(), Some(MessageError::Bundle));
}

#[test]
fn the_digest_is_over_all_that_is_approved() {
    let text = "---\nsubject: s\nattachments: [a]\n---\nx";
    let new = |text: &str, bytes: &[u8], content_type: &str, from: &str| {
        let file = Attachment::new("a", content_type, bytes.to_vec()).unwrap();
        let settings = Settings { from: Some(Mailbox::parse(from).unwrap()), ..Settings::default() };
        Template::new(parse(text), Vec::new(), vec![file], settings).unwrap().digest()
    };
    let first = new(text, b"1", "text/plain", "a@x.test");
    assert_eq!(first, new(text, b"1", "text/plain", "a@x.test"));
    for other in [
        new(&text.replace('x', "y"), b"1", "text/plain", "a@x.test"),
        new(text, b"2", "text/plain", "a@x.test"),
        new(text, b"1", "text/csv", "a@x.test"),
        new(text, b"1", "text/plain", "b@x.test"),
        new(text, b"1", "text/plain", "A <a@x.test>"),
    ] {
        assert_ne!(first, other);
    }
}

#[test]
fn attachments_are_those_that_are_named() {
    let file = |name| Attachment::new(name, "text/plain", b"x".to_vec()).unwrap();
    let new = |front: &str, files: Vec<Attachment>| {
        let source = parse(&format!("---\nsubject: s\nattachments: {front}\n---\nx"));
        Template::new(source, Vec::new(), files, settings()).err()
    };
    assert_eq!(new("[a]", vec![file("a")]), None);
    assert_eq!(new("[a]", vec![]), Some(MessageError::AttachmentMissing { name: "a".into() }));
    assert_eq!(new("[]", vec![file("a")]), Some(MessageError::AttachmentUnnamed { name: "a".into() }));
    assert_eq!(new("[a, a]", vec![file("a")]), Some(MessageError::AttachmentTwice { name: "a".into() }));
    assert_eq!(
        new("[a]", vec![file("a"), file("a")]),
        Some(MessageError::AttachmentTwice { name: "a".into() })
    );
    for name in ["", " ", "a/b", "a\\b", "a\nb"] {
        assert_eq!(
            Attachment::new(name, "text/plain", vec![]).err(),
            Some(MessageError::AttachmentName),
            "{name:?}"
        );
    }
    for kind in [
        "",
        "text",
        "text/",
        "text/plain; x=y",
        "message/rfc822",
        "multipart/mixed",
        "te xt/plain",
        "a/b\r\n",
    ] {
        assert_eq!(Attachment::new("a", kind, vec![]).err(), Some(MessageError::AttachmentType), "{kind:?}");
    }
}

#[test]
fn words_on_the_lock_screen_are_found() {
    let words = default_discretion_words();
    let found =
        |t: &Template| t.discretion(&words).into_iter().map(|f| (f.place, f.word)).collect::<Vec<_>>();
    assert_eq!(
        found(&markdown("Your views, {{ first_name }}", "Hello {{ first_name }}, five minutes please.")),
        []
    );
    let loud = markdown("Survey of victims", "Dear {{ name }},\n\nafter the **assault** …");
    assert_eq!(
        found(&loud),
        [(Place::Subject, "victim".to_owned()), (Place::FirstLine, "assault".to_owned())]
    );
    let mjml = "<mjml><mj-head><mj-preview>The police report</mj-preview></mj-head><mj-body><mj-section><mj-column>\
                <mj-text>Hello</mj-text></mj-column></mj-section></mj-body></mjml>";
    let peek = try_template(SourceKind::Mjml, "Hello", mjml).unwrap();
    assert!(found(&peek).contains(&(Place::FirstLine, "police report".to_owned())));
    let address = Address::parse("ann@x.test").unwrap();
    let fields = crate::fields(&[("first_name", "Clinic")]);
    let person = Person { row: 1, address: &address, fields: &fields, language: None };
    let preview = markdown("Hello {{ first_name }}", "x").preview(&person, None, true).unwrap();
    assert_eq!(preview.discretion(&words).len(), 1);
    assert_eq!(preview.subject, "[TEST] Hello Clinic");
}
