//! A catalogue of packets built from history.

use std::path::{Path, PathBuf};

use hashbrown::HashMap;

use super::Watch;
use super::door::refuse_foreign_codes;
use crate::diagnostics::{Error, Evidence, Place, Result};
use crate::grouper::{Grouper, Workspace};
use crate::records::{Checked, Checker, Column, Depth, Intake, RowReader, in_order};
use crate::reports::{
    CatalogueCounts, GROUPS, MEAN_COSTS, SchemeKeys, WEIGHTS, catalogue_report_csv, catalogue_summary_csv,
    catalogue_weights, groups_csv, mean_costs_csv, primary_care_csv, scheme_toml, write_together,
};
use crate::scenarios::Hospital;
use crate::scenarios::catalogue::{
    Catalogue, CataloguePlan, CatalogueRow, History, Keys, LeftOut, Placed, Seen, choose_keys, rows_of,
    rows_to_drop, score_rows,
};
use crate::tables::{CodeLists, Compiled, Library, Scheme, TreatmentType, code_list_version};

/// Times that cases are placed and scored before a catalogue is taken as it is: a row's score may
/// decide between rows, and so which cases it is made of.
const ROUNDS: usize = 6;

/// Build a catalogue of packets (病种目录测算).
#[derive(Clone, Debug)]
pub struct CatalogueRequest {
    /// The records of the years.
    pub records: PathBuf,
    /// How the records are to be read.
    pub intake: Intake,
    /// What to build, a TOML file.
    pub plan: PathBuf,
    /// Where tables are looked for before the usual places.
    pub tables: Vec<PathBuf>,
    /// A folder of tables: the scheme is made in a folder of it, by its id.
    pub output: PathBuf,
}

/// What was built.
#[derive(Clone, Debug)]
pub struct BuiltCatalogue {
    /// Its id.
    pub id: String,
    /// The folder of the scheme.
    pub folder: PathBuf,
    /// Records read.
    pub read: u64,
    /// Cases it is built of.
    pub used: u64,
    /// Of these, in core rows and in any row.
    pub in_core: u64,
    /// In any row.
    pub in_rows: u64,
    /// Core rows.
    pub core_rows: usize,
    /// Comprehensive rows.
    pub comprehensive_rows: usize,
    /// Cases that changed their row in the last round.
    pub moved: u64,
    /// Years of the plan without a case: the others' shares were reweighed.
    pub missing_years: Vec<i16>,
}

/// Builds a catalogue and writes `scheme.toml`, `groups.csv`, `mean-costs.csv`, `weights.csv`, and the reports
/// `report.csv` and `summary.csv` (病种目录测算).
///
/// # Errors
/// Plan, tables or records cannot be used; no packet has enough cases; output cannot be written.
pub fn build_catalogue(request: &CatalogueRequest, watch: &Watch<'_>) -> Result<BuiltCatalogue> {
    let plan = CataloguePlan::load(&request.plan)?;
    let library = Library::find(&request.tables)?;
    let base = Grouper::new(Compiled::new(Scheme::load(&library, plan.scheme_key("extends"))?));
    if base.scheme().packets().is_none() {
        let message = format!(
            "[scheme]: extends = `{}` is no scheme of kind dip; expected one",
            plan.scheme_key("extends")
        );
        return Err(Error::at(Place::file(&request.plan), message));
    }
    let lists = CodeLists::of(&library, base.scheme())?;
    let mut building = Building {
        request,
        watch,
        hospitals: match &plan.build.primary {
            Some(primary) => Hospital::load_all(&primary.hospitals)?,
            None => HashMap::new(),
        },
        plan,
        base,
        history: History::default(),
        read: 0,
    };
    building.try_scheme()?;
    building.look_at_history(&library)?;
    let at_plan = |overflow: crate::units::Overflow| Error::new(overflow.to_string());
    let keys = choose_keys(&building.history, &building.plan.build).map_err(at_plan)?;
    let rows = rows_of(&keys, &building.plan.build, &lists);
    if rows.is_empty() {
        return Err(Error::new(format!(
            "no packet has enough cases: {} cases, and a core packet needs {}",
            building.history.len(),
            keys.core_min
        )));
    }
    let made = building.settle(rows, &keys)?;
    building.write(&made, &keys)
}

/// A catalogue on its way.
struct Building<'r> {
    request: &'r CatalogueRequest,
    watch: &'r Watch<'r>,
    plan: CataloguePlan,
    base: Grouper,
    /// By code, where packets of primary care are chosen.
    hospitals: HashMap<String, Hospital>,
    history: History,
    read: u64,
}

/// A catalogue that its own grouper agrees with, or the last of the rounds.
struct Made {
    /// With the scores and means to be written.
    written: Catalogue,
    /// What its grouper makes of the history by these.
    reported: Catalogue,
    dropped: usize,
    moved: u64,
}

impl Building<'_> {
    fn look_at_history(&mut self, library: &Library) -> Result<()> {
        let lists = code_list_version(library, &self.base.scheme().code_lists().diagnosis)?;
        let intake = self.request.intake.clone().for_grouping();
        let reader = RowReader::open_all(&self.request.records, &intake)?;
        refuse_foreign_codes(&lists, &reader)?;
        let mut history = History::default();
        self.read = self.each_record(
            |work, checked, checker, date| self.seen(work, checked, checker, date),
            |seen| history.add(seen),
        )?;
        self.history = history;
        Ok(())
    }

    /// A case as the scheme that is extended sees it.
    fn seen(
        &self,
        work: &mut Workspace,
        checked: Checked,
        checker: &Checker<'_>,
        date: &str,
    ) -> std::result::Result<Seen, LeftOut> {
        if checked != Checked::Case {
            return Err(LeftOut::Rejected);
        }
        let grouping = self.base.group(checker.case(), work);
        let build = &self.plan.build;
        Seen::of(
            checker.case(),
            date,
            (self.base.scheme(), &grouping),
            (&build.years, build.diagnosis_characters),
            self.at_primary(checker.case().hospital()),
        )
    }

    /// Whether a hospital is one of primary care; `None`: it is not on the list.
    fn at_primary(&self, hospital: &str) -> Option<bool> {
        match &self.plan.build.primary {
            None => Some(false),
            Some(primary) => {
                let hospital = self.hospitals.get(hospital)?;
                Some(primary.is_primary(hospital.level))
            }
        }
    }

    /// Visits every record in order; how many there are.
    fn each_record<T: Send>(
        &self,
        look: impl Fn(&mut Workspace, Checked, &Checker<'_>, &str) -> T + Sync,
        mut take: impl FnMut(T),
    ) -> Result<u64> {
        let intake = self.request.intake.clone().for_grouping();
        let reader = RowReader::open_all(&self.request.records, &intake)?;
        for column in [Column::TotalFee, Column::DischargeDate] {
            if reader.header().field(column).is_none() {
                let place = Place {
                    file: reader.file().clone(),
                    line: Some(1),
                    column: None,
                };
                let message = format!(
                    "F001: column `{}` ({}) is missing",
                    column.name(),
                    column.chinese()
                );
                return Err(Error::at(place, message));
            }
        }
        let date = reader.header().field(Column::DischargeDate).unwrap_or(0);
        let counts = in_order(
            reader,
            Depth::Grouping,
            self.watch.lang,
            self.watch.threads,
            || (Workspace::default(), Vec::new()),
            |(work, looked), checked, checker| {
                let cell = match checked {
                    Checked::Unreadable => "",
                    _ => checker.row().field(date),
                };
                looked.push(look(work, checked, checker, cell));
            },
            |batch| {
                batch.output.1.into_iter().for_each(&mut take);
                (self.watch.advance)(batch.bytes);
                Ok(())
            },
        )?;
        Ok(counts.read)
    }

    /// Places and scores until the catalogue's grouper puts every case where its scores come from.
    fn settle(&self, mut rows: Vec<CatalogueRow>, keys: &Keys) -> Result<Made> {
        let build = &self.plan.build;
        let score = |rows: &[CatalogueRow], placed: &[Placed]| {
            score_rows(rows.to_vec(), &self.history, placed, (build, keys))
        };
        let all = rows.len();
        let mut placed = self.place(&rows, None)?;
        let mut written = score(&rows, &placed)?;
        loop {
            let out = rows_to_drop(&written, build);
            if out.is_empty() {
                break;
            }
            rows.retain(|row| !out.contains(&row.code));
            placed = self.place(&rows, None)?;
            written = score(&rows, &placed)?;
        }
        let mut moved = 0;
        for round in 1..=ROUNDS {
            let next = self.place(&rows, Some(&written))?;
            let differ = placed.iter().zip(&next).filter(|(before, now)| before != now);
            moved = differ.count() as u64;
            placed = next;
            if moved == 0 || round == ROUNDS {
                break;
            }
            written = score(&rows, &placed)?;
        }
        // what is reported is what grouping by the scores as written gives
        let mut reported = score(&rows, &placed)?;
        for (report, written) in reported.reports.iter_mut().zip(&written.reports) {
            report.score.clone_from(&written.score);
        }
        Ok(Made {
            written,
            reported,
            dropped: all - rows.len(),
            moved,
        })
    }

    /// Where a catalogue's grouper puts the cases of the history, in order.
    fn place(&self, rows: &[CatalogueRow], scored: Option<&Catalogue>) -> Result<Vec<Placed>> {
        let grouper = self.grouper(rows, scored)?;
        let row_of = |code: &str| rows.binary_search_by(|row| row.code.as_str().cmp(code)).ok();
        let mut placed = Vec::with_capacity(self.history.len());
        self.each_record(
            |work, checked, checker, date| {
                let is_of_history = self.seen(work, checked, checker, date).is_ok();
                is_of_history.then(|| {
                    let grouping = grouper.group(checker.case(), work);
                    row_of(grouping.code(grouper.scheme()))
                })
            },
            |place: Option<Placed>| placed.extend(place),
        )?;
        Ok(placed)
    }

    /// The grouper of a catalogue, loaded from files as anybody will load it.
    fn grouper(&self, rows: &[CatalogueRow], scored: Option<&Catalogue>) -> Result<Grouper> {
        let tables =
            tempfile::tempdir().map_err(|e| Error::io(Path::new("."), "could not be written", &e))?;
        let folder = tables.path().join(self.plan.scheme_key("id"));
        let files = self.scheme_files(rows, scored)?;
        write_together(
            files
                .iter()
                .map(|(name, text)| (folder.join(name), text.as_slice())),
        )?;
        let mut places = vec![tables.path().to_owned()];
        places.extend(self.request.tables.iter().cloned());
        let scheme = Scheme::load(&Library::find(&places)?, self.plan.scheme_key("id"));
        // nobody knows the folder it was tried in
        let here = format!("{}{}", tables.path().display(), std::path::MAIN_SEPARATOR);
        let told = |e: Error| {
            let message = format!("[scheme]: {}", e.to_string().replace(&here, ""));
            Error::at(Place::file(&self.request.plan), message)
        };
        Ok(Grouper::new(Compiled::new(scheme.map_err(told)?)))
    }

    /// Tries the keys of the scheme before the records are read.
    fn try_scheme(&self) -> Result<()> {
        let row = CatalogueRow {
            code: "A00".to_owned(),
            is_core: true,
            diagnosis: "A00".to_owned(),
            procedures: Vec::new(),
            kind: Some(TreatmentType::Conservative),
            name: String::new(),
        };
        self.grouper(&[row], None).map(drop)
    }

    /// The plan's years that have cases, or those that have none.
    fn years(&self, with_cases: bool) -> Vec<i16> {
        let seen = self.history.years();
        let years = self.plan.build.years.iter().enumerate();
        years
            .filter(|(place, _)| seen.contains(place) == with_cases)
            .map(|(_, year)| *year)
            .collect()
    }

    /// The files of the scheme.
    fn scheme_files(
        &self,
        rows: &[CatalogueRow],
        scored: Option<&Catalogue>,
    ) -> Result<Vec<(&'static str, Vec<u8>)>> {
        let reports = scored.map_or(&[][..], |catalogue| catalogue.reports.as_slice());
        let lists = self.base.scheme().code_lists();
        let years: Vec<String> = self.years(true).iter().map(i16::to_string).collect();
        let keys = SchemeKeys {
            own: &self.plan.scheme,
            code_lists: (&lists.diagnosis, &lists.procedure),
            source: format!("built of {} cases of {}", self.history.len(), years.join(", ")),
        };
        let mut files = vec![
            ("scheme.toml", scheme_toml(&keys)?.into_bytes()),
            (GROUPS, groups_csv(rows, reports).bytes().to_vec()),
        ];
        files.extend(scored.map(|catalogue| (MEAN_COSTS, mean_costs_csv(catalogue).bytes().to_vec())));
        Ok(files)
    }

    /// The evidence of the scheme as it is read back: what its scores stand on.
    fn loaded_evidence(&self, rows: &[CatalogueRow], scored: &Catalogue) -> Result<Evidence> {
        Ok(self.grouper(rows, Some(scored))?.scheme().evidence())
    }

    fn write(&self, made: &Made, keys: &Keys) -> Result<BuiltCatalogue> {
        let catalogue = &made.reported;
        let id = self.plan.scheme_key("id").to_owned();
        let folder = self.request.output.join(&id);
        let counts = CatalogueCounts {
            history: &self.history,
            keys,
            read: self.read,
            dropped: made.dropped,
            moved: made.moved,
        };
        let mut files = self.scheme_files(&catalogue.rows, Some(&made.written))?;
        files.push(("report.csv", catalogue_report_csv(catalogue).bytes().to_vec()));
        let evidence = self.loaded_evidence(&catalogue.rows, &made.written)?;
        let weights = catalogue_weights(&made.written, evidence, self.history.len() as u64)?;
        files.push((WEIGHTS, weights));
        let summary = catalogue_summary_csv(catalogue, &counts);
        files.push(("summary.csv", summary.bytes().to_vec()));
        if self.plan.build.primary.is_some() {
            files.push(("primary-care.csv", primary_care_csv(catalogue).bytes().to_vec()));
        }
        write_together(
            files
                .iter()
                .map(|(name, text)| (folder.join(name), text.as_slice())),
        )?;
        let cases = |core: bool| -> u64 {
            let rows = catalogue.rows.iter().zip(&catalogue.reports);
            let rows = rows.filter(|(row, _)| !core || row.is_core);
            rows.map(|(_, report)| report.cases).sum()
        };
        let core_rows = catalogue.rows.iter().filter(|row| row.is_core).count();
        Ok(BuiltCatalogue {
            id,
            folder,
            read: self.read,
            used: self.history.len() as u64,
            in_core: cases(true),
            in_rows: cases(false),
            core_rows,
            comprehensive_rows: catalogue.rows.len() - core_rows,
            moved: made.moved,
            missing_years: self.years(false),
        })
    }
}
