//! Workbooks made by hand, for tests that need one that no program would write.

use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

pub(crate) struct Sheet<'a> {
    pub(crate) name: &'a str,
    /// What stands in `sheetData`.
    pub(crate) rows: &'a str,
}

const KIND: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

pub(crate) fn packed(sheets: &[Sheet<'_>], strings: Option<&[u8]>) -> Vec<u8> {
    styled(sheets, strings, None)
}

pub(crate) fn styled(sheets: &[Sheet<'_>], strings: Option<&[u8]>, styles: Option<&[u8]>) -> Vec<u8> {
    let mut list = String::new();
    let mut relationships =
        format!(r#"<Relationship Id="s" Type="{KIND}/sharedStrings" Target="strings.xml"/>"#);
    let mut parts = Vec::new();
    if let Some(styles) = styles {
        relationships
            .push_str(&format!(r#"<Relationship Id="t" Type="{KIND}/styles" Target="styles.xml"/>"#));
        parts.push(("xl/styles.xml".to_owned(), styles.to_vec()));
    }
    for (number, sheet) in sheets.iter().enumerate() {
        list.push_str(&format!(r#"<sheet name="{}" sheetId="{number}" r:id="r{number}"/>"#, sheet.name));
        relationships.push_str(&format!(
            r#"<Relationship Id="r{number}" Type="{KIND}/worksheet" Target="sheet{number}.xml"/>"#
        ));
        let xml = format!("<worksheet><sheetData>{}</sheetData></worksheet>", sheet.rows);
        parts.push((format!("xl/sheet{number}.xml"), xml.into_bytes()));
    }
    let main = format!(
        r#"<Relationships><Relationship Id="r" Type="{KIND}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
    );
    parts.push(("_rels/.rels".to_owned(), main.into_bytes()));
    let list = format!(r#"<workbook xmlns:r="{KIND}"><sheets>{list}</sheets></workbook>"#);
    parts.push(("xl/workbook.xml".to_owned(), list.into_bytes()));
    let relationships = format!("<Relationships>{relationships}</Relationships>");
    parts.push(("xl/_rels/workbook.xml.rels".to_owned(), relationships.into_bytes()));
    parts.push(("xl/strings.xml".to_owned(), strings.unwrap_or(b"<sst></sst>").to_vec()));
    zipped(&parts)
}

pub(crate) fn zipped(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, octets) in parts {
        writer.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        writer.write_all(octets).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
