//! What the files of a place begin with (文件头): who they are for, what they extend, their documents.

use serde::Deserialize;

use super::literal::Day;

/// How far a file has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    Draft,
    Final,
}

/// A document cited by id.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    pub id: String,
    pub number: Option<String>,
    pub title: Option<String>,
    #[serde(rename = "url")]
    pub _url: Option<String>,
    /// The day it was issued, where a rule asks.
    pub dated: Option<Day>,
}

impl Document {
    /// Its number and title, as far as they are known; else its id.
    pub fn name(&self) -> String {
        match (&self.number, &self.title) {
            (Some(number), Some(title)) => format!("{number}《{title}》"),
            (Some(number), None) => number.clone(),
            (None, Some(title)) => format!("《{title}》"),
            (None, None) => self.id.clone(),
        }
    }
}

/// A file that may extend another.
pub trait Extends {
    fn schema(&self) -> u8;
    fn extends(&self) -> Option<&str>;
}

/// The head of a kind of file: what every head says, and what this one says besides. Keys that are
/// in neither are errors.
macro_rules! head {
    ($(#[$doc:meta])* $name:ident { $( $(#[$field_doc:meta])* $field:ident : $type:ty ),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            pub schema: u8,
            pub extends: Option<String>,
            pub place: String,
            pub status: $crate::benefit::head::Standing,
            /// The day of the last comparison with the documents.
            pub checked_on: $crate::benefit::literal::Day,
            pub plans: Option<Vec<String>>,
            $( $(#[$field_doc])* pub $field: $type, )*
        }
    };
}
pub(super) use head;
