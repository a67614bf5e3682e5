//! Values are literal text, whatever they are; and nothing panics.

use message::{Attachment, Source, SourceKind, Template};
use proptest::prelude::*;

use crate::decode::{header, html_text};
use crate::{bodies, identity, markdown, png, read, seal, seal_as, settings, try_template};

const NASTY: &str =
    "*x* <b> [a](b) & # `c` _d_ ![i](j) &amp; | \\* ~~e~~ {{ f }} {% g %} http://h =?utf-8?q?i?= \"j\" 'k'";

#[test]
fn a_nasty_value_appears_exactly_so() {
    for body in
        ["{{ a }}", "# {{ a }}", "- x\n- {{ a }}", "> {{ a }}", "**{{ a }}**", "`{{ a }}`", "    {{ a }}"]
    {
        let (plain, html) = bodies(SourceKind::Markdown, body, &[("a", NASTY)]);
        let unwrapped = plain.replace("\n> ", " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(unwrapped.contains(NASTY), "{plain}");
        assert!(html_text(&html).contains(NASTY), "{html}");
    }
    for body in ["<p>{{ a }}</p>", "<td title=\"x\">{{ a }}</td>", "{{ a }}"] {
        let (plain, html) = bodies(SourceKind::Html, body, &[("a", NASTY)]);
        assert!(plain.replace('\n', " ").contains(NASTY), "{plain}");
        assert!(html_text(&html).contains(NASTY), "{html}");
    }
    let sealed = seal(&markdown("To {{ a }}", "x"), &[("a", NASTY)]).unwrap();
    assert_eq!(header(read(&sealed).field("Subject").unwrap()), format!("To {NASTY}"));
}

#[test]
fn a_value_in_a_table_stays_in_its_cell() {
    let (plain, html) = bodies(SourceKind::Markdown, "|a|b|\n|-|-:|\n|{{ a }}|2|\n", &[("a", "x | y")]);
    assert_eq!(plain, "a | b\nx | y | 2\n");
    assert!(html.contains("<tr><td>x | y</td><td style=\"text-align:right\">2</td></tr>"));
}

#[test]
fn a_value_in_an_attribute_stays_there() {
    let value = "\" onclick=\"x' <b> &";
    let (_, html) = bodies(SourceKind::Html, "<p title='{{ a }}' lang={{ a }}>x</p>", &[("a", value)]);
    let escaped = "&quot; onclick=&quot;x&#39; &lt;b&gt; &amp;";
    assert!(html.contains(&format!("<p title=\"{escaped}\" lang=\"{escaped}\">")), "{html}");
}

fn text() -> impl Strategy<Value = String> {
    // Everything that can be printed: no controls, something in it, and spaces that wrapping keeps.
    "[^\\p{Cc}\\p{Z}\u{FEFF}]([^\\p{Cc}\\p{Z}]| ){0,60}[^\\p{Cc}\\p{Z}\u{FEFF}]"
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_value_comes_back(value in text()) {
        let template = markdown("Re: {{ a }}", "Dear **{{ a }}**, _x_ {{ a }}.\n\n- {{ a }}\n\n`{{ a }}`");
        let sealed = seal(&template, &[("a", &value)]).unwrap();
        prop_assert!(sealed.bytes().is_ascii());
        let whole = std::str::from_utf8(sealed.bytes()).unwrap();
        prop_assert!(!whole.replace("\r\n", "").contains(['\r', '\n']));
        prop_assert!(whole.split("\r\n").all(|line| line.len() <= 78));
        let part = read(&sealed);
        prop_assert_eq!(header(part.field("Subject").unwrap()), format!("Re: {value}"));
        let expected = squeezed(&format!("Dear {value}, x {value}."));
        prop_assert!(squeezed(&part.leaf("text/plain").text()).contains(&expected));
        let html = html_text(&part.leaf("text/html").text());
        let expected = format!("Dear {value}, x {value}.");
        prop_assert!(html.contains(&expected));
    }

    #[test]
    fn any_value_stays_in_its_link(value in text()) {
        let (_, html) = bodies(SourceKind::Markdown, "[x](https://x.test/?a={{ a }}&b=1)", &[("a", &value)]);
        let url = html.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
        let inner = url.strip_prefix("https://x.test/?a=").and_then(|u| u.strip_suffix("&amp;b=1")).unwrap();
        prop_assert!(inner.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
    }

    #[test]
    fn any_subject_is_one_field(subject in "\\PC{1,400}".prop_map(|s| s.replace(['{', '\u{10FFFD}'], "("))) {
        prop_assume!(!subject.trim().is_empty());
        let sealed = seal(&markdown(&subject, "x"), &[]).unwrap();
        let whole = std::str::from_utf8(sealed.bytes()).unwrap();
        prop_assert!(whole.is_ascii() && whole.split("\r\n").all(|line| line.len() <= 78));
        prop_assert_eq!(header(read(&sealed).field("Subject").unwrap()), subject.trim());
    }

    #[test]
    fn any_file_name_is_one_parameter(name in "[^\\p{Cc}/\\\\]{1,60}") {
        prop_assume!(!name.trim().is_empty());
        let front = format!("---\nsubject: s\nattachments: [{}]\n---\nx", serde_json::to_string(&name).unwrap());
        let Ok(source) = Source::parse(SourceKind::Markdown, &front) else { return Ok(()) };
        let Ok(file) = Attachment::new(&name, "text/plain", vec![1]) else { return Ok(()) };
        let template = Template::new(source, Vec::new(), vec![file], settings()).unwrap();
        let sealed = seal(&template, &[]).unwrap();
        prop_assert!(sealed.bytes().is_ascii());
        prop_assert!(sealed.bytes().split(|b| *b == b'\n').all(|line| line.len() <= 79));
    }

    #[test]
    fn nothing_panics(
        kind in prop_oneof![Just(SourceKind::Markdown), Just(SourceKind::Html), Just(SourceKind::Mjml)],
        body in prop_oneof![
            "\\PC{0,80}",
            "([-*#>`|!\\[\\]()\n <&;a:1./=\"'~]|\\{\\{ a \\}\\}|<p>|<td|cid:|<!--|-->|\\{% if a %\\}|\\{% endif %\\}){0,30}",
            "<mjml><mj-body>(<mj-text>|</mj-text>|<mj-image src=\"|\\{\\{ a \\}\\}|\"|/>|<mj-section>|</mj-section>){0,8}</mj-body></mjml>",
        ],
        value in any::<String>(),
        test in any::<bool>(),
    ) {
        let text = format!("---\nsubject: s\nattachments: [logo.png]\n---\n{body}");
        let Ok(source) = Source::parse(kind, &text) else { return Ok(()) };
        let Ok(template) = Template::new(source, Vec::new(), vec![png()], settings()) else { return Ok(()) };
        let _ = template.discretion(&["x".to_owned()]);
        let mut identity = identity();
        identity.test = test;
        if let Ok(sealed) = seal_as(&template, &[("a", &value)], &identity) {
            prop_assert!(sealed.bytes().is_ascii());
            let _ = read(&sealed);
        }
    }

    #[test]
    fn no_front_matter_panics(text in any::<String>(), front in "([a-z:\\-\\[\\]{}&*!|>'\"%@` \n#]|subject: |---\n){0,40}") {
        let _ = Source::parse(SourceKind::Markdown, &text);
        let _ = Source::parse(SourceKind::Markdown, &format!("---\n{front}\n---\n"));
        let _ = try_template(SourceKind::Html, "s", &front);
    }
}
