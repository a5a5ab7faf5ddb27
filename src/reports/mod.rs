//! Results → files and words (报表): one file a report, written whole or not at all.

mod csv_text;
mod findings;
mod grouped;
mod output;

pub use csv_text::CsvText;
pub use findings::{FINDING_COLUMNS, finding_line, finding_row};
pub use grouped::{GROUP_COLUMNS, grouped_header, grouping_cells, input_cells, rejected_cells};
pub use output::{Output, write_whole};
