//! Each limit, reached and one past.

use mail::report::{
    BounceClass, RECIPIENTS_MAX, REPORT_DEPTH_MAX, REPORT_OCTETS_MAX, REPORT_PARTS_MAX, TEXT_OCTETS_MAX,
    What, read,
};

fn status(groups: &str) -> String {
    format!(
        "From: MAILER-DAEMON@x.test\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x.test\n\n{groups}\n--b--\n"
    )
}

fn group(number: usize) -> String {
    format!("Final-Recipient: rfc822; a{number}@x.test\nAction: failed\nStatus: 5.1.1\n\n")
}

#[test]
fn recipients() {
    let of = |n: usize| match read(status(&(0..n).map(group).collect::<String>()).as_bytes()).what {
        What::DeliveryStatus(status) => (status.recipients.len(), status.more, status.class()),
        other => panic!("{other:?}"),
    };
    assert_eq!(of(RECIPIENTS_MAX), (RECIPIENTS_MAX, false, Some(BounceClass::PermanentAddress)));
    assert_eq!(of(RECIPIENTS_MAX + 1), (RECIPIENTS_MAX, true, Some(BounceClass::Undecided)));
    assert_eq!(of(RECIPIENTS_MAX + 2), (RECIPIENTS_MAX, true, Some(BounceClass::Undecided)));
}

#[test]
fn failed_recipients_of_a_bounce() {
    let of = |n: usize| {
        let list: Vec<String> = (0..n).map(|i| format!("a{i}@x.test")).collect();
        match read(format!("X-Failed-Recipients: {}\n\nx\n", list.join(",\n ")).as_bytes()).what {
            What::Bounce(bounce) => bounce.recipients.len(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!([RECIPIENTS_MAX, RECIPIENTS_MAX + 1].map(of), [RECIPIENTS_MAX; 2]);
}

#[test]
fn octets() {
    let of = |length: usize| {
        let head = "X-Filler: ";
        let tail = "\nAuto-Submitted: auto-replied\n\n";
        let message = format!("{head}{}{tail}", "x".repeat(length - head.len() - tail.len()));
        assert_eq!(message.len(), length);
        let report = read(message.as_bytes());
        (report.cut, matches!(report.what, What::AutoReply(_)))
    };
    assert_eq!(of(REPORT_OCTETS_MAX), (false, true));
    // One octet more, and of the last line that fits nothing is lost; a few more, and the field is cut and not read.
    assert_eq!(of(REPORT_OCTETS_MAX + 1), (true, true));
    assert_eq!(of(REPORT_OCTETS_MAX + 2), (true, false));
}

#[test]
fn parts() {
    let of = |n: usize| {
        let parts = "--b\nContent-Type: text/plain\n\nx\n".repeat(n);
        let status = status(&group(1));
        let (head, body) = status.split_once("\n\n").unwrap();
        read(format!("{head}\n\n{parts}{body}").as_bytes())
    };
    // The message itself is one entity, and the status part another.
    assert!(matches!(of(REPORT_PARTS_MAX - 2).what, What::DeliveryStatus(_)));
    assert!(matches!(of(REPORT_PARTS_MAX - 1).what, What::Bounce(_)));
}

#[test]
fn depth() {
    let of = |depth: usize| {
        let status = status(&group(1));
        let (head, body) = status.split_once("\n\n").unwrap();
        let (from, kind) = head.split_once("Content-Type").unwrap();
        let mut inner = format!("Content-Type{kind}\n\n{body}");
        for level in 0..depth {
            inner = format!(
                "Content-Type: multipart/mixed; boundary=c{level}\n\n--c{level}\n{inner}\n--c{level}--\n"
            );
        }
        read(format!("{from}{inner}").as_bytes()).what
    };
    // The status part is one deeper than the report that holds it.
    assert!(matches!(of(REPORT_DEPTH_MAX - 1), What::DeliveryStatus(_)));
    assert!(!matches!(of(REPORT_DEPTH_MAX), What::DeliveryStatus(_)));
}

#[test]
fn texts() {
    let of = |n: usize| {
        let groups = format!("{}Diagnostic-Code: {}\n", group(1).trim_end().to_owned() + "\n", "x".repeat(n));
        match read(status(&groups).as_bytes()).what {
            What::DeliveryStatus(status) => status.recipients[0].diagnostic.as_ref().unwrap().expose().len(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!([TEXT_OCTETS_MAX, TEXT_OCTETS_MAX + 1].map(of), [TEXT_OCTETS_MAX; 2]);
}
