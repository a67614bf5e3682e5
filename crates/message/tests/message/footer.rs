//! The link to the person's preference page: where the author puts it, else in a footer.

use message::{PREFERENCES_OCTETS_MAX, SealError, SourceKind};

use crate::{identity, markdown, read, seal, seal_as, try_template};

const URL: &str = "https://survey.example/preferences/abc";

fn with_page() -> message::Identity {
    message::Identity { preferences: Some(URL.to_owned()), ..identity() }
}

fn bodies(kind: SourceKind, body: &str, identity: &message::Identity) -> (String, String) {
    let part = read(&seal_as(&try_template(kind, "Subject", body).unwrap(), &[], identity).unwrap());
    (part.leaf("text/plain").text(), part.leaf("text/html").text())
}

#[test]
fn a_message_ends_with_the_link() {
    let whole = "<html lang=\"en\"><head><title>x</title></head><body><p>Hello</p></body></html>";
    for (kind, body) in [
        (SourceKind::Markdown, "Hello"),
        (SourceKind::Html, "<p>Hello</p>"),
        (SourceKind::Html, whole),
        (SourceKind::Html, "<html lang=\"en\"><body><p>Hello</p>"),
        (
            SourceKind::Mjml,
            "<mjml><mj-body><mj-section><mj-column><mj-text>Hello</mj-text></mj-column></mj-section></mj-body></mjml>",
        ),
    ] {
        let (plain, html) = bodies(kind, body, &with_page());
        assert!(
            plain.ends_with(&format!("\n----------\nChange what you get from us, or stop it:\n{URL}\n")),
            "{plain}"
        );
        let link = format!("<a href=\"{URL}\">Change what you get from us, or stop it</a>");
        assert_eq!(html.matches(&link).count(), 1, "{html}");
        assert!(html.find(&link) > html.find("Hello"), "{html}");
        assert!(html.find("</body>").is_none_or(|end| html.find(&link) < Some(end)), "{html}");
        let (plain, html) = bodies(kind, body, &identity());
        assert!(!plain.contains("Change what") && !html.contains("Change what"), "without public pages");
    }
}

#[test]
fn an_author_who_places_the_link_has_no_footer() {
    for body in ["See {{ preferences_url }} please", "[Choices]({{ preferences_url }})"] {
        let (plain, html) = bodies(SourceKind::Markdown, body, &with_page());
        assert_eq!((plain.matches(URL).count(), plain.contains("----")), (1, false), "{plain}");
        assert!(html.contains(URL) && !html.contains("Change what"), "{html}");
    }
    // One that is not shown to this person is none.
    let hidden = "Hello{% if email == 'nobody' %} {{ preferences_url }}{% endif %}";
    assert!(bodies(SourceKind::Markdown, hidden, &with_page()).0.contains("Change what"));
    let without = seal(&markdown("s", "{{ preferences_url }}"), &[]).err();
    assert!(matches!(without, Some(SealError::UnknownField { field, .. }) if field == "preferences_url"));
}

#[test]
fn a_link_to_the_page_hides_nothing_from_the_discretion_check_and_adds_nothing() {
    let words = message::default_discretion_words();
    let found = |body: &str| markdown("Your views", body).discretion(&words).len();
    assert_eq!(found("Hello {{ crime_reference }} [Choices]({{ preferences_url }})"), 0);
    assert_eq!(found("Crime [Choices]({{ preferences_url }})"), found("Crime"));
}

#[test]
fn in_a_test_the_link_is_dead() {
    let test = message::Identity { test: true, ..with_page() };
    for body in ["Hello", "{{ preferences_url }}", "[x]({{ preferences_url }})"] {
        let (plain, html) = bodies(SourceKind::Markdown, body, &test);
        assert!(!plain.contains("preferences") && !html.contains("preferences"), "{plain}{html}");
        assert!(plain.contains("https://test.invalid/link"), "{plain}");
    }
}

#[test]
fn the_footer_speaks_the_messages_language() {
    let source = |language: &str| {
        let text = format!("---\nsubject: s\nlanguage: {language}\n---\nx");
        message::Source::parse(SourceKind::Markdown, &text).unwrap()
    };
    for (language, words, tag) in
        [("cy", "Newid yr hyn a gewch gennym", "cy"), ("CY-gb", "Newid", "cy"), ("fr", "Change what", "en")]
    {
        let template =
            message::Template::new(source(language), Vec::new(), Vec::new(), crate::settings()).unwrap();
        let html = read(&seal_as(&template, &[], &with_page()).unwrap()).leaf("text/html").text();
        assert!(html.contains(&format!("<p lang=\"{tag}\"><a href=\"{URL}\">{words}")), "{html}");
    }
}

#[test]
fn a_page_that_cannot_stand_in_a_message_is_refused() {
    let page = |url: &str| {
        let identity = message::Identity { preferences: Some(url.to_owned()), ..identity() };
        seal_as(&markdown("s", "x"), &[], &identity).err()
    };
    let refused = Some(SealError::Identity { what: "preference page" });
    let long = |octets: usize| format!("https://{}", "x".repeat(octets - 8));
    assert_eq!(page("http://127.0.0.1:8082/preferences/x"), None);
    assert_eq!(page(&long(PREFERENCES_OCTETS_MAX)), None);
    for wrong in [
        "http://survey.example/x",
        "javascript:x",
        "https://x y",
        "https://x>",
        &long(PREFERENCES_OCTETS_MAX + 1),
    ] {
        assert_eq!(page(wrong), refused, "{wrong}");
    }
}
