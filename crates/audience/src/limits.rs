//! What a spreadsheet may have at most. Each limit is tested one past.

/// Largest file, in octets: five million rows of 800 octets.
pub const FILE_OCTETS_MAX: u64 = 4 << 30;
/// Most rows with something in them, headings not counted: more than any force, hospital or bank has to write to.
pub const ROWS_MAX: u64 = 5_000_000;
/// Most columns. A list of people has ten; five hundred is a survey's export.
pub const COLUMNS_MAX: usize = 500;
/// Longest cell, in characters: what Excel can hold in one.
pub const CELL_CHARS_MAX: usize = 32_767;
/// Longest heading, in characters.
pub const HEADING_CHARS_MAX: usize = 255;
/// Longest row, in octets of UTF-8. A quotation mark that is never closed ends here.
pub const RECORD_OCTETS_MAX: usize = 1 << 20;
/// Most rows that may have the address of another row and differ from it, or be the first of several: each is
/// kept in memory, in about 100 octets, while they are compared.
pub const REPEATED_ROWS_MAX: usize = 500_000;
/// Most parts of an XLSX package.
pub const XLSX_PARTS_MAX: usize = 10_000;
/// Most sheets of a workbook.
pub const XLSX_SHEETS_MAX: usize = 1_000;
/// Largest sheet of an XLSX, in octets unpacked: 1,048,576 rows (all that Excel has) of 1,000 octets.
pub const XLSX_SHEET_OCTETS_MAX: u64 = 1 << 30;
/// Largest table of shared strings, in octets unpacked. It is the one part that has to lie in memory.
pub const XLSX_STRINGS_OCTETS_MAX: u64 = 64 << 20;
/// Most shared strings.
pub const XLSX_STRINGS_MAX: usize = 4_000_000;
/// Largest other part of an XLSX (workbook, relationships, styles), in octets unpacked.
pub const XLSX_PART_OCTETS_MAX: u64 = 16 << 20;
/// Most cell formats of a workbook: Excel's own limit is 65,490.
pub const XLSX_FORMATS_MAX: usize = 65_536;
