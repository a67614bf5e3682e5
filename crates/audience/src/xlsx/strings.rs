//! The table of shared strings (ISO/IEC 29500-1 §18.4.9), in one buffer.

use std::io::{Read, Seek};

use quick_xml::events::Event;

use super::package::Package;
use super::text;
use crate::error::ImportError;
use crate::limits::{XLSX_STRINGS_MAX, XLSX_STRINGS_OCTETS_MAX};

const PART: &str = "table of shared strings";

/// Every shared string, one behind the other.
#[derive(Default)]
pub(crate) struct Strings {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    pub(crate) fn read<R: Read + Seek>(package: &mut Package<R>, name: &str) -> Result<Self, ImportError> {
        let mut xml = package.xml(name, PART, XLSX_STRINGS_OCTETS_MAX)?;
        let mut strings = Self::default();
        let mut one = String::new();
        loop {
            match xml.next()? {
                Event::Start(e) if e.local_name().as_ref() == "si" => {}
                Event::End(e) if e.local_name().as_ref() == "sst" => return Ok(strings),
                _ => continue,
            }
            one.clear();
            text::runs(&mut xml, "si", &mut one)?;
            if strings.ends.len() >= XLSX_STRINGS_MAX {
                return Err(ImportError::TooManyParts { what: "shared strings", max: XLSX_STRINGS_MAX });
            }
            strings.text.push_str(&text::unescape(&one));
            strings.ends.push(u32::try_from(strings.text.len()).map_err(|_| ImportError::Damaged(PART))?);
        }
    }

    pub(crate) fn get(&self, index: usize) -> Option<&str> {
        let end = usize::try_from(*self.ends.get(index)?).ok()?;
        let start = match index.checked_sub(1) {
            Some(before) => usize::try_from(self.ends[before]).ok()?,
            None => 0,
        };
        self.text.get(start..end)
    }
}
