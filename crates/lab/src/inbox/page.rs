//! The frame of every page, and the one way in which text gets into it: escaped.

use std::fmt::{self, Display, Write};

/// Text that is escaped when it is written.
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // HTML has no place for controls; a reader sees that something was there.
                c if c.is_control() && !matches!(c, '\n' | '\t' | '\r') => f.write_char('\u{fffd}')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// A whole page. `main` is HTML; it begins with the one h1.
pub(crate) fn page(title: &str, main: &str) -> String {
    format!(
        r##"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Demonstration inbox</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<a class="skip" href="#main">Skip to main content</a>
<header>
<p class="notice"><strong>Demonstration:</strong> nothing here was sent to anybody.</p>
<p class="name"><a href="/">Demonstration inbox</a></p>
</header>
<main id="main" tabindex="-1">
{main}</main>
<footer>
<p>This inbox is on this computer alone. It is gone when the demonstration ends.</p>
</footer>
</body>
</html>
"##,
        title = Text(title)
    )
}

/// A page that says what is wrong.
pub(crate) fn error(what: &str) -> String {
    let main = format!("<h1>{}</h1>\n<p><a href=\"/\">Go to the inbox</a></p>\n", Text(what));
    page(what, &main)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_html_reads_is_escaped() {
        let escaped = Text("<a href=\"x\" id='y'>&\u{0}\u{1b}\n").to_string();
        assert_eq!(escaped, "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;\u{fffd}\u{fffd}\n");
    }

    #[test]
    fn one_heading_and_a_language() {
        let page = error("<b>");
        assert_eq!(page.matches("<h1>").count(), 1);
        assert!(
            page.contains("<html lang=\"en\">")
                && page.contains("<title>&lt;b&gt; – Demonstration inbox</title>")
        );
    }
}
