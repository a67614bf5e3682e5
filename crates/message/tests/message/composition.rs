//! Messages written in a form: what is wrong names its field, and what is stored comes back to the form as it was.

use mail::Mailbox;
use message::{
    Attachment, ComposedField as Field, ComposedText, Composition, MessageError, Settings, SourceKind,
    Template,
};
use proptest::prelude::*;

fn text(language: &str, subject: &str, body: &str) -> ComposedText {
    ComposedText {
        language: language.to_owned(),
        kind: SourceKind::Markdown,
        subject: subject.to_owned(),
        body: body.to_owned(),
    }
}

fn composed() -> Composition {
    Composition {
        from: "\"Survey team\" <survey@unit.example>".to_owned(),
        reply_to: "answers@unit.example".to_owned(),
        contacts: vec!["dpo@unit.example".to_owned()],
        texts: vec![
            text("en", "A \"short\" survey: five questions", "Dear {{ first_name }},\n\nplease answer."),
            text("cy", "Arolwg byr", "Annwyl {{ first_name }},\n\natebwch."),
        ],
        attachments: vec!["leaflet.pdf".to_owned()],
    }
}

fn leaflet() -> Vec<Attachment> {
    vec![Attachment::new("leaflet.pdf", "application/pdf", b"%PDF-1.4".to_vec()).expect("an attachment")]
}

fn template(composition: &Composition) -> Template {
    composition.template(Settings::default(), leaflet()).expect("a template")
}

/// Where it goes wrong, and by what.
fn wrong(composition: &Composition) -> (usize, Field, MessageError) {
    let error = composition.template(Settings::default(), leaflet()).expect_err("it is wrong");
    (error.text, error.field, error.error)
}

#[test]
fn a_form_becomes_a_message_and_comes_back() {
    let template = template(&composed());
    assert_eq!(
        template.subjects().collect::<Vec<_>>(),
        [("en", "A \"short\" survey: five questions"), ("cy", "Arolwg byr")]
    );
    assert_eq!(template.from().name(), Some("Survey team"));
    assert_eq!(template.public_addresses().len(), 3);
    assert_eq!(Composition::of(&template), composed());
    // As it is stored with a campaign, too.
    let stored = Template::from_bundle(template.to_bundle()).expect("a template");
    assert_eq!(Composition::of(&stored), composed());
    assert_eq!(stored.digest(), template.digest());
}

#[test]
fn what_is_wrong_names_its_field() {
    let change = |change: &dyn Fn(&mut Composition)| {
        let mut composition = composed();
        change(&mut composition);
        let (text, field, _) = wrong(&composition);
        (text, field)
    };
    assert_eq!(change(&|c| c.from = "nobody".to_owned()), (0, Field::From));
    assert_eq!(change(&|c| c.from.clear()), (0, Field::From), "no default either");
    assert_eq!(change(&|c| c.reply_to = "a@b@c".to_owned()), (0, Field::ReplyTo));
    assert_eq!(change(&|c| c.contacts.push("x".to_owned())), (0, Field::Contacts));
    assert_eq!(change(&|c| c.contacts = vec!["a@unit.example".to_owned(); 51]), (0, Field::Contacts));
    assert_eq!(change(&|c| c.texts[0].subject = "  ".to_owned()), (0, Field::Subject));
    assert_eq!(change(&|c| c.texts[1].subject = "a\u{7}".to_owned()), (1, Field::Subject));
    assert_eq!(change(&|c| c.texts[0].subject = "{{ x".to_owned()), (0, Field::Subject));
    assert_eq!(change(&|c| c.texts[0].language = "not a tag".to_owned()), (0, Field::Language));
    assert_eq!(change(&|c| c.texts[1].language = "EN".to_owned()), (1, Field::Language));
    assert_eq!(change(&|c| c.texts[1].body = "<b>".to_owned()), (1, Field::Body));
    assert_eq!(change(&|c| c.attachments.clear()), (0, Field::Attachments));
    assert_eq!(change(&|c| c.attachments.push("other.pdf".to_owned())), (0, Field::Attachments));
}

#[test]
fn lines_count_from_the_beginning_of_the_text() {
    let mut composition = composed();
    composition.texts[1].body = "one\r\ntwo\r\n{{ three".to_owned();
    let (text, field, error) = wrong(&composition);
    assert_eq!((text, field), (1, Field::Body));
    assert!(matches!(error, MessageError::Syntax { line: 3, .. }), "{error:?}");
    composition.texts[1].body = "one\ntwo\u{1}".to_owned();
    assert!(matches!(wrong(&composition).2, MessageError::Character { line: 2 }));
}

#[test]
fn nothing_typed_into_a_field_becomes_another_one() {
    let mut composition = composed();
    composition.texts[0].subject = "x\", from: \"a@evil.example".to_owned();
    composition.texts[0].body = "---\nfrom: a@evil.example\n---\n# {{ first_name }}\n".to_owned();
    let template = template(&composition);
    assert_eq!(template.from().address().expose(), "survey@unit.example");
    assert_eq!(Composition::of(&template), composition);
}

#[test]
fn a_sender_of_the_settings_stays_out_of_the_form() {
    let mut composition = composed();
    composition.from.clear();
    let default = Mailbox::parse("unit@unit.example").expect("a mailbox");
    let settings = Settings { default_from: Some(default), ..Settings::default() };
    let template = composition.template(settings, leaflet()).expect("a template");
    assert_eq!(template.from().address().expose(), "unit@unit.example");
    assert_eq!(Composition::of(&template).from, "");
}

proptest! {
    #[test]
    fn whatever_is_typed_is_kept_or_refused(subject in "\\PC{0,40}", body in "[^\\x00]{0,200}", from in "\\PC{0,30}") {
        let mut composition = composed();
        composition.texts[0].subject = subject.clone();
        composition.texts[0].body = body.clone();
        composition.from = format!("\"{}\" <survey@unit.example>", from.replace(['\\', '"'], ""));
        if let Ok(template) = composition.template(Settings::default(), leaflet()) {
            prop_assert_eq!(template.from().address().expose(), "survey@unit.example");
            let back = Composition::of(&template);
            prop_assert_eq!(&back.texts[0].subject, subject.trim());
            prop_assert_eq!(&back.texts[0].body, &body.replace("\r\n", "\n"));
            prop_assert_eq!(&back.texts[1], &composition.texts[1]);
        }
    }
}
