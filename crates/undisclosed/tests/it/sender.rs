//! What a sender's domain must publish is named with its value; published so, it is right.

use std::net::Ipv4Addr;

use serde_json::Value;
use testkit::{NameServer, Zone};

use crate::bench::Bench;

/// RFC 8463 appendix A.1: a key that everybody knows, for tests alone.
const SEED: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
const RELAY: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 5);

fn bench(names: &NameServer) -> Bench {
    let bench = Bench::new()
        .with("UNDISCLOSED_DNS__RESOLVER", &names.address().to_string())
        .with("UNDISCLOSED_SENDER__FROM", "Survey team <survey@unit.example>")
        .with("UNDISCLOSED_BOUNCE__DOMAIN", "bounces.unit.example")
        .with("UNDISCLOSED_BOUNCE__LISTEN", "127.0.0.1:0")
        .with("UNDISCLOSED_RELAY__EHLO_NAME", "console.unit.example")
        .with("UNDISCLOSED_RELAY__URL", "smtp://relay.unit.example:25")
        .with("UNDISCLOSED_DKIM__1__DOMAIN", "unit.example")
        .with("UNDISCLOSED_DKIM__1__SELECTOR", "s1")
        .with("UNDISCLOSED_DKIM__1__KEY_FILE", "dkim.key");
    bench.write("dkim.key", SEED);
    bench
}

fn standings(found: &Value) -> Vec<(&str, &str)> {
    let text = |record: &'_ Value, field: &str| record[field].as_str().expect("a text").to_owned();
    let records = found["records"].as_array().expect("records");
    assert!(records.iter().all(|record| !text(record, "said").is_empty()));
    let pairs = records.iter().map(|record| (record["what"].as_str(), record["standing"].as_str()));
    pairs.map(|(what, standing)| (what.expect("what"), standing.expect("how"))).collect()
}

fn relay() -> Zone {
    Zone::default().address("relay.unit.example", RELAY).exchange("unit.example", "mx.unit.example")
}

#[test]
fn what_is_missing_is_named_and_published_so_it_is_right() {
    let names = NameServer::start(relay());
    let found = bench(&names).run(&["check-sender", "--json"]).exits(3).json();
    let all = ["spf", "dkim", "dmarc", "bounces"].map(|what| (what, "missing"));
    assert_eq!(standings(&found), [all[0], all[1], all[2], ("replies", "right"), all[3]]);
    assert_eq!(found["aligned"], false);
    // Exactly what it says, by whoever keeps the names.
    let records = found["records"].as_array().expect("records");
    let missing = records.iter().filter(|record| record["publish"].is_string());
    let zone = missing.fold(relay(), |zone, record| {
        let (name, value) =
            (record["name"].as_str().expect("a name"), record["publish"].as_str().expect("a value"));
        match record["type"].as_str() {
            Some("TXT") => zone.text(name, value),
            _ => zone.exchange(name, value.split_once(' ').expect("a preference and a host").1),
        }
    });
    let names = NameServer::start(zone);
    let bench = bench(&names);
    let found = bench.run(&["check-sender", "--json"]).exits(0).json();
    let right = ["spf", "dkim"].map(|what| (what, "right"));
    assert_eq!(
        standings(&found),
        [right[0], right[1], ("dmarc", "remark"), ("replies", "right"), ("bounces", "right")]
    );
    assert_eq!((&found["by_spf"], &found["by_dkim"]), (&Value::Bool(true), &Value::Bool(true)));
    // In words, and for another domain.
    let words = bench.run(&["check-sender", "unit.example"]).exits(0).out;
    assert!(words.contains("by address and by signature"), "{words}");
    let other = bench.run(&["check-sender", "survey@other.example"]).exits(3).out;
    assert!(other.contains("Publish at _dmarc.other.example, as TXT:\nv=DMARC1; p=none"), "{other}");
}

#[test]
fn a_provider_is_known_by_the_name_that_it_publishes() {
    let names = NameServer::start(relay().text("bounces.unit.example", "v=spf1 ip4:203.0.113.5 -all"));
    let bench = bench(&names).with("UNDISCLOSED_RELAY__KIND", "microsoft365");
    let found = bench.run(&["check-sender", "--json"]).exits(3).json();
    let spf = &found["records"][0];
    assert_eq!(spf["publish"], "v=spf1 ip4:203.0.113.5 include:spf.protection.outlook.com -all");
}

#[test]
fn a_name_server_that_is_away_is_not_a_domain_without_records() {
    let names = NameServer::start(Zone::default());
    // Where nothing listens: a port that was given back could be anybody's a moment later.
    let bench = bench(&names).with("UNDISCLOSED_DNS__RESOLVER", "127.0.0.9:1");
    let found = bench.run(&["check-sender", "--json"]).exits(3).json();
    assert!(standings(&found).iter().all(|(_, standing)| *standing == "unknown"), "{found}");
    assert!(found["aligned"].is_null());
}

#[test]
fn nobody_is_asked_where_nobody_may_be() {
    let names = NameServer::start(Zone::default());
    let bench = bench(&names);
    let wrong = bench.run(&["check-sender", "not a domain", "--json"]).exits(2).json();
    assert_eq!(wrong["error"]["code"], "domain");
    let bench = bench.with("UNDISCLOSED_DNS__RESOLVER", "none");
    assert_eq!(bench.run(&["check-sender", "--json"]).exits(2).json()["error"]["code"], "dns");
    let bench = bench.with("UNDISCLOSED_DNS__RESOLVER", "nowhere");
    assert_eq!(bench.run(&["check-sender", "--json"]).exits(2).json()["error"]["code"], "settings");
}

#[test]
fn backups_that_lie_in_one_another_are_refused() {
    let names = NameServer::start(Zone::default());
    let bench = bench(&names)
        .with("UNDISCLOSED_BACKUP__FOLDER", "/backup")
        .with("UNDISCLOSED_BACKUP__KEYS_FOLDER", "/backup/keys");
    assert_eq!(bench.run(&["status", "--json"]).exits(2).json()["error"]["code"], "settings");
}
