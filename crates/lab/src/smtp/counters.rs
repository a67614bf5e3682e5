//! Which rule applies to an event: counted, so that the same dialogue gets the same answers.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::behaviour::{Reaction, Rule, Stage, When};

/// Recipients whose attempts are counted for each rule; those beyond are treated as if they had all their attempts
/// behind them. Five of the largest campaign that is tried here.
const RECIPIENTS_COUNTED_MAX: usize = 100_000;

#[derive(Debug, Default)]
struct Count {
    events: u64,
    recipients: HashMap<String, u64>,
}

/// One count for each rule.
#[derive(Debug)]
pub(crate) struct Counters(Mutex<Vec<Count>>);

impl Counters {
    pub(crate) fn new(rules: usize) -> Self {
        Self(Mutex::new((0..rules).map(|_| Count::default()).collect()))
    }

    /// What to do at a stage: delays first, and then at most one other reaction.
    pub(crate) fn reactions(
        &self,
        rules: &[Rule],
        stage: Stage,
        recipient: Option<&str>,
        messages: usize,
    ) -> Vec<Reaction> {
        let mut reactions = Vec::new();
        if rules.iter().all(|rule| rule.stage != stage) {
            return reactions;
        }
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (rule, count) in rules.iter().zip(counts.iter_mut()).filter(|(rule, _)| rule.stage == stage) {
            if !applies(&rule.when, count, recipient, messages) {
                continue;
            }
            reactions.push(rule.reaction.clone());
            if !matches!(rule.reaction, Reaction::Delay(_)) {
                break;
            }
        }
        reactions
    }
}

fn applies(when: &When, count: &mut Count, recipient: Option<&str>, messages: usize) -> bool {
    count.events += 1;
    match when {
        When::All => true,
        When::EveryNth(n) => *n > 0 && count.events.is_multiple_of(*n),
        When::FirstAttempts(n) => match recipient {
            None => count.events <= *n,
            Some(recipient) => {
                let full = count.recipients.len() >= RECIPIENTS_COUNTED_MAX;
                if full && !count.recipients.contains_key(recipient) {
                    return false;
                }
                let attempts = count.recipients.entry(recipient.to_owned()).or_default();
                *attempts += 1;
                *attempts <= *n
            }
        },
        When::Recipient(only) => recipient.is_some_and(|recipient| recipient.eq_ignore_ascii_case(only)),
        When::AfterMessages(n) => messages >= *n,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn refuses(counters: &Counters, when: &When, recipient: Option<&str>, messages: usize) -> bool {
        let rules = [Rule::new(Stage::Rcpt, when.clone(), Reaction::reply("451 no"))];
        !counters.reactions(&rules, Stage::Rcpt, recipient, messages).is_empty()
    }

    #[test]
    fn which_events() {
        let each = |when: When, events: &[(&str, usize)]| -> Vec<bool> {
            let counters = Counters::new(1);
            events.iter().map(|(who, messages)| refuses(&counters, &when, Some(who), *messages)).collect()
        };
        let events = [("a@x", 0), ("b@x", 0), ("a@x", 1), ("a@x", 2), ("b@x", 3), ("A@x", 4)];
        assert_eq!(each(When::All, &events), [true; 6]);
        assert_eq!(each(When::EveryNth(3), &events), [false, false, true, false, false, true]);
        assert_eq!(each(When::EveryNth(0), &events), [false; 6]);
        assert_eq!(each(When::FirstAttempts(1), &events), [true, true, false, false, false, true]);
        assert_eq!(each(When::Recipient("a@X".into()), &events), [true, false, true, true, false, true]);
        assert_eq!(each(When::AfterMessages(2), &events), [false, false, false, true, true, true]);
        let counters = Counters::new(1);
        let first: Vec<_> = (0..3).map(|_| refuses(&counters, &When::FirstAttempts(2), None, 0)).collect();
        assert_eq!(first, [true, true, false]);
    }

    #[test]
    fn a_delay_goes_on_to_the_next_rule() {
        let delay = Reaction::Delay(Duration::from_millis(1));
        let rules = [
            Rule::new(Stage::Mail, When::All, delay.clone()),
            Rule::new(Stage::Rcpt, When::All, Reaction::Close),
            Rule::new(Stage::Mail, When::All, Reaction::Reset),
            Rule::new(Stage::Mail, When::All, Reaction::Stall),
        ];
        let reactions = Counters::new(4).reactions(&rules, Stage::Mail, None, 0);
        assert_eq!(reactions, [delay, Reaction::Reset]);
    }

    #[test]
    fn recipients_counted_and_one_past() {
        let counters = Counters::new(1);
        for n in 0..RECIPIENTS_COUNTED_MAX {
            assert!(refuses(&counters, &When::FirstAttempts(1), Some(&n.to_string()), 0));
        }
        assert!(!refuses(&counters, &When::FirstAttempts(1), Some("one more"), 0));
    }
}
