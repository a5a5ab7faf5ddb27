//! ICD codes, group codes and hospital levels (编码): syntax, normal form, lists with names.

mod level;

pub use level::HospitalLevel;
