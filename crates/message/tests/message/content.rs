//! What may stand in a body, what it looks like, and how links die in a test.

use message::{ContentError, MessageError, SealError, SourceKind};

use crate::{bodies, identity, markdown, read, seal, seal_as, try_template};

fn refusal(kind: SourceKind, body: &str) -> ContentError {
    match try_template(kind, "s", body) {
        Err(MessageError::Content(error)) => error,
        other => panic!("{body}: {other:?}"),
    }
}

#[test]
fn html_in_markdown_is_refused() {
    for body in ["a <b>c</b>", "<div>\nx\n</div>", "<!-- x -->", "<img src=x>", "a<br>b"] {
        assert_eq!(refusal(SourceKind::Markdown, body), ContentError::HtmlInMarkdown, "{body}");
    }
    assert_eq!(bodies(SourceKind::Markdown, "1 < 2 > 0 & <3", &[]).0, "1 < 2 > 0 & <3\n");
}

#[test]
fn what_runs_embeds_or_asks_is_refused() {
    for element in
        ["script", "iframe", "object", "embed", "form", "input", "link", "base", "svg", "video", "SCRIPT"]
    {
        let expected = ContentError::Element { element: element.to_lowercase() };
        assert_eq!(refusal(SourceKind::Html, &format!("<{element} x>y</{element}>")), expected);
    }
    for attribute in ["onclick", "onload", "ping", "srcset", "background", "action", "xlink:href"] {
        let expected = ContentError::Attribute { attribute: attribute.to_owned() };
        assert_eq!(refusal(SourceKind::Html, &format!("<p {attribute}='x'>y</p>")), expected);
    }
    let refresh = "<meta http-equiv=refresh content='0;url=https://x.test'>";
    assert!(matches!(refusal(SourceKind::Html, refresh), ContentError::Attribute { .. }));
}

#[test]
fn trackers_are_refused() {
    for body in [
        "<img src=\"https://x.test/p.gif\">",
        "<img src='//x.test/p.gif'>",
        "<IMG SRC=http://x.test/p.gif>",
        "<img src='h&#116;tp://x.test/p.gif'>",
        "<p style=\"background:url(https://x.test)\">x</p>",
        "<p style=\"background:u\\72l(https://x.test)\">x</p>",
        "<style>@import 'https://x.test';</style>",
        "<style>p{background:URL( 'https://x.test')}</style>",
        "<!--[if mso]><img src=\"https://x.test\"><![endif]-->",
        "<!--[if mso]><style>a{b:url(//x.test)}</style><![endif]-->",
        "<img src=\"data:image/svg+xml,<svg/>\">",
    ] {
        let error = refusal(SourceKind::Html, body);
        let expected = matches!(error, ContentError::Remote | ContentError::Attribute { .. });
        assert!(expected || error == ContentError::UnknownImage, "{body}: {error:?}");
    }
    assert_eq!(refusal(SourceKind::Markdown, "![x](https://x.test/p.gif)"), ContentError::Remote);
    assert_eq!(refusal(SourceKind::Markdown, "![x](nosuch.png)"), ContentError::UnknownImage);
    let mjml = "<mjml><mj-body><mj-section><mj-column><mj-image src=\"https://x.test/a.png\" />\
                </mj-column></mj-section></mj-body></mjml>";
    assert_eq!(refusal(SourceKind::Mjml, mjml), ContentError::Remote);
    let allowed = "<img alt='' src='data:image/png;base64,AA//'><p style='background:url(data:image/png;base64,AA//)'>x</p>";
    assert!(bodies(SourceKind::Html, allowed, &[]).1.contains("src=\"data:image/png;base64,AA//\""));
}

#[test]
fn links_lead_to_people_and_pages_alone() {
    for body in ["[x](javascript:y)", "[x](file:///etc)", "[x](other.md)", "<ftp://x.test>"] {
        assert_eq!(refusal(SourceKind::Markdown, body), ContentError::Link, "{body}");
    }
    for body in ["<a href='javascript:x'>y</a>", "<a href='&#106;avascript:x'>y</a>", "<a href=' x'>y</a>"] {
        assert_eq!(refusal(SourceKind::Html, body), ContentError::Link, "{body}");
    }
    let template = markdown("s", "x\n\n[Answer]({{ link }})");
    let error = seal(&template, &[("link", "javascript:x")]).unwrap_err();
    assert_eq!(error, SealError::NotALink { row: 7, field: "link".into(), line: 6 });
    let link = "https://x.test/s?a=1&b=2";
    let (plain, html) = bodies(SourceKind::Markdown, "[Answer]({{ link }})", &[("link", link)]);
    assert_eq!(plain, format!("Answer <{link}>\n"));
    assert!(html.contains("<a href=\"https://x.test/s?a=1&amp;b=2\">Answer</a>"));
}

#[test]
fn fields_stand_where_text_can() {
    for body in [
        "<p style='color:{{ a }}'>x</p>",
        "<style>p{color:{{ a }}}</style>",
        "<p {{ a }}=x>x</p>",
        "<!--[if mso]>{{ a }}<![endif]-->",
        "<img src='{{ a }}'>",
        "<img src='cid:{{ a }}'>",
    ] {
        assert_eq!(refusal(SourceKind::Html, body), ContentError::FieldPlace, "{body}");
    }
    assert_eq!(refusal(SourceKind::Markdown, "![x]({{ a }})"), ContentError::FieldPlace);
}

#[test]
fn unfinished_html_is_refused() {
    for body in ["<p", "<p title=\"x>y</p>", "<!-- x", "<style>p{}", "<p =x>", "</p"] {
        assert_eq!(refusal(SourceKind::Html, body), ContentError::Html, "{body}");
    }
}

#[test]
fn markdown_reads_well_as_text() {
    let body = "# Title\n\n## Sub\n\nOne paragraph that is long enough to be wrapped at the end of its line, with \
        https://a-very-long-address.example/that/must/not/be/cut/anywhere/at/all/even/if/it/is/longer/than/a/line in it.\n\n\
        1. first\n2. second\n   - inner\n   - other\n3. third\n\n> quoted\n>\n> more\n\n---\n\n```\ncode  here\n```\n\n\
        hard\\\nbreak, <https://x.test>, <team@x.test>, [the team](mailto:team@x.test)\n";
    let (plain, html) = bodies(SourceKind::Markdown, body, &[]);
    let expected = "Title\n=====\n\nSub\n---\n\n\
        One paragraph that is long enough to be wrapped at the end of its line,\nwith\n\
        https://a-very-long-address.example/that/must/not/be/cut/anywhere/at/all/even/if/it/is/longer/than/a/line\n\
        in it.\n\n1. first\n2. second\n   - inner\n   - other\n3. third\n\n> quoted\n>\n> more\n\n----------\n\n\
        code  here\n\nhard\nbreak, https://x.test, team@x.test, the team <team@x.test>\n";
    assert_eq!(plain, expected);
    for part in [
        "<h1>Title</h1>",
        "<ol>\n<li>first</li>",
        "<blockquote>\n<p>quoted</p>",
        "<hr>",
        "<pre><code>code  here\n",
    ] {
        assert!(html.contains(part), "{part}");
    }
}

#[test]
fn html_reads_well_as_text() {
    let body = "<html><head><title>No</title><style>p{color:red}</style></head><body>\n\
        <div style='display: none'>hidden</div><h1>Hello &amp; welcome</h1><!-- note --><p>One\n  two<br>three \
        <a href='https://x.test/?a=1&amp;b'>here</a>.</p><ul><li>a<li>b</ul><ol><li>c</li></ol>\
        <table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table><pre>x\n  y</pre></body></html>";
    let (plain, html) = bodies(SourceKind::Html, body, &[]);
    let expected = "Hello & welcome\n===============\n\nOne two\nthree here <https://x.test/?a=1&b>.\n\n- a\n- b\n\n1. c\n\n\
        1 | 2\n3\n\nx\n  y\n";
    assert_eq!(plain, expected);
    assert!(!html.contains("note") && html.contains("<div style=\"display: none\">hidden</div>"));
}

#[test]
fn mjml_becomes_html() {
    let body = "<mjml><mj-head><mj-preview>Peek</mj-preview></mj-head><mj-body><mj-section><mj-column>\
        <mj-text>Dear {{ a }}, 1 &lt; 2</mj-text><mj-button href=\"{{ link }}\">Answer</mj-button>\
        </mj-column></mj-section></mj-body></mjml>";
    let link = "https://x.test/s/1";
    let (plain, html) = bodies(SourceKind::Mjml, body, &[("a", "<b> & co"), ("link", link)]);
    assert!(
        plain.contains("Dear <b> & co, 1 < 2\n") && plain.contains("Answer <https://x.test/s/1>"),
        "{plain}"
    );
    assert!(
        html.contains("Dear &lt;b&gt; &amp; co, 1 &lt; 2") && html.contains("href=\"https://x.test/s/1\"")
    );
    assert!(!html.contains("fonts.googleapis"));
    assert!(html.contains("<html lang=\"en\" dir=\"ltr\"") && html.contains("<title>Subject</title>"));
    assert_eq!(refusal(SourceKind::Mjml, "<mjml><mj-body><mj-text>"), ContentError::Mjml);
    assert!(matches!(
        try_template(SourceKind::Mjml, "s", "<mjml><mj-body><mj-include path=\"x\" /></mj-body></mjml>"),
        Err(MessageError::Content(_))
    ));
}

#[test]
fn a_test_is_marked_and_its_links_are_dead() {
    let mut identity = identity();
    identity.test = true;
    let link = "https://real.example/s/secret";
    for (kind, body) in [
        (
            SourceKind::Markdown,
            "Go [there]({{ l }}), {{ l }}, https://real.example/x, www.real.example, <mailto:t@real.example>",
        ),
        (SourceKind::Html, "<body><p>Go <a href='{{ l }}'>x</a> {{ l }} http://real.example/</p></body>"),
        (
            SourceKind::Mjml,
            "<mjml><mj-body><mj-section><mj-column><mj-text>{{ l }} <a href=\"HTTPS://real.example\">x</a></mj-text>\
             <mj-button href=\"{{ l }}\">A</mj-button></mj-column></mj-section></mj-body></mjml>",
        ),
    ] {
        let template = try_template(kind, "Your views", body).unwrap();
        let sealed = seal_as(&template, &[("l", link)], &identity).unwrap();
        let part = read(&sealed);
        assert!(sealed.is_test());
        assert_eq!(part.field("Subject"), Some("[TEST] Your views"));
        assert_eq!(part.field("X-Undisclosed-Test"), Some("yes"));
        assert_eq!(part.field("List-Unsubscribe"), Some("<https://test.invalid/unsubscribe>"));
        let (plain, html) = (part.leaf("text/plain").text(), part.leaf("text/html").text());
        assert!(plain.starts_with("This is a test."), "{plain}");
        assert!(html.contains("<p><strong>This is a test."));
        for text in [&plain, &html] {
            assert!(text.contains("https://test.invalid/link"));
            let lower = text.to_lowercase();
            assert!(!lower.contains("://real.example") && !lower.contains("www.real"), "{text}");
        }
    }
    identity.unsubscribe.as_mut().unwrap().https = None;
    let part = read(&seal_as(&markdown("s", "x"), &[], &identity).unwrap());
    assert_eq!(part.field("List-Unsubscribe"), None);
    let real = read(&seal(&markdown("s", "x"), &[]).unwrap());
    assert_eq!(real.field("X-Undisclosed-Test"), None);
}

#[test]
fn the_page_is_readable() {
    let (_, html) = bodies(SourceKind::Markdown, "x", &[]);
    for part in [
        "<!DOCTYPE html>",
        "<html lang=\"en\" dir=\"ltr\">",
        "<title>Subject</title>",
        "charset=\"utf-8\"",
        "width=device-width",
    ] {
        assert!(html.contains(part), "{part}");
    }
}
