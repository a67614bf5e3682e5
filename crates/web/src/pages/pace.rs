//! How fast a campaign goes, and how long it will still take: from the last looks at its numbers.

use std::collections::VecDeque;

use campaign::{CampaignState, Counts};

/// Looks, a second each, over which the rate is taken.
const LOOKS: usize = 15;
/// Of fewer, no rate is said.
const LOOKS_MIN: usize = 3;

/// The last looks: people who were dealt with.
#[derive(Default)]
pub(crate) struct Pace(VecDeque<u64>);

impl Pace {
    /// `5 a second, about 4 minutes left`; nothing as long as it is not known, or nothing is being sent.
    pub(crate) fn words(&mut self, state: CampaignState, counts: &Counts) -> String {
        if state != CampaignState::Sending {
            self.0.clear();
            return String::new();
        }
        if self.0.len() == LOOKS {
            self.0.pop_front();
        }
        let open = counts.open();
        self.0.push_back(counts.total - open.min(counts.total));
        let (Some(first), Some(last)) = (self.0.front(), self.0.back()) else { return String::new() };
        let (done, seconds) = (last.saturating_sub(*first), self.0.len() as u64 - 1);
        if self.0.len() < LOOKS_MIN || done == 0 {
            return String::new();
        }
        let rate = match done / seconds {
            0 => "less than 1".to_owned(),
            rate => rate.to_string(),
        };
        format!("{rate} a second, about {} left", span((open * seconds).div_ceil(done)))
    }
}

fn span(seconds: u64) -> String {
    match seconds {
        0..=90 => format!("{seconds} seconds"),
        91..=5_400 => format!("{} minutes", seconds.div_ceil(60)),
        _ => format!("{} hours", seconds.div_ceil(3_600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(total: u64, accepted: u64) -> Counts {
        Counts { total, accepted, queued: total - accepted, ..Counts::default() }
    }

    #[test]
    fn the_rate_is_that_of_the_last_looks() {
        let mut pace = Pace::default();
        let mut say = |accepted| pace.words(CampaignState::Sending, &counts(1_000, accepted));
        assert_eq!((say(0), say(5)), (String::new(), String::new()), "too early to say");
        assert_eq!(say(10), "5 a second, about 4 minutes left");
        for second in 3..40 {
            say(second * 5);
        }
        assert_eq!(say(200), "5 a second, about 3 minutes left");
        for _ in 0..LOOKS {
            say(200);
        }
        assert_eq!(say(200), "", "it stands still");
        assert_eq!(say(201), "less than 1 a second, about 4 hours left");
        assert_eq!(pace.words(CampaignState::Paused, &counts(1_000, 201)), "");
    }

    #[test]
    fn spans_are_rounded_up() {
        for (seconds, words) in [(0, "0 seconds"), (90, "90 seconds"), (91, "2 minutes"), (5_401, "2 hours")]
        {
            assert_eq!(span(seconds), words);
        }
    }
}
