//! Layouts (版式): foreign files as rows of the neutral layout.
//!
//! A layout file says which column of a foreign file is which neutral column ([`Layout`]); a file
//! is told by its headers; its rows are made into neutral text, and everything behind reads that
//! as it reads a neutral file. So the same case comes out of every layout, byte for byte. A layout
//! read backwards writes neutral records as foreign ones ([`LayoutWriter`]).

mod back;
mod choose;
mod cut;
mod dbf;
mod facts;
mod file;
mod forms;
mod join;
mod json;
mod load;
mod names;
mod open;
mod origins;
#[cfg(feature = "parquet")]
mod parquet;
mod plan;
mod sheet;
mod transcode;
mod write;

pub use choose::Chosen;
pub(super) use cut::{CutRow, Cutting, Next};
pub(super) use dbf::{DbfShape, is_dbf};
pub use file::Form;
pub(super) use join::Joined;
pub(super) use json::{Item, JsonFields, Unread, next_item};
pub use load::{Layout, Layouts};
pub(super) use open::{Asked, Bound, Table, bind_messages, bind_table};
pub use open::{Intake, LayoutChoice};
pub use origins::Origins;
#[cfg(feature = "parquet")]
pub(super) use parquet::ParquetRows;
pub use plan::Scope;
pub(super) use sheet::{SheetRow, SheetRows};
pub(super) use transcode::{Mark, NeutralRows, Note, Transcoder, broken, misfit, quote_if_needed};
pub use write::{LayoutRow, LayoutWriter, Loss, Losses};
