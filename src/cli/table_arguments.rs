//! How tables of bills and persons are to be read, as typed; and what was made of them.

use clap::Args;

use super::reading_arguments::delimiter;
use super::terminal::Terminal;
use crate::diagnostics::{Error, Result};
use crate::records::{Encoding, TableFacts, TableForm};

/// How tables are to be read.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Reading tables")]
pub struct TableArguments {
    /// utf-8, gb18030, gbk, utf-16le or utf-16be [default: found out]
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// What separates cells: one character, or `tab` [default: a comma]
    #[arg(long, value_name = "CHAR")]
    pub delimiter: Option<String>,
    /// The sheet of a workbook [default: the first visible one]
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
}

impl TableArguments {
    /// As resolved.
    ///
    /// # Errors
    /// An encoding or delimiter that is none.
    pub fn form(&self) -> Result<TableForm> {
        let encoding = self.encoding.as_deref().map(Encoding::typed).transpose();
        Ok(TableForm {
            encoding: encoding.map_err(|e| Error::new(format!("--encoding: {e}")))?,
            delimiter: self.delimiter.as_deref().map(delimiter).transpose()?,
            sheet: self.sheet.clone(),
        })
    }
}

/// Says of each table what it was taken for (读取说明).
pub(super) fn say_tables(tables: &[TableFacts], terminal: &Terminal) {
    for table in tables {
        let path = &table.path;
        let said = match (table.encoding, &table.sheet) {
            (_, Some(sheet)) => format!("{} {sheet}", terminal.lang.pick("sheet", "工作表")),
            (Some(encoding), None) => {
                format!("{} {}", terminal.lang.pick("encoding", "编码"), encoding.name())
            }
            (None, None) => continue,
        };
        terminal.say(format!("{path}: {said}"));
    }
}
