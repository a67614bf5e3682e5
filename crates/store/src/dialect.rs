//! Where the two databases differ.

use std::fmt::Write as _;

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// The place of the parameter of that number, from 1. On SQLite without its number, for there the library looks each
    /// number up among all.
    pub(crate) fn place(self, number: usize) -> String {
        match self {
            Self::Sqlite => "?".to_owned(),
            Self::Postgres => format!("${number}"),
        }
    }

    /// The places of so many rows of parameters, the first of the statement, as `VALUES` takes them.
    pub(crate) fn places(self, rows: usize, width: usize) -> String {
        let mut places = String::new();
        for row in 0..rows {
            places.push_str(if row == 0 { "(" } else { "),(" });
            for column in 1..=width {
                let comma = if column == 1 { "" } else { "," };
                let _ = match self {
                    Self::Sqlite => write!(places, "{comma}?"),
                    Self::Postgres => write!(places, "{comma}${}", row * width + column),
                };
            }
        }
        places + ")"
    }

    /// Puts this database's words for `{rows}` (the rows of a JSON list in `$1`, each as `value`) `{skip}`
    /// (leave rows that another sender is taking), `{lease}` (the sender `$2` has its lease still), `{share}` (hold what
    /// was looked at until the commit), `{unhex}` (octets of hexadecimal digits), and `{in}…{end}` (among these).
    pub(crate) fn sql(self, text: &str) -> String {
        match self {
            Self::Sqlite => text
                .replace("{rows}", "json_each($1)")
                .replace("{skip}", "")
                .replace("{lease}", "")
                .replace("{share}", "")
                .replace("{unhex}", "unhex(r.leaf)")
                .replace("{in}", "IN (")
                .replace("{end}", ")"),
            Self::Postgres => text
                .replace("{rows}", "jsonb_array_elements(CAST($1 AS jsonb)) AS t(value)")
                .replace("{skip}", "FOR UPDATE SKIP LOCKED")
                .replace("{unhex}", "decode(r.leaf, 'hex')")
                // Held until the commit: whoever buries this sender deletes the lease first, and waits.
                .replace("{lease}", "AND EXISTS (SELECT 1 FROM worker WHERE id = $2 FOR KEY SHARE)")
                // Whoever pauses waits for this commit, and every later intent sees the pause.
                .replace("{share}", "FOR SHARE")
                // As an array the choice is made once: a subquery could be run again for each row, past its limit.
                .replace("{in}", "= ANY(ARRAY(")
                .replace("{end}", "))"),
        }
    }
}
