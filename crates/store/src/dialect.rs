//! Where the two databases differ.

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// Puts this database's words for `{rows}` (the rows of a JSON list in `$1`, each as `value`) and `{skip}`
    /// (leave rows that another sender is taking).
    pub(crate) fn sql(self, text: &str) -> String {
        match self {
            Self::Sqlite => text.replace("{rows}", "json_each($1)").replace("{skip}", ""),
            Self::Postgres => text
                .replace("{rows}", "jsonb_array_elements(CAST($1 AS jsonb)) AS t(value)")
                .replace("{skip}", "FOR UPDATE SKIP LOCKED"),
        }
    }
}
