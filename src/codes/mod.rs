//! ICD codes, group codes and hospital levels (编码): syntax, normal form, lists with names.

mod index;
mod level;
mod list;
mod syntax;

pub use index::{CodeIndex, LookUp, PackedCode, UNKNOWN, WrittenCode};
pub use level::HospitalLevel;
pub use list::CodeList;
pub use syntax::{damaged_forms, is_diagnosis, is_placeholder, is_procedure, normal_form};
