//! ICD codes, group codes and hospital levels (编码): syntax, normal form, lists with names.

mod level;
mod list;
mod syntax;

pub use level::HospitalLevel;
pub use list::CodeList;
pub use syntax::{is_diagnosis, is_procedure, normal_form};
