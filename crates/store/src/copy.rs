//! All rows of one database into another, whichever each of them is.

use futures_util::TryStreamExt;
use sqlx::any::{AnyRow, AnyTypeInfoKind};
use sqlx::{AnyConnection, AssertSqlSafe, Column, Row, ValueRef};

use crate::StoreError;
use crate::dialect::Dialect;

/// Parameters of one statement: SQLite takes 32,766, PostgreSQL 65,535.
const PARAMETERS_MAX: usize = 10_000;
/// Octets of one statement's values, so that memory stays bounded whatever a row holds.
const BATCH_OCTETS_MAX: usize = 4 * 1024 * 1024;
/// What others refer to comes first.
const FIRST: [&str; 3] = ["audience", "campaign", "staff"];
/// Belongs to each database itself. A session or a link that ended since must not come to life again with a backup: after
/// a restore everybody logs in anew. And the answer to a creation is of what may not be there any more.
const NOT_COPIED: [&str; 6] =
    ["_sqlx_migrations", "api_request", "backup_mark", "staff_link", "staff_session", "staff_sign_on_begun"];

/// One value.
enum Cell {
    Null,
    Number(i64),
    Text(String),
    Octets(Vec<u8>),
}

impl Cell {
    fn of(row: &AnyRow, column: usize) -> Result<Self, StoreError> {
        use AnyTypeInfoKind as Kind;
        let kind = row.try_get_raw(column)?.type_info().kind();
        Ok(match kind {
            Kind::Null => Self::Null,
            Kind::SmallInt => Self::Number(row.try_get::<i16, _>(column)?.into()),
            Kind::Integer => Self::Number(row.try_get::<i32, _>(column)?.into()),
            Kind::BigInt => Self::Number(row.try_get(column)?),
            Kind::Text => Self::Text(row.try_get(column)?),
            Kind::Blob => Self::Octets(row.try_get(column)?),
            Kind::Bool | Kind::Real | Kind::Double => return Err(StoreError::Foreign("a column's type")),
        })
    }

    fn octets(&self) -> usize {
        match self {
            Self::Null | Self::Number(_) => 8,
            Self::Text(text) => text.len(),
            Self::Octets(octets) => octets.len(),
        }
    }
}

/// The tables, in an order in which their rows can be written. Whatever is there is copied: a table that a later release
/// adds cannot be left out.
pub(crate) async fn tables(
    connection: &mut AnyConnection,
    dialect: Dialect,
) -> Result<Vec<String>, StoreError> {
    let sql = match dialect {
        Dialect::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        }
        Dialect::Postgres => {
            "SELECT CAST(table_name AS TEXT) FROM information_schema.tables \
             WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
        }
    };
    let mut names: Vec<String> = sqlx::query_scalar(sql).fetch_all(connection).await?;
    names.retain(|name| !NOT_COPIED.contains(&name.as_str()));
    names.sort_by_key(|name| {
        (FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len()), name.clone())
    });
    Ok(names)
}

/// Copies every row of these tables. What is in the target already is in the way.
pub(crate) async fn copy(
    tables: &[String],
    from: &mut AnyConnection,
    (to, dialect): (&mut AnyConnection, Dialect),
) -> Result<(), StoreError> {
    for table in tables {
        let mut batch = Batch::default();
        let sql = format!("SELECT * FROM {table}");
        let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(&mut *from);
        while let Some(row) = rows.try_next().await? {
            if batch.is_full(row.columns().len()) {
                batch.write(table, to, dialect).await?;
            }
            batch.add(&row)?;
        }
        batch.write(table, to, dialect).await?;
    }
    Ok(())
}

#[derive(Default)]
struct Batch {
    columns: Vec<String>,
    cells: Vec<Cell>,
    octets: usize,
}

impl Batch {
    fn is_full(&self, width: usize) -> bool {
        self.cells.len() + width > PARAMETERS_MAX || self.octets > BATCH_OCTETS_MAX
    }

    fn add(&mut self, row: &AnyRow) -> Result<(), StoreError> {
        if self.columns.is_empty() {
            self.columns = row.columns().iter().map(|column| column.name().to_owned()).collect();
        }
        for column in 0..row.columns().len() {
            let cell = Cell::of(row, column)?;
            self.octets += cell.octets();
            self.cells.push(cell);
        }
        Ok(())
    }

    async fn write(
        &mut self,
        table: &str,
        to: &mut AnyConnection,
        dialect: Dialect,
    ) -> Result<(), StoreError> {
        let width = self.columns.len();
        if self.cells.is_empty() {
            return Ok(());
        }
        let rows = dialect.places(self.cells.len() / width, width);
        let sql = format!("INSERT INTO {table} ({}) VALUES {rows}", self.columns.join(","));
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        for cell in self.cells.drain(..) {
            query = match cell {
                Cell::Null => query.bind(None::<i64>),
                Cell::Number(number) => query.bind(number),
                Cell::Text(text) => query.bind(text),
                Cell::Octets(octets) => query.bind(octets),
            };
        }
        query.execute(to).await?;
        self.octets = 0;
        Ok(())
    }
}
