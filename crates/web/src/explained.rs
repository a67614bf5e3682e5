//! What a warning about a list means, in the words of whoever has made the list.

use audience::Warning;

/// What somebody says by ticking its box, and what may be behind it.
pub(crate) fn explained(warning: &Warning) -> (String, String) {
    match warning {
        Warning::Channel => (
            "No column says to whom e-mail is safe".to_owned(),
            "Everybody on the list would be written to. Somebody they are afraid of may read their mailbox: go on only if you \
             know that e-mail is safe for all of them"
                .to_owned(),
        ),
        Warning::ChannelIgnored { heading } => (
            format!("The column “{heading}” is not used"),
            "By its heading it says to whom e-mail is safe. Somebody for whom it says no could be written to all the same"
                .to_owned(),
        ),
        Warning::Names { heading, checked, fit } => (
            format!("The names in “{heading}” do not go with the addresses beside them"),
            format!(
                "Only {fit} of {checked} addresses look like the name in their row. Perhaps one column was sorted or moved \
                 without the others: then everybody would get somebody else’s letter. Compare a few rows with where the list \
                 comes from"
            ),
        ),
        Warning::Sheets { sheets } => (
            match sheets {
                1 => "Another sheet of the workbook is not imported".to_owned(),
                sheets => format!("{sheets} other sheets of the workbook are not imported"),
            },
            "One sheet is read, and there is something in others. Whoever stands there is not written to".to_owned(),
        ),
        Warning::HiddenRows { rows } => (
            match rows {
                1 => "A hidden row is imported too".to_owned(),
                rows => format!("{rows} hidden rows are imported too"),
            },
            "A filter hides them, or somebody did. Whoever stands there is written to like all others".to_owned(),
        ),
        Warning::Encoding { encoding } => (
            format!("How the file writes letters is a guess ({encoding})"),
            "Names with accents may come out wrong. Save the spreadsheet as “CSV UTF-8” or as an Excel workbook to be sure"
                .to_owned(),
        ),
        other => (other.to_string(), String::new()),
    }
}
