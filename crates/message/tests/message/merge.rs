//! Strictness: what a person's row must have, and what errors say.

use message::{MessageError, Place, SealError, Source, SourceKind};

use crate::{bodies, markdown, read, seal, source, try_template};

#[test]
fn an_unknown_field_is_an_error_in_conditions_too() {
    for body in ["{{ nickname }}", "{% if nickname %}x{% endif %}", "{% if false %}{{ nickname }}{% endif %}"]
    {
        let error = seal(&markdown("s", body), &[("first_name", "Ann")]).unwrap_err();
        assert_eq!(error, SealError::UnknownField { row: 7, place: Place::Body, field: "nickname".into() });
    }
    let error = seal(&markdown("Hi {{ nickname }}", "x"), &[]).unwrap_err();
    assert_eq!(error, SealError::UnknownField { row: 7, place: Place::Subject, field: "nickname".into() });
}

#[test]
fn an_empty_field_may_be_asked_for_and_not_printed() {
    let template = markdown("s", "Dear\n\n{{ nickname | upper }}");
    for empty in ["", "  ", "\n"] {
        let error = seal(&template, &[("nickname", empty)]).unwrap_err();
        // Line 3 of the front matter ends it: the body's third line is the sixth.
        let expected =
            SealError::EmptyField { row: 7, place: Place::Body, field: "nickname".into(), line: 6 };
        assert_eq!(error, expected);
        assert_eq!(error.to_string(), "row 7: the body prints the field nickname in line 6, and it is empty");
    }
    let body = "{% if nickname %}{{ nickname }}{% else %}friend{% endif %}, {{ nickname or 'you' }}, \
                {{ nickname | default('we', true) }}";
    assert_eq!(bodies(SourceKind::Markdown, body, &[("nickname", "")]).0, "friend, you, we\n");
    let error = seal(&markdown("Hi {{ nickname }}", "x"), &[("nickname", "")]).unwrap_err();
    assert!(matches!(error, SealError::EmptyField { place: Place::Subject, line: 1, .. }));
}

#[test]
fn email_is_always_there() {
    assert!(
        bodies(SourceKind::Markdown, "You are {{ email }}.", &[]).0.contains("You are ann@people.example.")
    );
}

#[test]
fn errors_do_not_quote_values() {
    for (subject, body, value) in [
        ("{{ a }}", "x", "sec\nret"),
        ("s", "{{ a }}", "sec\0ret"),
        ("s", "[x]({{ a }})", "secret"),
        ("s", "{{ a + 1 }}", "secret"),
        ("s", "{{ a | int }}", "secret"),
        ("s", "{{ a.b.c }}", "secret"),
        ("s", "{{ [a] }}", "secret"),
    ] {
        let error = seal(&markdown(subject, body), &[("a", value)]).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(!text.contains("ret") && text.contains('7'), "{text}");
    }
}

#[test]
fn values_with_line_breaks_stay_out_of_headers() {
    for value in ["a\nBcc: eve@x.test", "a\r\nb", "a\rb", "a\0b", "a\u{85}b"] {
        let error = seal(&markdown("Hi {{ name }}", "x"), &[("name", value)]).unwrap_err();
        assert_eq!(
            error,
            SealError::Control { row: 7, place: Place::Subject, field: "name".into(), line: 1 }
        );
    }
}

#[test]
fn line_breaks_in_values_show_in_the_body() {
    let (plain, html) = bodies(SourceKind::Markdown, "To: {{ a }}.", &[("a", "1 High St\r\nLeeds\rUK")]);
    assert_eq!(plain, "To: 1 High St\nLeeds\nUK.\n");
    assert!(html.contains("<p>To: 1 High St<br>\nLeeds<br>\nUK.</p>"));
}

#[test]
fn fields_are_listed_and_checked() {
    let template = markdown(
        "{{ a }}",
        "{% if b %}{% for x in c | split(',') %}{{ x }}{% endfor %}{% endif %}{{ email }}",
    );
    assert_eq!(template.fields().iter().collect::<Vec<_>>(), ["a", "b", "c", "email"]);
    assert_eq!(template.check_fields(&["a", "b", "c"]), Ok(()));
    let error = template.check_fields(&["b"]).unwrap_err();
    assert_eq!(error, MessageError::UnknownFields { fields: vec!["a".into(), "c".into()] });
}

#[test]
fn loops_and_filters_work() {
    let body = "{% for x in c | split(',') %}\n- {{ x | trim | title }}\n{% endfor %}";
    let (plain, _) = bodies(SourceKind::Markdown, body, &[("c", "leeds, *york*")]);
    assert_eq!(plain, "- Leeds\n- *york*\n");
}

#[test]
fn what_is_not_a_template_is_found_before_anybody() {
    for (subject, body, place, line) in [
        ("s", "a\n{{ b", Place::Body, 5),
        ("s", "{% include 'x' %}", Place::Body, 4),
        ("s", "{% import 'x' as y %}", Place::Body, 4),
        ("s", "{% macro x() %}{% endmacro %}", Place::Body, 4),
        ("{{", "x", Place::Subject, 1),
    ] {
        let error = try_template(SourceKind::Markdown, subject, body).unwrap_err();
        assert_eq!(error, MessageError::Syntax { place, line }, "{body}");
    }
    for body in ["{{ a | safe }}", "{{ a | nosuch }}", "{% if a is nosuch %}{% endif %}"] {
        let error = try_template(SourceKind::Markdown, "s", body).unwrap_err();
        assert_eq!(error, MessageError::UnknownFilter { place: Place::Body, line: 4 }, "{body}");
    }
}

#[test]
fn captured_text_is_a_value_like_any_other() {
    let body = "{% set x %}**{{ a }}**{% endset %}{{ x }} {% filter upper %}*{{ a }}*{% endfilter %}";
    let (plain, html) = bodies(SourceKind::Markdown, body, &[("a", "<i>")]);
    assert_eq!(plain, "**<i>** *<I>*\n");
    assert!(html.contains("<p>**&lt;i&gt;** *&lt;I&gt;*</p>"));
}

#[test]
fn front_matter_is_strict() {
    let parse = |text: &str| Source::parse(SourceKind::Markdown, text).map(|_| ());
    assert_eq!(parse("\u{FEFF}---\r\nsubject: a\r\nlanguage: cy\r\n---\r\nbody\r\n"), Ok(()));
    for (text, error) in [
        ("subject: a\n", MessageError::NoFrontMatter),
        ("---\nsubject: a\n", MessageError::NoFrontMatter),
        ("--- x\nsubject: a\n---\n", MessageError::NoFrontMatter),
        ("---\nfrom: a@x.test\n---\n", MessageError::SubjectMissing),
        ("---\nsubject: ' '\n---\n", MessageError::SubjectMissing),
        ("---\nsubject: a\ncc: secret@x.test\n---\n", MessageError::FrontMatter { line: 3 }),
        ("---\nsubject: a\nsubject: b\n---\n", MessageError::FrontMatter { line: 3 }),
        ("---\nsubject: a\nfrom: [b]\n---\n", MessageError::FrontMatter { line: 3 }),
        ("---\nsubject: a\nlanguage: e n\n---\n", MessageError::Language),
        ("---\nsubject: \"a\\nBcc: x\"\n---\n", MessageError::Character { line: 1 }),
        ("---\nsubject: a\n---\nb\0\n", MessageError::Character { line: 4 }),
        ("---\nsubject: a\n---\n\u{10FFFD}0\u{10FFFD}\n", MessageError::Character { line: 4 }),
    ] {
        assert_eq!(parse(text), Err(error), "{text:?}");
    }
    let error = parse("---\nsubject: a\nfrom: secret\n---\n").unwrap_err();
    assert_eq!(error.to_string(), "from: there is no @ in it");
    let norwegian = Source::parse(SourceKind::Markdown, "---\nsubject: a\nlanguage: no\n---\nx").unwrap();
    assert!(!format!("{norwegian:?}").contains("no"));
    let _ = source(SourceKind::Markdown, "a", "b");
}

#[test]
fn the_subject_is_trimmed_and_not_empty() {
    let template = markdown("  {% if a %}Hello{% endif %} ", "x");
    assert_eq!(read(&seal(&template, &[("a", "y")]).unwrap()).field("Subject"), Some("Hello"));
    assert_eq!(seal(&template, &[("a", "")]).unwrap_err(), SealError::SubjectEmpty { row: 7 });
}
