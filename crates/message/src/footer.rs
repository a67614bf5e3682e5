//! The last lines of a message: where its person chooses what they get. Neutral words, for somebody else may read them.

use crate::layout::push_escaped;
use crate::link::DEAD_LINK;

/// By primary subtag; the first is for every other language. The Welsh was not reviewed by a translator yet.
const WORDS: [(&str, &str); 2] =
    [("en", "Change what you get from us, or stop it"), ("cy", "Newid yr hyn a gewch gennym, neu ei atal")];

/// A footer in one language, with one person's link.
#[derive(Clone, Copy)]
pub(crate) struct Footer<'a> {
    language: &'static str,
    words: &'static str,
    url: &'a str,
}

impl<'a> Footer<'a> {
    /// In the language of the message, or in English where there are no words in that.
    pub(crate) fn new(language: &str, url: &'a str, dead: bool) -> Self {
        let primary = language.split('-').next().unwrap_or_default();
        let known = WORDS.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(primary));
        let (language, words) = known.unwrap_or(&WORDS[0]);
        Self { language, words, url: if dead { DEAD_LINK } else { url } }
    }

    pub(crate) fn plain(&self, out: &mut String) {
        out.push_str("\n----------\n");
        out.push_str(self.words);
        out.push_str(":\n");
        out.push_str(self.url);
        out.push('\n');
    }

    pub(crate) fn html(&self, out: &mut String) {
        out.push_str("<hr>\n<p lang=\"");
        out.push_str(self.language);
        out.push_str("\"><a href=\"");
        push_escaped(out, self.url, "");
        out.push_str("\">");
        push_escaped(out, self.words, " ");
        out.push_str("</a></p>\n");
    }
}
