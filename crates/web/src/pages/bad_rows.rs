//! The bad rows of a spreadsheet as a table, for whoever corrects it. No address stands in it.

use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};

use crate::csv_file::{BYTE_ORDER_MARK, as_text, headers, octets, rows_behind};
use crate::lists::ReadList;
use crate::pages::upload::found;
use crate::trouble::Trouble;
use crate::uploads::Stage;
use crate::visitor::Visitor;

pub(crate) async fn download(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let (_, upload) = found(&visitor, &id)?;
    let Stage::Read(list) = &upload.stage else { return Err(Trouble::NotFound) };
    let table = table(&**list)?;
    Ok((headers("bad-rows.csv"), table).into_response())
}

fn table(list: &dyn ReadList) -> Result<Vec<u8>, csv::Error> {
    let mut table = rows_behind(BYTE_ORDER_MARK.as_bytes().to_vec());
    table.write_record(["row", "column", "what is wrong"])?;
    for problem in list.problems() {
        let (row, column) = (problem.row.to_string(), problem.column.as_deref().unwrap_or_default());
        table.write_record([row.as_str(), &as_text(column), &problem.reason.to_string()])?;
    }
    octets(table)
}
