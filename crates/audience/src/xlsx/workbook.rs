//! Which sheets a workbook has, and where its parts are (ISO/IEC 29500-1 §18.2, ISO/IEC 29500-2 §9.3).

use std::collections::HashMap;
use std::io::{Read, Seek};

use quick_xml::events::Event;

use super::package::{Package, attribute, is_true};
use crate::error::ImportError;
use crate::limits::{XLSX_PART_OCTETS_MAX, XLSX_PARTS_MAX, XLSX_SHEETS_MAX};

/// One sheet with rows.
pub(crate) struct Sheet {
    pub(crate) name: String,
    pub(crate) hidden: bool,
    pub(crate) part: String,
}

/// What the workbook part says.
pub(crate) struct Workbook {
    pub(crate) sheets: Vec<Sheet>,
    pub(crate) date_1904: bool,
    pub(crate) strings: Option<String>,
    pub(crate) styles: Option<String>,
}

struct Relationship {
    kind: String,
    target: String,
}

impl Workbook {
    pub(crate) fn read<R: Read + Seek>(package: &mut Package<R>) -> Result<Self, ImportError> {
        let main = main_part(package)?;
        let (folder, name) = main.rsplit_once('/').unwrap_or(("", &main));
        let join = |part: &str| if folder.is_empty() { part.to_owned() } else { format!("{folder}/{part}") };
        let relationships = relationships(package, &join(&format!("_rels/{name}.rels")))?;
        let resolve = |target: &str| match target.strip_prefix('/') {
            Some(whole) => whole.to_owned(),
            None => match target.strip_prefix("../") {
                Some(up) => up.to_owned(),
                None => join(target.strip_prefix("./").unwrap_or(target)),
            },
        };
        let of_kind = |kind: &str| {
            let found = relationships.values().find(|r| r.kind.rsplit('/').next() == Some(kind));
            found.map(|r| resolve(&r.target))
        };
        let (strings, styles) = (of_kind("sharedStrings"), of_kind("styles"));
        let (listed, date_1904) = sheets(package, &main)?;
        let sheets = listed
            .into_iter()
            .filter_map(|(name, hidden, id)| {
                let relationship = relationships.get(&id)?;
                // Charts and dialogues have no rows.
                let rows = relationship.kind.rsplit('/').next() == Some("worksheet");
                rows.then(|| Sheet { name, hidden, part: resolve(&relationship.target) })
            })
            .collect();
        Ok(Self { sheets, date_1904, strings, styles })
    }
}

/// ISO/IEC 29500-2 §9.3: the package's relationships name the document. What is no workbook is named.
fn main_part<R: Read + Seek>(package: &mut Package<R>) -> Result<String, ImportError> {
    for (part, what) in [
        ("content.xml", "an OpenDocument file (.ods)"),
        ("Index/Document.iwa", "a Numbers or Pages document"),
        ("Index.zip", "a Numbers or Pages document"),
        ("xl/workbook.bin", "a binary Excel workbook (.xlsb)"),
        ("word/document.xml", "a Word document"),
        ("ppt/presentation.xml", "a presentation"),
    ] {
        if package.has(part) {
            return Err(ImportError::Unsupported(what));
        }
    }
    if !package.has("_rels/.rels") {
        return Err(ImportError::Unsupported("a ZIP archive that is no workbook"));
    }
    let relationships = relationships(package, "_rels/.rels")?;
    relationships
        .into_values()
        .find(|r| r.kind.ends_with("/officeDocument"))
        .map(|r| r.target.trim_start_matches('/').to_owned())
        .ok_or(ImportError::Unsupported("a ZIP archive that is no workbook"))
}

fn relationships<R: Read + Seek>(
    package: &mut Package<R>,
    part: &str,
) -> Result<HashMap<String, Relationship>, ImportError> {
    let mut xml = package.xml(part, "table of relationships", XLSX_PART_OCTETS_MAX)?;
    let mut found = HashMap::new();
    loop {
        match xml.next()? {
            Event::Start(e) if e.local_name().as_ref() == "Relationship" => {
                let (id, kind, target) =
                    (attribute(&e, "Id"), attribute(&e, "Type"), attribute(&e, "Target"));
                if let (Some(id), Some(kind), Some(target)) = (id, kind, target) {
                    found.insert(id, Relationship { kind, target });
                }
            }
            Event::End(e) if e.local_name().as_ref() == "Relationships" => return Ok(found),
            _ => {}
        }
        if found.len() > XLSX_PARTS_MAX {
            return Err(ImportError::TooManyParts { what: "relationships", max: XLSX_PARTS_MAX });
        }
    }
}

type Listed = Vec<(String, bool, String)>;

fn sheets<R: Read + Seek>(package: &mut Package<R>, main: &str) -> Result<(Listed, bool), ImportError> {
    let mut xml = package.xml(main, "list of sheets", XLSX_PART_OCTETS_MAX)?;
    let mut sheets = Vec::new();
    let mut date_1904 = false;
    loop {
        match xml.next()? {
            Event::Start(e) => match e.local_name().as_ref() {
                "workbookPr" => date_1904 = date_1904 || is_true(attribute(&e, "date1904").as_deref()),
                "sheet" => {
                    let hidden = attribute(&e, "state").is_some_and(|state| state != "visible");
                    if let (Some(name), Some(id)) = (attribute(&e, "name"), attribute(&e, "id")) {
                        sheets.push((name, hidden, id));
                    }
                }
                _ => {}
            },
            Event::End(e) if e.local_name().as_ref() == "workbook" => return Ok((sheets, date_1904)),
            _ => {}
        }
        if sheets.len() > XLSX_SHEETS_MAX {
            return Err(ImportError::TooManyParts { what: "sheets", max: XLSX_SHEETS_MAX });
        }
    }
}
