//! What the pages say, in which language, and what they keep to themselves.

use axum::http::{Method, StatusCode};
use jiff::SignedDuration;
use web::{RECEIPT_LIFE, Wish};

use crate::site::{Site, TOKEN, WELSH, request};

const CHOICES: [(&str, Wish); 6] = [
    ("stop", Wish::Stop),
    ("again", Wish::Again),
    ("unsafe", Wish::Unsafe),
    ("telephone", Wish::Telephone),
    ("access", Wish::Access),
    ("erasure", Wish::Erasure),
];

#[tokio::test]
async fn each_choice_is_explained_then_confirmed_then_done() {
    for (word, wish) in CHOICES {
        let site = Site::new();
        let path = format!("/preferences/{TOKEN}");
        let first = site.get(&path).await;
        first.says(&format!("value=\"{word}\""));
        let explained = site.post(&path, &format!("choice={word}")).await;
        assert_eq!((explained.status, site.wishes().len()), (StatusCode::OK, 0), "{word}");
        explained.says(&format!("<input type=\"hidden\" name=\"confirm\" value=\"{word}\">"));
        let done = site.post(&path, &format!("confirm={word}")).await;
        assert_eq!((done.status, site.wishes()), (StatusCode::SEE_OTHER, vec![(0, wish)]));
        assert!(done.to().starts_with(&format!("{path}?r=")), "{}", done.to());
        assert!(!done.to().contains(word), "the history does not tell");
        let page = site.get(done.to()).await;
        page.says("Saved");
        // Whoever opens it later finds the first page, as it always was.
        site.pass(RECEIPT_LIFE * 2);
        let later = site.get(done.to()).await;
        assert_eq!(later.body, first.body, "{word}");
    }
}

#[tokio::test]
async fn that_it_is_not_safe_is_not_said_even_for_a_moment() {
    let site = Site::new();
    let done = site.post(&format!("/preferences/{TOKEN}"), "confirm=unsafe").await;
    let page = site.get(done.to()).await;
    assert!(!page.body.to_lowercase().contains("safe") && !page.body.contains("address"), "{}", page.body);
}

#[tokio::test]
async fn a_receipt_is_of_one_link_and_is_good_for_some_minutes() {
    let site = Site::new();
    let done = site.post(&format!("/preferences/{TOKEN}"), "confirm=access").await;
    site.pass(RECEIPT_LIFE - SignedDuration::from_secs(1));
    site.get(done.to()).await.says("Saved");
    let receipt = done.to().split_once("?r=").expect("a receipt").1;
    site.get(&format!("/preferences/{WELSH}?lang=en&r={receipt}")).await.says("What we send you");
    for forged in ["", "aaaa", &receipt[1..], "%ff"] {
        site.get(&format!("/preferences/{TOKEN}?r={forged}")).await.says("What we send you");
    }
}

#[tokio::test]
async fn the_page_speaks_the_persons_language_or_the_one_it_is_switched_to() {
    let site = Site::new();
    let path = format!("/preferences/{WELSH}");
    let welsh = site.get(&path).await;
    welsh.says("<html lang=\"cy\"");
    welsh.says("Yr hyn rydym yn ei anfon atoch");
    welsh.says("cyfieithydd");
    welsh.says(&format!("href=\"{path}?lang=en\" lang=\"en\""));
    let english = site.get(&format!("{path}?lang=en")).await;
    english.says("<html lang=\"en\"");
    english.says(&format!("action=\"{path}?lang=en\""));
    let done = site.post(&format!("{path}?lang=en"), "confirm=stop").await;
    assert!(done.to().ends_with("&lang=en"), "{}", done.to());
    let asked =
        request(Method::GET, &format!("/preferences/{TOKEN}"), &[("accept-language", "cy,en;q=0.5")], "");
    site.send(asked).await.says("<html lang=\"cy\"");
    site.get(&format!("/preferences/{TOKEN}?lang=%3Cscript%3E")).await.says("<html lang=\"en\"");
}

#[tokio::test]
async fn a_language_is_one_of_the_message_that_the_pages_know() {
    let site = Site::new();
    let path = format!("/preferences/{WELSH}?lang=en");
    let asked = site.post(&path, "choice=language").await;
    asked.says("value=\"cy\"");
    assert!(!asked.body.contains("value=\"fr\""));
    for wrong in ["confirm=language", "confirm=language&language=fr", "confirm=language&language=%00"] {
        let again = site.post(&path, wrong).await;
        again.says("<title>Error:");
        again.says("href=\"#language\"");
    }
    assert_eq!(site.wishes(), []);
    assert_eq!(site.post(&path, "confirm=language&language=cy").await.status, StatusCode::SEE_OTHER);
    assert_eq!(site.wishes(), [(1, Wish::Language("cy".to_owned()))]);
    let one = site.post(&format!("/preferences/{TOKEN}"), "choice=language").await;
    one.says("one language only");
    assert!(!one.body.contains("<form"));
}
