//! The program behind the console, for writers: what it finds is said by the test, and whatever it shows is hostile.

use std::sync::Mutex;

use message::Composition;
use store::{Campaign, Draft, DraftFile, DraftVersion};
use web::{Answer, Check, Checking, Checklist, DeskError, Drafting, Fault, Rendered, Standing};

use crate::site::{HOSTILE, PEOPLE, fine};

/// One person's message.
pub(crate) fn hostile_message(place: u64) -> Result<Rendered, DeskError> {
    let hostile = || HOSTILE.to_owned();
    let found = (1..=PEOPLE.into()).contains(&place).then(|| Rendered {
        row: place + 1,
        language: hostile(),
        fell_back: true,
        sender: hostile(),
        headers: hostile(),
        subject: hostile(),
        text: hostile(),
        html: hostile(),
    });
    found.ok_or_else(|| DeskError("nobody has this place.".to_owned()))
}

/// Says what the test tells it to.
#[derive(Default)]
pub(crate) struct TestDrafting {
    pub(crate) fault: Mutex<Option<Fault>>,
    /// What was found, of which version.
    pub(crate) checked: Mutex<Option<(u64, Checklist)>>,
    /// What it was asked to do.
    pub(crate) asked: Mutex<Vec<String>>,
}

impl TestDrafting {
    fn ask(&self, what: String) {
        fine(self.asked.lock()).push(what);
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        fine(self.asked.lock()).clone()
    }

    /// Something was found in that version, by these standings.
    pub(crate) fn find(&self, version: u64, standings: &[(Standing, Option<&'static str>)]) {
        let check = |(standing, word): &(Standing, Option<&'static str>)| Check {
            standing: *standing,
            title: "Something",
            findings: vec![HOSTILE.to_owned()],
            word: *word,
        };
        let list = Checklist {
            checks: standings.iter().map(check).collect(),
            written_to: 3,
            people: PEOPLE.into(),
            at: jiff::Timestamp::UNIX_EPOCH,
        };
        *fine(self.checked.lock()) = Some((version, list));
    }
}

impl Drafting for TestDrafting {
    fn fault<'a>(&'a self, _: &'a Draft) -> Answer<'a, Option<Fault>> {
        Box::pin(async move { Ok(fine(self.fault.lock()).clone()) })
    }

    fn preview<'a>(&'a self, _: &'a Draft, place: u64) -> Answer<'a, Rendered> {
        Box::pin(async move { hostile_message(place) })
    }

    fn live<'a>(&'a self, _: &'a Draft, form: &'a Composition, place: u64) -> Answer<'a, Rendered> {
        Box::pin(async move {
            let text = form.texts.first().map(|text| text.body.clone()).unwrap_or_default();
            Ok(Rendered { text, ..hostile_message(place)? })
        })
    }

    fn check<'a>(&'a self, draft: &'a Draft) -> Answer<'a, ()> {
        Box::pin(async move {
            self.ask(format!("check version {}", draft.at.version));
            Ok(())
        })
    }

    fn checking(&self, at: DraftVersion) -> Answer<'_, Checking> {
        Box::pin(async move {
            Ok(match &*fine(self.checked.lock()) {
                Some((version, list)) if *version == at.version => Checking::Checked(Box::new(list.clone())),
                _ => Checking::NotYet,
            })
        })
    }

    fn test<'a>(&'a self, _: &'a Draft, to: &'a str, by: &'a str) -> Answer<'a, String> {
        Box::pin(async move {
            self.ask(format!("test to {to} by {by}"));
            Ok(format!("250 {HOSTILE}"))
        })
    }

    fn submit<'a>(&'a self, draft: &'a Draft, accepted: Vec<String>, by: &'a str) -> Answer<'a, ()> {
        Box::pin(async move {
            self.ask(format!("submit version {} by {by}, accepted {accepted:?}", draft.at.version));
            Ok(())
        })
    }

    fn written<'a>(&'a self, _: &'a Campaign) -> Answer<'a, (Composition, Vec<DraftFile>)> {
        let mut content = Composition::empty();
        content.texts[0].subject = HOSTILE.to_owned();
        Box::pin(async move { Ok((content, Vec::new())) })
    }

    fn remark<'a>(&'a self, _: &'a Campaign) -> Answer<'a, Option<String>> {
        Box::pin(async move { Ok(Some(HOSTILE.to_owned())) })
    }

    fn test_domains(&self) -> Vec<String> {
        vec!["staff.example".to_owned()]
    }

    fn time_zone(&self) -> String {
        "Europe/London".to_owned()
    }

    fn default_sender(&self) -> Option<String> {
        Some(HOSTILE.to_owned())
    }
}
