//! Tables of a simulation (模拟报表): what changes, for whom, by which lever; every chart is drawn
//! from one of them.

mod columns;
mod effects;
mod money;
mod page;
mod patients;
mod record;
mod studies;
mod who;

pub use page::simulation_page;
pub use record::{Repeat, repeat_json, simulation_remarks};

use super::Table;
use crate::diagnostics::Lang;
use crate::scenarios::simulate::{
    Attributes, Attribution, CorridorOfRun, Crosswalk, Engine, Mix, Outcome, PatientPart, QualityOfRun,
    Remark, Resolved, Run, Studies,
};

/// A table and the file it is written to (报表文件).
#[derive(Clone, Debug)]
pub struct Named {
    /// Path below the folder of results, without `.csv`.
    pub file: String,
    /// The table.
    pub table: Table,
}

/// Everything a simulation found (模拟结果).
pub struct Simulated<'a> {
    /// What was asked.
    pub resolved: &'a Resolved,
    /// Attributes of hospitals.
    pub attributes: &'a Attributes,
    /// The baseline's run.
    pub base: &'a Run,
    /// The reform's run.
    pub reform: &'a Run,
    /// The reform without behaviour.
    pub fixed: &'a Outcome,
    /// What each lever did.
    pub attribution: &'a Attribution,
    /// Corridor of the reform.
    pub corridor: &'a CorridorOfRun,
    /// Old to new groups, where the grouper changes.
    pub crosswalk: Option<&'a Crosswalk>,
    /// Cases and weights of the groups under both.
    pub mixes: &'a [Mix],
    /// Kinds of patients.
    pub patients: &'a [PatientPart],
    /// Assessment of the reform.
    pub quality: &'a QualityOfRun,
    /// Changes that change nothing.
    pub idle: &'a [Remark],
    /// What else was looked into.
    pub studies: &'a Studies,
}

/// All tables of a simulation, in the order of a report (全部报表).
pub fn simulation_tables(found: &Simulated<'_>, engine: &Engine<'_>, lang: Lang) -> Vec<Named> {
    let groups = effects::groups(found, lang);
    let mut tables = vec![
        who::headline(found, lang),
        who::impact(found, lang),
        who::hospitals(found, lang),
        who::winners(found, lang),
        who::winners_by_part(found, lang),
        effects::waterfall(found, lang),
        effects::shapley(found, lang),
        effects::shapley_by_hospital(found, lang),
        who::fairness_table(found, lang),
        who::lorenz(found, lang),
        money::shares_by_level(found, lang),
        effects::groups_moved(&groups, lang),
        groups,
        effects::multiples(found, lang),
        money::multiples_by_hospital(found, lang),
    ];
    tables.extend(patients::patients(found, lang));
    tables.extend(money::quality_tables(found, lang));
    tables.extend(effects::corridor_tables(found, lang));
    tables.extend(effects::crosswalk_tables(found, lang));
    tables.extend(studies::study_tables(found, lang));
    tables.push(record::changes(found.resolved, lang));
    tables.push(record::catalogue(lang));
    tables.push(record::remarks(found, lang));
    tables.push(record::stages(engine, lang));
    tables.push(record::assumptions(found, lang));
    for (folder, outcome) in [
        ("baseline", &found.base.outcome),
        ("reform", &found.reform.outcome),
    ] {
        tables.extend(who::outcome_tables(folder, outcome, lang));
    }
    tables
}

/// The dictionary of tables, as a table.
pub fn dictionary(tables: &[Named], lang: Lang) -> Named {
    Named {
        file: "dictionary".to_owned(),
        table: columns::dictionary(tables, lang),
    }
}
