//! Results → files and words (报表): one file a report, written whole or not at all.

mod calibration;
mod catalogue;
mod charts;
mod claims;
mod comparison;
mod conformance;
mod coverage;
mod crosswalk;
mod csv_text;
mod dbf;
mod earlier;
mod enrolment;
mod findings;
mod findings_book;
mod grouped;
mod identity;
mod import_remarks;
mod ledger_labels;
mod ledger_pages;
mod neutral;
mod output;
mod performance;
mod quality;
mod record_file;
mod reproduced;
mod run_json;
mod sheets;
mod simulate;
mod statements;
mod summary;
mod table;
mod table_book;
mod table_changes;
mod table_findings;
mod table_page;
mod year_pages;

pub use calibration::{CalibrationTables, Remark};
pub use catalogue::{
    CatalogueCounts, GROUPS, MEAN_COSTS, SchemeKeys, WEIGHTS, catalogue_report_csv, catalogue_summary_csv,
    catalogue_weights, groups_csv, mean_costs_csv, primary_care_csv, scheme_toml,
};
pub use charts::{Chart, Draw, Section, chart_page};
pub use claims::{
    Put, changed_bills_csv, changed_payers_csv, changed_sums_csv, claim_slips_csv, claim_sums, claims_json,
    compared_json, explained_json, movements_csv, refused_claims_csv, tiers_csv, vouchers_csv,
};
pub use comparison::comparison_tables;
pub use conformance::{ConformanceCase, EXPECTED_COLUMNS, conformance_header, conformance_row};
pub use coverage::{burden_csv, indicator_words, indicators_csv, link_csv, link_difference, poor_csv};
pub use crosswalk::{CROSSWALK_COLUMNS, Crosswalk, End, MOVED_COLUMNS, Move, Pairs, Tally};
pub use csv_text::CsvText;
pub use earlier::Leftovers;
pub use enrolment::{
    ENROL_FINDING_COLUMNS, ListCounts, bounds_csv, enrol_finding_line, enrol_findings_csv, fees_csv,
    heads_csv, income_csv, list_differences_csv, premium_csv, refunds_csv, stages_csv, structure_csv,
    subsidies_csv,
};
pub use findings::{FINDING_COLUMNS, finding_line, finding_row, findings_csv};
pub use findings_book::FindingsBook;
pub use grouped::{CodeAt, GROUP_COLUMNS, GroupedRows, PACKET_COLUMNS};
pub use identity::result_hash;
pub use import_remarks::{REMARK_COLUMNS, remarks_csv};
pub use ledger_pages::{MONTH_COLUMNS, month_csv, statement_csv, statement_notes, statement_tables};
pub use neutral::{NEUTRAL_COLUMNS, neutral_cells};
pub use output::{Output, write_together};
pub use performance::PerformanceTables;
pub use quality::{QUALITY_COLUMNS, quality_csv};
pub use record_file::RecordFile;
pub use reproduced::Reproduced;
pub use run_json::run_json;
pub use sheets::{BookWritten, Sheet, SheetBook};
pub use simulate::{
    Named, Repeat, Simulated, dictionary, repeat_json, simulation_page, simulation_remarks, simulation_tables,
};
pub use statements::{cases_csv, hospitals_csv, pools_csv, rejected_csv, slips_csv};
pub use summary::{run_summary, sum_of_cases};
pub use table::{Cell, Column, Table};
pub use table_book::{book_bytes, write_book};
pub use table_changes::{CHANGE_COLUMNS, changes_csv, changes_text};
pub use table_findings::{TABLE_FINDING_COLUMNS, table_finding_line, table_findings_csv};
pub use table_page::page;
pub use year_pages::{CaseOfYear, YearPage, clearing_tables, in_words, pool_tables, year_cases_table};
