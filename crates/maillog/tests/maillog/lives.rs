//! Queue ids that come again, and messages that come again.

use maillog::Fate;

use crate::{delivered, found, lines, log, log_from};

const OURS: &str = "ours@unit.example.test";
const ID: &str = "5A2B3C4D5E6";

fn text(parts: &[&[&str]]) -> String {
    log(&parts.concat())
}

const LOST: [&str; 3] = [
    "postfix/smtpd[11]: 5A2B3C4D5E6: client=localhost[127.0.0.1]",
    "postfix/cleanup[12]: 5A2B3C4D5E6: message-id=<ours@unit.example.test>",
    "postfix/smtpd[11]: lost connection after DATA (98 bytes) from localhost[127.0.0.1]",
];

#[test]
fn a_queue_id_used_again_by_a_stranger_is_not_ours() {
    let stranger = delivered(ID, "stranger@elsewhere.example.test");
    let stranger = lines(&stranger);
    let findings = found(&[&text(&[&LOST, &stranger])], &[OURS]);
    let finding = findings.get(OURS).unwrap();
    assert_eq!((finding.accepted, finding.refused, finding.open), (0, 1, 0));
    // Without its `client=` line (a bounce has none), the next Message-ID ends our life.
    let findings = found(&[&text(&[&LOST, &stranger[1..]])], &[OURS]);
    assert_eq!(findings.get(OURS).unwrap().accepted, 0);
    // A message without one is logged with an empty one.
    let nameless = [stranger[1].replace("stranger@elsewhere.example.test", "")];
    let findings = found(&[&text(&[&LOST, &lines(&nameless), &stranger[2..]])], &[OURS]);
    assert_eq!(findings.get(OURS).unwrap().accepted, 0);
    // What the stranger's message met before us is not ours either.
    let refused = ["postfix/smtpd[11]: 5A2B3C4D5E6: reject: END-OF-MESSAGE from x[1]: 554 5.7.1 no"];
    let findings = found(&[&text(&[&refused, &LOST[..2]])], &[OURS]);
    assert_eq!((findings.get(OURS).unwrap().refused, findings.get(OURS).unwrap().open), (0, 1));
}

#[test]
fn after_removed_a_queue_id_is_nobodys() {
    let ours = delivered(ID, OURS);
    let late = format!(
        "postfix/smtp[14]: {ID}: to=<a@b>, relay=none, delay=1, delays=1/0/0/0, dsn=5.0.0, status=bounced (x)"
    );
    let findings = found(&[&text(&[&lines(&ours), &[&late]])], &[OURS]);
    assert_eq!(findings.get(OURS).unwrap().last.unwrap().fate, Fate::Sent);
}

#[test]
fn sent_twice_is_told() {
    let (first, second) = (delivered("4A2B3C4D5E6", OURS), delivered("5A2B3C4D5E6", OURS));
    let finding = |parts: &[&[&str]]| found(&[&text(parts)], &[OURS]).get(OURS).unwrap().clone();
    assert_eq!(finding(&[&lines(&first), &lines(&second)]).accepted, 2);
    // Under the same queue id too, once that is free.
    assert_eq!(finding(&[&lines(&first), &lines(&first)]).accepted, 2);
    // Refused once, then taken: once.
    let both = finding(&[&LOST, &lines(&first)]);
    assert_eq!((both.accepted, both.refused), (1, 1));
}

#[test]
fn through_a_content_filter_is_once() {
    let mut all = delivered("4A2B3C4D5E6", OURS);
    let filtered = "dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 5A2B3C4D5E6)";
    all[3] = all[3].replace("dsn=2.0.0, status=sent (250 2.0.0 Ok)", filtered);
    let after = delivered("5A2B3C4D5E6", OURS);
    // The filter hands it on before it answers.
    let order = [&lines(&all)[..3], &lines(&after)[..], &lines(&all)[3..]].concat();
    let finding = found(&[&log(&order)], &[OURS]).get(OURS).unwrap().clone();
    assert_eq!((finding.accepted, finding.continued), (1, 1));
    // A filter that names a life of which there is nothing in the log.
    let finding = found(&[&log(&lines(&all))], &[OURS]).get(OURS).unwrap().clone();
    assert_eq!((finding.accepted, finding.continued), (1, 0));
}

#[test]
fn lives_that_name_one_another_stay_taken() {
    let other = |id: &str, next: &str| {
        let mut all = delivered(id, OURS);
        all[3] = all[3].replace("(250 2.0.0 Ok)", &format!("(250 2.0.0 Ok: queued as {next})"));
        all
    };
    let (first, second) = (other("4A2B3C4D5E6", "5A2B3C4D5E6"), other("5A2B3C4D5E6", "4A2B3C4D5E6"));
    let finding = found(&[&text(&[&lines(&first), &lines(&second)])], &[OURS]).get(OURS).unwrap().clone();
    assert_eq!(finding.accepted, 1);
}

#[test]
fn a_life_over_two_files() {
    let ours = delivered(ID, OURS);
    for cut in 1..ours.len() {
        let (before, after) = ours.split_at(cut);
        let (before, after) = (log_from(0, &lines(before)), log_from(90, &lines(after)));
        for files in [[&before, &after], [&after, &before]] {
            let findings = found(&[files[0], files[1]], &[OURS]);
            let finding = findings.get(OURS).unwrap();
            // Only a Message-ID joins a queue id to a message.
            assert_eq!(
                (finding.accepted, finding.last.map(|last| last.fate)),
                (1, Some(Fate::Sent)).clone(),
                "{cut}"
            );
        }
    }
}

#[test]
fn a_second_copy_of_an_old_file_changes_nothing() {
    // The stranger's lines, read again after our life has begun, are older than it.
    let stranger = log_from(0, &lines(&delivered(ID, "stranger@elsewhere.example.test")));
    let all = format!("{stranger}{}", log_from(60, &LOST[..2]));
    let copy = log_from(2, &lines(&delivered(ID, "stranger@elsewhere.example.test"))[2..]);
    let finding = found(&[&all, &copy], &[OURS]).get(OURS).unwrap().clone();
    assert_eq!((finding.accepted, finding.open), (0, 1));
}

#[test]
fn without_process_ids_and_under_other_names() {
    let text = log(&lines(&delivered(ID, OURS)));
    for name in ["postfix-out/", "postfix/relay/", "mx/"] {
        let renamed = text.replace(" postfix/", &format!(" {name}"));
        assert_eq!(found(&[&renamed], &[OURS]).get(OURS).unwrap().accepted, 1, "{name}");
    }
    let mut bare = text;
    for pid in 11..=14 {
        bare = bare.replace(&format!("[{pid}]: "), ": ");
    }
    assert_eq!(found(&[&bare], &[OURS]).get(OURS).unwrap().accepted, 1);
    // A lost connection can then not be joined to a message, which stays undecided.
    let lost = log(&LOST).replace("[11]: ", ": ");
    assert_eq!(found(&[&lost], &[OURS]).get(OURS).unwrap().open, 1);
}

#[test]
fn the_sessions_of_two_hosts_are_two() {
    let mut text = log(&LOST[..2]);
    text.push_str(&log_from(2, &LOST[2..]).replace(" relay ", " elsewhere "));
    assert_eq!(found(&[&text], &[OURS]).get(OURS).unwrap().open, 1);
}

#[test]
fn any_line_about_a_delivery_is_acceptance() {
    for line in [
        "postfix/qmgr[13]: 5A2B3C4D5E6: from=<survey@unit.example.test>, size=314, nrcpt=1 (queue active)",
        "postfix/qmgr[13]: 5A2B3C4D5E6: from=<survey@unit.example.test>, status=expired, returned to sender",
        "postfix/qmgr[13]: 5A2B3C4D5E6: removed",
        "postfix/qmgr[13]: 5A2B3C4D5E6: to=<a@b>, relay=none, delay=1, delays=1/0/0/0, dsn=4.3.0, status=deferred (x)",
        "postfix/lmtp[13]: 5A2B3C4D5E6: to=<a@b>, orig_to=<c@d>, relay=/run/lmtp, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (x)",
        "postfix/local[13]: 5A2B3C4D5E6: to=<a@b>, relay=local, conn_use=2, delay=1, delays=1/0/0/0, dsn=5.0.0, status=SOFTBOUNCE (x)",
        "postfix/pipe[13]: 5A2B3C4D5E6: to=<a@b>, status=unheard-of",
    ] {
        let finding = found(&[&text(&[&LOST[..2], &[line]])], &[OURS]).get(OURS).unwrap().clone();
        assert_eq!((finding.accepted, finding.open), (1, 0), "{line}");
    }
    for line in [
        "postfix/cleanup[13]: 5A2B3C4D5E6: from=<survey@unit.example.test>, size=314, nrcpt=1 (queue active)",
        "postfix/smtpd[13]: 5A2B3C4D5E6: removed",
        "postfix/qmgr[13]: 5A2B3C4D5E7: removed",
        "postfix/qmgr[13]: 5A2B3C4D5E6: skipped, still being delivered",
        "postfix/bounce[13]: 5A2B3C4D5E6: sender non-delivery notification: 6A2B3C4D5E6",
        "postfix/cleanup[13]: 5A2B3C4D5E6: resent-message-id=<other@unit.example.test>",
        "qmgr[13]: 5A2B3C4D5E6: removed",
        "postfix/postsuper[13]: 5A2B3C4D5E6: removed",
    ] {
        let finding = found(&[&text(&[&LOST[..2], &[line]])], &[OURS]).get(OURS).unwrap().clone();
        assert_eq!((finding.accepted, finding.open), (0, 1), "{line}");
    }
}
