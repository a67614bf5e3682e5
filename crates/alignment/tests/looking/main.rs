//! A sender's records, each as it can be found.

mod zone;

use std::net::{IpAddr, Ipv4Addr};

use alignment::{Alignment, Record, Report, Route, Sending, Signing, Standing, What, look};
use proptest::prelude::*;
use zone::Zone;

const KEY: &str = "v=DKIM1; k=rsa; p=MIIBIjANBgkq";
const RELAY: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 5);

fn sending() -> Sending {
    Sending {
        from: "unit.example".to_owned(),
        envelope: "bounces.unit.example".to_owned(),
        signings: vec![Signing {
            domain: "unit.example".to_owned(),
            selector: "s1".to_owned(),
            record: KEY.to_owned(),
        }],
        route: Route::Addresses(vec![IpAddr::V4(RELAY)]),
        bounce_host: Some("console.unit.example".to_owned()),
    }
}

fn good() -> Zone {
    Zone::default()
        .text("bounces.unit.example", "v=spf1 ip4:203.0.113.0/24 -all")
        .text("s1._domainkey.unit.example", "v=DKIM1; k=rsa; p=MIIB IjAN Bgkq")
        .text("_dmarc.unit.example", "v=DMARC1; p=reject")
        .exchange("unit.example", "mx.unit.example")
        .exchange("bounces.unit.example", "console.unit.example")
}

fn by(report: &Report, what: What) -> &Record {
    report.records.iter().find(|record| record.what == what).expect("it was looked up")
}

async fn looked(zone: &Zone) -> Report {
    look(zone, &sending()).await
}

const ALIGNED: Alignment = Alignment::Aligned { by_spf: true, by_dkim: true };

#[tokio::test]
async fn everything_is_published() {
    let report = looked(&good()).await;
    assert!(report.records.iter().all(|record| record.standing == Standing::Right), "{report:#?}");
    assert!(report.records.iter().all(|record| record.publish.is_none()));
    assert_eq!((report.alignment, report.is_lacking()), (ALIGNED, false));
}

#[tokio::test]
async fn nothing_is_published_and_each_record_is_named_with_its_value() {
    let report = looked(&Zone::default()).await;
    let publish: Vec<_> = report
        .records
        .iter()
        .map(|record| (record.kind, record.name.as_str(), record.publish.as_deref().unwrap_or("-")))
        .collect();
    assert_eq!(
        publish,
        [
            ("TXT", "bounces.unit.example", "v=spf1 ip4:203.0.113.5 ~all"),
            ("TXT", "s1._domainkey.unit.example", KEY),
            ("TXT", "_dmarc.unit.example", "v=DMARC1; p=none"),
            ("MX", "unit.example", "-"),
            ("MX", "bounces.unit.example", "10 console.unit.example."),
        ]
    );
    assert!(report.records.iter().all(|record| record.standing == Standing::Missing));
    assert_eq!((report.alignment, report.is_lacking()), (Alignment::NotAligned, true));
}

#[tokio::test]
async fn a_name_server_that_does_not_answer_is_not_a_missing_record() {
    let all = ["bounces.unit.example", "unit.example", "s1._domainkey.unit.example", "_dmarc.unit.example"];
    let zone = all.into_iter().fold(good(), Zone::silent);
    let report = looked(&zone).await;
    assert!(report.records.iter().all(|record| record.standing == Standing::Unknown), "{report:#?}");
    assert!(report.records.iter().all(|record| record.publish.is_none()));
    assert_eq!(report.alignment, Alignment::Unknown);
}

async fn spf(
    texts: &[&str],
    more: impl Fn(Zone) -> Zone,
    route: Route,
) -> (Standing, Option<String>, Alignment) {
    let zone = texts.iter().fold(Zone::default(), |zone, text| zone.text("bounces.unit.example", text));
    let report = look(&more(zone), &Sending { signings: Vec::new(), route, ..sending() }).await;
    let record = by(&report, What::Spf);
    (record.standing, record.publish.clone(), report.alignment)
}

#[tokio::test]
async fn an_spf_record_is_held_against_the_mail_servers_address() {
    let here = || Route::Addresses(vec![IpAddr::V4(RELAY)]);
    let only = Alignment::Aligned { by_spf: true, by_dkim: false };
    let alone = |zone: Zone| zone;
    assert_eq!(spf(&["v=spf1 ip4:203.0.113.5 -all"], alone, here()).await, (Standing::Right, None, only));
    // By names that it leads to.
    let more =
        |zone: Zone| zone.text("mail.example", "v=spf1 a:out.example -all").address("out.example", RELAY);
    assert_eq!(spf(&["v=spf1 include:mail.example -all"], more, here()).await, (Standing::Right, None, only));
    // What others send by stays, and the address goes before the end.
    let other = spf(&["v=spf1 ip4:198.51.100.7 -all"], alone, here()).await;
    let publish = "v=spf1 ip4:198.51.100.7 ip4:203.0.113.5 -all".to_owned();
    assert_eq!(other, (Standing::Wrong, Some(publish), Alignment::Unknown));
    let elsewhere = |zone: Zone| zone.text("mail.example", "v=spf1 -all");
    let redirect = spf(&["v=spf1 redirect=mail.example"], elsewhere, here()).await.1.expect("a record");
    assert_eq!(redirect, "v=spf1 ip4:203.0.113.5 redirect=mail.example");
}

#[tokio::test]
async fn spf_records_that_receivers_take_for_errors() {
    let here = || Route::Addresses(vec![IpAddr::V4(RELAY)]);
    let alone = |zone: Zone| zone;
    let fresh = Some("v=spf1 ip4:203.0.113.5 ~all".to_owned());
    for texts in [
        &["v=spf1 ip4:203.0.113.5 -all", "v=spf1 mx ~all"][..],
        &["v=spf1 ipv4:203.0.113.5 -all:"],
        &["v=spf1 +all"],
        &["v=spf1 all"],
    ] {
        let (standing, publish, alignment) = spf(texts, alone, here()).await;
        assert_eq!((standing, alignment), (Standing::Wrong, Alignment::Unknown), "{texts:?}");
        assert_eq!(publish, fresh, "{texts:?}");
    }
    // More than ten lookups (RFC 7208 §4.6.4).
    let includes: String = (0..11).map(|n| format!(" include:n{n}.example")).collect();
    let more = |zone| (0..11).fold(zone, |zone: Zone, n| zone.text(&format!("n{n}.example"), "v=spf1 ~all"));
    let text = format!("v=spf1{includes} ip4:203.0.113.5 -all");
    assert_eq!(spf(&[&text], more, here()).await.0, Standing::Wrong);
    // A text that only looks like one.
    assert_eq!(spf(&["v=spf10 -all"], alone, here()).await.0, Standing::Missing);
}

#[tokio::test]
async fn a_providers_record_is_included_however_deep() {
    let provider = || Route::Provider("spf.protection.example");
    let alone = |zone: Zone| zone;
    assert_eq!(
        spf(&["v=spf1 include:SPF.protection.example -all"], alone, provider()).await.0,
        Standing::Right
    );
    let deep = |zone: Zone| zone.text("all.example", "v=spf1 include:spf.protection.example -all");
    assert_eq!(spf(&["v=spf1 include:all.example -all"], deep, provider()).await.0, Standing::Right);
    assert_eq!(spf(&["v=spf1 redirect=all.example"], deep, provider()).await.0, Standing::Right);
    let (standing, publish, _) = spf(&["v=spf1 mx -all"], alone, provider()).await;
    assert_eq!(standing, Standing::Wrong);
    assert_eq!(publish.as_deref(), Some("v=spf1 mx include:spf.protection.example -all"));
    // Not permitted by being forbidden.
    assert_eq!(
        spf(&["v=spf1 -include:spf.protection.example ~all"], alone, provider()).await.0,
        Standing::Wrong
    );
    let silent = |zone: Zone| zone.silent("all.example");
    let found = spf(&["v=spf1 include:all.example -all"], silent, provider()).await;
    assert_eq!((found.0, found.2), (Standing::Unknown, Alignment::Unknown));
    // Records that lead to one another end.
    let round = |zone: Zone| zone.text("a.example", "v=spf1 include:bounces.unit.example -all");
    assert_eq!(spf(&["v=spf1 include:a.example -all"], round, provider()).await.0, Standing::Wrong);
}

#[tokio::test]
async fn a_mail_server_whose_address_is_not_known_makes_no_promise() {
    let alone = |zone: Zone| zone;
    let found = spf(&["v=spf1 ip4:203.0.113.5 -all"], alone, Route::Unknown).await;
    assert_eq!(found, (Standing::Remark, None, Alignment::Unknown));
    // What is missing is named all the same, but for the address.
    let report = look(&Zone::default(), &Sending { route: Route::Unknown, ..sending() }).await;
    let record = by(&report, What::Spf);
    assert!(
        record.standing == Standing::Missing && record.said.contains("v=spf1 ip4:ADDRESS ~all"),
        "{record:?}"
    );
}

#[tokio::test]
async fn an_envelope_of_another_organization_does_not_align() {
    let zone = good().text("bounces.mailer.example", "v=spf1 ip4:203.0.113.5 -all");
    let away = Sending { envelope: "bounces.mailer.example".to_owned(), ..sending() };
    let report = look(&zone, &away).await;
    assert_eq!(report.alignment, Alignment::Aligned { by_spf: false, by_dkim: true });
    assert_eq!(by(&report, What::Spf).standing, Standing::Remark);
    // Unless the mail server signs, which nobody sees from here.
    let report = look(&zone, &Sending { signings: Vec::new(), ..away.clone() }).await;
    assert_eq!((report.alignment, by(&report, What::Dkim).standing), (Alignment::Unknown, Standing::Remark));
    let other = Signing { domain: "mailer.example".to_owned(), ..sending().signings[0].clone() };
    let report = look(&zone, &Sending { signings: vec![other], ..away }).await;
    assert_eq!(report.alignment, Alignment::NotAligned);
}

#[tokio::test]
async fn a_strict_policy_wants_the_very_same_domain() {
    let zone = Zone::default()
        .text("bounces.unit.example", "v=spf1 ip4:203.0.113.5 -all")
        .text("_dmarc.unit.example", "v=DMARC1; p=quarantine; aspf=s; adkim=s")
        .text("s1._domainkey.mail.unit.example", KEY);
    let signings = vec![Signing { domain: "mail.unit.example".to_owned(), ..sending().signings[0].clone() }];
    let report = look(&zone, &Sending { signings, ..sending() }).await;
    assert_eq!(report.alignment, Alignment::NotAligned);
    assert_eq!(by(&report, What::Dkim).standing, Standing::Remark);
}

#[tokio::test]
async fn keys_that_verify_nothing() {
    for (text, standing, named) in [
        ("v=DKIM1; k=rsa; p=", Standing::Wrong, true),
        ("v=DKIM1; k=rsa", Standing::Wrong, true),
        ("v=DKIM1; k=rsa; p=AAAA", Standing::Wrong, true),
        ("v=DKIM1; k=ed25519; p=MIIBIjANBgkq", Standing::Wrong, true),
        ("v=DKIM1; h=sha1; p=MIIBIjANBgkq", Standing::Wrong, true),
        ("v=DKIM1; t=y; p=MIIBIjANBgkq", Standing::Remark, false),
        ("p=MIIBIjANBgkq", Standing::Right, false),
    ] {
        let zone = Zone::default().text("s1._domainkey.unit.example", text);
        let report = looked(&zone).await;
        let record = by(&report, What::Dkim);
        assert_eq!((record.standing, record.publish.is_some()), (standing, named), "{text}");
        assert_eq!(record.found, [text]);
    }
    let two = Zone::default()
        .text("s1._domainkey.unit.example", KEY)
        .text("s1._domainkey.unit.example", "v=DKIM1; p=AAAA");
    assert_eq!(by(&looked(&two).await, What::Dkim).standing, Standing::Wrong);
}

#[tokio::test]
async fn a_policy_is_found_where_receivers_look_for_it() {
    let dmarc = |texts: &[(&str, &str)]| {
        texts.iter().fold(Zone::default(), |zone, (name, text)| zone.text(name, text))
    };
    let below = Sending { from: "survey.unit.example".to_owned(), ..sending() };
    let organization = dmarc(&[("_dmarc.unit.example", "v=DMARC1; p=none; sp=reject")]);
    let report = look(&organization, &below).await;
    let found = by(&report, What::Dmarc);
    assert_eq!((found.standing, found.name.as_str()), (Standing::Right, "_dmarc.unit.example"));
    // At the organization itself `sp` says nothing.
    assert_eq!(by(&looked(&organization).await, What::Dmarc).standing, Standing::Remark);
    // Where neither has one, it is best published once for the organization.
    let report = look(&Zone::default(), &below).await;
    assert_eq!(by(&report, What::Dmarc).name, "_dmarc.unit.example");
    for text in ["v=DMARC1; p=all", "v=DMARC1"] {
        let report = looked(&dmarc(&[("_dmarc.unit.example", text)])).await;
        assert_eq!(by(&report, What::Dmarc).standing, Standing::Wrong, "{text}");
    }
    let two =
        dmarc(&[("_dmarc.unit.example", "v=DMARC1; p=none"), ("_dmarc.unit.example", "v=DMARC1; p=reject")]);
    assert_eq!(by(&looked(&two).await, What::Dmarc).standing, Standing::Wrong);
}

#[tokio::test]
async fn a_domain_that_takes_no_mail_is_said_to() {
    let refusing = looked(&good().takes_no_mail("unit.example")).await;
    assert_eq!(by(&refusing, What::Replies).standing, Standing::Wrong);
    let zone =
        Zone::default().address("unit.example", RELAY).exchange("bounces.unit.example", "other.example");
    let report = looked(&zone).await;
    assert_eq!(by(&report, What::Replies).standing, Standing::Remark);
    assert_eq!(by(&report, What::Bounces).standing, Standing::Remark);
}

#[tokio::test]
async fn what_strangers_publish_is_bounded() {
    let long = format!("v=spf1 {}", "é".repeat(alignment::FOUND_OCTETS_MAX));
    let zone = (0..50).fold(Zone::default(), |zone, _| zone.text("bounces.unit.example", &long));
    let report = looked(&zone).await;
    let found = &by(&report, What::Spf).found;
    assert_eq!(found.len(), alignment::FOUND_MAX);
    assert!(found.iter().all(|text| text.len() <= alignment::FOUND_OCTETS_MAX));
}

proptest! {
    /// Whatever is published, there is an answer, and a record that is named for publishing is one that is right.
    #[test]
    fn what_is_named_for_publishing_is_right(
        texts in proptest::collection::vec("(v=spf1)?( [+~?-]?(mx|a|all|ip4:198\\.51\\.100\\.[0-9]|include:x\\.example|redirect=x\\.example|[ -~]{0,12})){0,5}", 0..3),
        key in "[ -~]{0,60}",
        policy in "(v=DMARC1)?[ -~]{0,60}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let zone = texts.iter().fold(Zone::default(), |zone, text| zone.text("bounces.unit.example", text));
        let zone = zone.text("s1._domainkey.unit.example", &key).text("_dmarc.unit.example", &policy);
        let report = runtime.block_on(looked(&zone));
        let Some(publish) = by(&report, What::Spf).publish.clone() else { return Ok(()) };
        let mended = Zone::default()
            .text("bounces.unit.example", &publish)
            .text("x.example", "v=spf1 -all");
        let report = runtime.block_on(looked(&mended));
        let record = by(&report, What::Spf);
        // One whose other words receivers stumble over is not repaired by one more: it is named once they are away.
        let is_broken = record.said.starts_with("Receivers take it for an error");
        prop_assert!(record.standing == Standing::Right || is_broken, "{publish}: {record:?}");
    }
}
