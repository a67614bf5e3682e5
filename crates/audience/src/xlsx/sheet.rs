//! The rows of one sheet (ISO/IEC 29500-1 §18.3.1), as they stream by.

use std::io::Read;
use std::ops::ControlFlow;

use quick_xml::events::{BytesStart, Event};

use super::number;
use super::package::{Xml, attribute, is_true};
use super::strings::Strings;
use super::styles::Styles;
use super::text;
use crate::error::ImportError;
use crate::limits::RECORD_OCTETS_MAX;
use crate::problem::Reason;
use crate::row::{Each, Row};

/// What Excel has, and nobody has more of: a larger number is damage.
const ROW_MAX: u64 = 1_048_576;
const COLUMN_MAX: usize = 16_384;

/// What cells refer to.
pub(crate) struct Tables<'a> {
    pub(crate) strings: &'a Strings,
    pub(crate) styles: &'a Styles,
    pub(crate) date_1904: bool,
}

/// Every row that the sheet holds; those that it leaves out are blank.
pub(crate) fn each_row<R: Read>(
    xml: &mut Xml<'_, R>,
    tables: &Tables<'_>,
    each: &mut Each<'_>,
) -> Result<(), ImportError> {
    let mut row = Row::default();
    let mut content = Content::default();
    let mut in_data = false;
    loop {
        let damaged = xml.damaged();
        let cell = match xml.next()? {
            Event::Start(e) => match e.local_name().as_ref() {
                "sheetData" => {
                    in_data = true;
                    continue;
                }
                "row" if in_data => {
                    start_row(&e, &mut row).ok_or(damaged)?;
                    continue;
                }
                "c" if in_data => Cell::read(&e, row.len()).ok_or(damaged)?,
                _ => continue,
            },
            Event::End(e) => match e.local_name().as_ref() {
                "row" if in_data => {
                    if each(&row)?.is_break() {
                        return Ok(());
                    }
                    continue;
                }
                "sheetData" => return Ok(()),
                _ => continue,
            },
            _ => continue,
        };
        while row.len() < cell.column {
            row.end_cell();
        }
        content.read(xml)?;
        cell.write(&content, tables, &mut row).ok_or_else(|| xml.damaged())?;
        row.end_cell();
        if row.octets() > RECORD_OCTETS_MAX {
            return Err(ImportError::RowTooLong { row: row.number });
        }
    }
}

/// §18.3.1.73: `r` may be left out and is then one more. Rows ascend: a file that says otherwise would have two
/// rows of one number.
fn start_row(element: &BytesStart<'_>, row: &mut Row) -> Option<()> {
    let number = match attribute(element, "r") {
        Some(r) => r.parse().ok()?,
        None => row.number + 1,
    };
    if number <= row.number || number > ROW_MAX {
        return None;
    }
    row.clear();
    row.number = number;
    row.hidden = is_true(attribute(element, "hidden").as_deref());
    Some(())
}

/// The attributes of a cell (§18.3.1.4).
struct Cell {
    column: usize,
    kind: Option<String>,
    style: Option<usize>,
}

impl Cell {
    /// None for a reference that is none, or that goes back.
    fn read(element: &BytesStart<'_>, next: usize) -> Option<Self> {
        let column = match attribute(element, "r") {
            Some(reference) => column(&reference)?,
            None => next,
        };
        if column < next || column >= COLUMN_MAX {
            return None;
        }
        let style = attribute(element, "s").and_then(|s| s.parse().ok());
        Some(Self { column, kind: attribute(element, "t"), style })
    }

    /// Appends the text of the cell; None if its type is unknown or it refers to nothing.
    fn write(&self, content: &Content, tables: &Tables<'_>, row: &mut Row) -> Option<()> {
        if content.formula && !content.has_value {
            row.fault(Reason::Formula);
            return Some(());
        }
        let value = content.value.as_str();
        match self.kind.as_deref() {
            Some("inlineStr") => row.push_str(&text::unescape(&content.inline)),
            _ if value.is_empty() => {}
            Some("s") => row.push_str(tables.strings.get(value.trim().parse().ok()?)?),
            Some("str") => row.push_str(&text::unescape(value)),
            Some("b") => row.push_str(if is_true(Some(value.trim())) { "TRUE" } else { "FALSE" }),
            Some("e") => row.fault(Reason::ErrorValue),
            Some("d") => row.push_str(&number::iso(value)),
            Some("n") | None => {
                row.push_str(&number::text(value, tables.styles.of(self.style), tables.date_1904));
            }
            Some(_) => return None,
        }
        Some(())
    }
}

/// `AB12` is in column 27, counted from 0.
fn column(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic);
    let mut column = 0_usize;
    for letter in letters {
        column = column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1;
        if column > COLUMN_MAX {
            return None;
        }
    }
    column.checked_sub(1)
}

/// What stands in a cell.
#[derive(Default)]
struct Content {
    value: String,
    inline: String,
    has_value: bool,
    formula: bool,
}

impl Content {
    /// Reads up to the end of the cell.
    fn read<R: Read>(&mut self, xml: &mut Xml<'_, R>) -> Result<(), ImportError> {
        self.value.clear();
        self.inline.clear();
        (self.has_value, self.formula) = (false, false);
        loop {
            let inner = match xml.next()? {
                Event::Start(e) => match e.local_name().as_ref() {
                    "v" => Inner::Value,
                    "is" => Inner::Inline,
                    "f" => Inner::Formula,
                    _ => continue,
                },
                Event::End(e) if e.local_name().as_ref() == "c" => return Ok(()),
                _ => continue,
            };
            match inner {
                Inner::Value => {
                    self.has_value = true;
                    text::all(xml, "v", &mut self.value)?;
                }
                Inner::Inline => text::runs(xml, "is", &mut self.inline)?,
                Inner::Formula => {
                    self.formula = true;
                    skip(xml, "f")?;
                }
            }
        }
    }
}

enum Inner {
    Value,
    Inline,
    Formula,
}

fn skip<R: Read>(xml: &mut Xml<'_, R>, element: &str) -> Result<(), ImportError> {
    loop {
        if let Event::End(e) = xml.next()?
            && e.local_name().as_ref() == element
        {
            return Ok(());
        }
    }
}

/// Whether anything stands in a sheet; reads no further than the first row that has something.
pub(crate) fn has_content<R: Read>(xml: &mut Xml<'_, R>, tables: &Tables<'_>) -> Result<bool, ImportError> {
    let mut found = false;
    each_row(xml, tables, &mut |row| {
        found = !row.is_blank();
        Ok(if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        for (reference, expected) in
            [("A1", Some(0)), ("z9", Some(25)), ("AB12", Some(27)), ("XFD1", Some(16_383)), ("1", None)]
        {
            assert_eq!(column(reference), expected);
        }
        assert_eq!(column("XFE1").filter(|c| *c < COLUMN_MAX), None);
        assert_eq!(column(&"Z".repeat(99)), None);
    }
}
