//! Which cell formats show a number as a date (ISO/IEC 29500-1 §18.8.30, §18.8.31).

use std::collections::HashMap;
use std::io::{Read, Seek};

use quick_xml::events::Event;

use super::package::{Package, attribute};
use crate::error::ImportError;
use crate::limits::{XLSX_FORMATS_MAX, XLSX_PART_OCTETS_MAX};

/// What a format makes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shows {
    Number,
    Date,
    /// Hours that go beyond 24: `[h]:mm`.
    Elapsed,
}

/// The format of each cell style, by its index.
#[derive(Default)]
pub(crate) struct Styles {
    formats: Vec<Shows>,
}

impl Styles {
    pub(crate) fn read<R: Read + Seek>(package: &mut Package<R>, name: &str) -> Result<Self, ImportError> {
        let mut xml = package.xml(name, "table of styles", XLSX_PART_OCTETS_MAX)?;
        let mut own: HashMap<u32, Shows> = HashMap::new();
        let mut formats = Vec::new();
        let mut in_cells = false;
        loop {
            match xml.next()? {
                Event::Start(e) => match e.local_name().as_ref() {
                    "numFmt" => {
                        let id = attribute(&e, "numFmtId").and_then(|id| id.parse().ok());
                        if let (Some(id), Some(code)) = (id, attribute(&e, "formatCode")) {
                            own.insert(id, shows(&code));
                        }
                    }
                    "cellXfs" => in_cells = true,
                    "xf" if in_cells => {
                        let id = attribute(&e, "numFmtId").and_then(|id| id.parse().ok()).unwrap_or(0);
                        formats.push(own.get(&id).copied().unwrap_or_else(|| built_in(id)));
                    }
                    _ => {}
                },
                Event::End(e) => match e.local_name().as_ref() {
                    "cellXfs" => in_cells = false,
                    "styleSheet" => return Ok(Self { formats }),
                    _ => {}
                },
                _ => {}
            }
            if formats.len().max(own.len()) > XLSX_FORMATS_MAX {
                return Err(ImportError::TooManyParts { what: "cell formats", max: XLSX_FORMATS_MAX });
            }
        }
    }

    pub(crate) fn of(&self, style: Option<usize>) -> Shows {
        self.formats.get(style.unwrap_or(0)).copied().unwrap_or(Shows::Number)
    }
}

/// ISO/IEC 29500-1 §18.8.30: formats that need no code, those of east Asian editions too.
fn built_in(id: u32) -> Shows {
    match id {
        14..=22 | 27..=36 | 45 | 47 | 50..=58 | 67..=71 | 75..=81 => Shows::Date,
        46 => Shows::Elapsed,
        _ => Shows::Number,
    }
}

/// A format is a date's if a letter of date or time stands in its first section outside quotation marks,
/// escapes and brackets.
fn shows(code: &str) -> Shows {
    let mut chars = code.chars();
    let mut found = Shows::Number;
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                let _ = chars.by_ref().find(|c| *c == '"');
            }
            '\\' | '_' | '*' => {
                let _ = chars.next();
            }
            '[' => {
                let inner: String = chars.by_ref().take_while(|c| *c != ']').collect();
                let elapsed = !inner.is_empty() && inner.chars().all(|c| "hHmMsS".contains(c));
                if elapsed {
                    return Shows::Elapsed;
                }
            }
            ';' => break,
            'd' | 'D' | 'm' | 'M' | 'y' | 'Y' | 'h' | 'H' | 's' | 'S' => found = Shows::Date,
            // `General`, in which no letter is one of a date but which is a word, and `E+00`.
            'G' | 'g' if chars.as_str().to_ascii_lowercase().starts_with("eneral") => {
                let _ = chars.nth(5);
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        for (code, expected) in [
            ("General", Shows::Number),
            ("0.00", Shows::Number),
            ("0.00E+00", Shows::Number),
            ("#,##0 \"days\"", Shows::Number),
            ("[Red]0", Shows::Number),
            ("[$-409]0;[Red]-0", Shows::Number),
            ("0\\d", Shows::Number),
            ("\"£\"#,##0_);\"yes\"", Shows::Number),
            ("dd/mm/yyyy", Shows::Date),
            ("[$-809]dd mmmm yyyy;@", Shows::Date),
            ("hh:mm", Shows::Date),
            ("[h]:mm:ss", Shows::Elapsed),
        ] {
            assert_eq!(shows(code), expected, "{code}");
        }
        assert_eq!((built_in(14), built_in(46), built_in(2)), (Shows::Date, Shows::Elapsed, Shows::Number));
    }
}
