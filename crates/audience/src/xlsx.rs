//! Workbooks of Excel and everything that writes its format (ISO/IEC 29500-1 §18).
//!
//! Read here and not by a library: those that there are reserve what the file claims to hold, keep every string
//! on its own, and leave hidden rows and uncomputed formulas unnamed. Tests compare with one of them.

mod number;
mod package;
mod sheet;
mod strings;
mod styles;
mod text;
mod workbook;

use std::io::{Read, Seek};

use crate::error::ImportError;
use crate::limits::XLSX_SHEET_OCTETS_MAX;
use crate::row::Each;
use package::Package;
use sheet::Tables;
use strings::Strings;
use styles::Styles;
use workbook::Workbook;

/// An open workbook whose first visible sheet with something in it is known.
pub(crate) struct Xlsx<R> {
    package: Package<R>,
    workbook: Workbook,
    strings: Strings,
    styles: Styles,
    sheet: usize,
    other_sheets: usize,
}

impl<R: Read + Seek> Xlsx<R> {
    pub(crate) fn open(reader: R) -> Result<Self, ImportError> {
        let mut package = Package::open(reader)?;
        let workbook = Workbook::read(&mut package)?;
        let strings = match workbook.strings.as_deref() {
            Some(part) => Strings::read(&mut package, part)?,
            None => Strings::default(),
        };
        let styles = match workbook.styles.as_deref() {
            Some(part) => Styles::read(&mut package, part)?,
            None => Styles::default(),
        };
        let tables = Tables { strings: &strings, styles: &styles, date_1904: workbook.date_1904 };
        let mut with_content = Vec::new();
        for (index, sheet) in workbook.sheets.iter().enumerate().filter(|(_, sheet)| !sheet.hidden) {
            let mut xml = package.xml(&sheet.part, SHEET, XLSX_SHEET_OCTETS_MAX)?;
            if sheet::has_content(&mut xml, &tables)? {
                with_content.push(index);
            }
        }
        let Some(sheet) = with_content.first().copied() else { return Err(ImportError::NoSheet) };
        let other_sheets = with_content.len() - 1;
        Ok(Self { package, workbook, strings, styles, sheet, other_sheets })
    }

    /// Every row that the sheet holds, in its order.
    pub(crate) fn each_row(&mut self, each: &mut Each<'_>) -> Result<(), ImportError> {
        let tables =
            Tables { strings: &self.strings, styles: &self.styles, date_1904: self.workbook.date_1904 };
        let part = &self.workbook.sheets[self.sheet].part;
        let mut xml = self.package.xml(part, SHEET, XLSX_SHEET_OCTETS_MAX)?;
        sheet::each_row(&mut xml, &tables, each)
    }

    pub(crate) fn sheet_name(&self) -> &str {
        &self.workbook.sheets[self.sheet].name
    }

    pub(crate) fn hidden_sheets(&self) -> Vec<String> {
        self.workbook.sheets.iter().filter(|sheet| sheet.hidden).map(|sheet| sheet.name.clone()).collect()
    }

    /// Visible sheets with something in them that are not read.
    pub(crate) fn other_sheets(&self) -> usize {
        self.other_sheets
    }
}

const SHEET: &str = "sheet";
