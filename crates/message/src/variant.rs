//! One language of a template: its merge, its sender, and the layouts that its bodies have taken so far.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use mail::Mailbox;

use crate::error::{ContentError, MessageError, Place, SealError};
use crate::footer::Footer;
use crate::layout::{Filling, Layout};
use crate::limits::{LAYOUT_OCTETS_MAX, LAYOUTS_MAX, PART_OCTETS_MAX};
use crate::merge::{Merge, Row};
use crate::source::{Source, SourceKind};
use crate::{html, markdown, mjml};

/// Stands first in the body of a test.
const TEST_BANNER: &str =
    "This is a test. Its links lead nowhere, and nobody on the list has been written to.";

pub(crate) struct Variant {
    pub(crate) language: String,
    pub(crate) source: Source,
    pub(crate) merge: Merge,
    pub(crate) from: Mailbox,
    pub(crate) reply_to: Option<Mailbox>,
    /// Indices into the template's files, in the order of `names`.
    pub(crate) files: Vec<usize>,
    pub(crate) names: Vec<String>,
    /// A body's layout depends on the person only through the conditions it has: most templates have one.
    layouts: Mutex<HashMap<String, Arc<Layout>>>,
}

/// A message for one person, before it is built.
pub(crate) struct Filled {
    pub(crate) subject: String,
    pub(crate) plain: String,
    pub(crate) html: String,
    /// Indices into the variant's names of what the HTML shows.
    pub(crate) images: Vec<usize>,
}

impl Variant {
    pub(crate) fn new(
        language: String,
        source: Source,
        from: Mailbox,
        reply_to: Option<Mailbox>,
        files: Vec<usize>,
        names: Vec<String>,
    ) -> Result<Self, MessageError> {
        let merge = Merge::new(&source)?;
        let layouts = Mutex::new(HashMap::new());
        let variant = Self { language, source, merge, from, reply_to, files, names, layouts };
        // What no person may get is found before there is one, as far as it does not hide in a condition.
        if let Some(sample) = variant.merge.sample_body() {
            variant.layout(sample.skeleton)?;
        }
        Ok(variant)
    }

    /// What a bystander reads on a lock screen, of the template itself: subject, and the body's beginning.
    pub(crate) fn sample(&self) -> (String, String) {
        let subject = self.merge.sample_subject().unwrap_or_else(|| self.source.subject.clone());
        let body = self.merge.sample_body().and_then(|merged| {
            let layout = self.layout(merged.skeleton).ok()?;
            let values: Vec<&str> = merged.values.iter().map(|v| v.text.as_str()).collect();
            let content_ids = Vec::new();
            let filling = Filling {
                subject: &subject,
                values: &values,
                content_ids: &content_ids,
                banner: None,
                footer: None,
                dead: false,
            };
            // A link made of a field alone does not take the sample; its place in the text does not matter here.
            let plain = layout.plain(&filling).unwrap_or_else(|_| self.source.body.clone());
            Some(format!("{} {plain}", layout.preheader))
        });
        (subject, body.unwrap_or_else(|| self.source.body.clone()))
    }

    /// Subject, plain text and HTML for one person.
    pub(crate) fn fill(
        &self,
        row: &Row<'_>,
        content_ids: &[String],
        test: bool,
    ) -> Result<Filled, SealError> {
        let subject = self.merge.subject(row)?;
        let subject = if test { format!("[TEST] {subject}") } else { subject };
        let merged = self.merge.body(row)?;
        let layout =
            self.layout(merged.skeleton).map_err(|error| SealError::Content { row: row.number, error })?;
        let values: Vec<&str> = merged.values.iter().map(|value| value.text.as_str()).collect();
        let banner = test.then_some(TEST_BANNER);
        // An author who puts the link somewhere else has no need of the footer.
        let footer = row
            .preferences
            .filter(|url| !values.contains(url))
            .map(|url| Footer::new(&self.language, url, test));
        let filling = Filling { subject: &subject, values: &values, content_ids, banner, footer, dead: test };
        let not_a_link = |index: usize| match merged.values.get(index) {
            Some(printed) => {
                let (field, line) = self.merge.where_printed(printed);
                SealError::NotALink { row: row.number, field, line }
            }
            None => SealError::Merge { row: row.number, place: Place::Body, line: self.source.body_line },
        };
        let plain = layout.plain(&filling).map_err(not_a_link)?;
        let mut html = String::with_capacity(plain.len() * 2);
        layout.html(&filling, &mut html).map_err(not_a_link)?;
        if !layout.whole {
            html = markdown::page(&subject, &self.language, &html);
        }
        if plain.len() > PART_OCTETS_MAX || html.len() > PART_OCTETS_MAX {
            return Err(SealError::TooMuch { row: row.number, place: Place::Body });
        }
        Ok(Filled { subject, plain, html, images: layout.images.iter().copied().collect() })
    }

    fn layout(&self, skeleton: String) -> Result<Arc<Layout>, ContentError> {
        if let Some(layout) = self.layouts().get(&skeleton) {
            return Ok(Arc::clone(layout));
        }
        let layout = Arc::new(match self.source.kind {
            SourceKind::Markdown => markdown::lay_out(&skeleton, &self.names)?,
            SourceKind::Html => html::lay_out(&skeleton, &self.names)?,
            SourceKind::Mjml => mjml::lay_out(&skeleton, &self.names, &self.language)?,
        });
        let mut layouts = self.layouts();
        if layouts.len() < LAYOUTS_MAX && skeleton.len() <= LAYOUT_OCTETS_MAX {
            layouts.insert(skeleton, Arc::clone(&layout));
        }
        Ok(layout)
    }

    fn layouts(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Layout>>> {
        // A thread that panicked here left whole entries: the map is as good as before.
        self.layouts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
