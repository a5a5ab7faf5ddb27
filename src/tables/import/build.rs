//! The files of a scheme folder from the draft.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;

use super::super::condition::{Condition, SetRef};
use super::super::scheme::{ComplicationLevel, OPERATIONS};
use super::Imported;
use super::draft::{AdrgDraft, Draft, DrgDraft, MdcDraft};
use super::ledger::{Ledger, Problem};
use super::mapping::{Ambiguous, Join, Mapping, OWN_SET, OtherwiseWord, Source};
use super::sheets::mdc_set;
use crate::diagnostics::{Error, Lang, Place, Result, did_you_mean, suggestion};

/// A condition that never holds, for a row whose own is not known.
const NEVER: &str = "false";

/// Puts the draft into the order of the tables.
pub(super) fn build(
    id: &str,
    mapping: &Mapping,
    source: &Source<'_>,
    draft: Draft,
    ledger: Ledger,
) -> Result<Imported> {
    let mut builder = Builder {
        mapping,
        source,
        draft: &draft,
        ledger,
        rows: Vec::new(),
        errors: Vec::new(),
    };
    let placed = builder.placed_adrgs();
    let mdcs = builder.ordered_mdcs();
    for mdc in &mdcs {
        builder.mdc(mdc, placed.get(mdc.code.as_str()).map_or(&[], Vec::as_slice));
    }
    builder.homeless_groups();
    builder.unused_conditions();
    builder.exclusion_remarks();
    let Builder {
        rows,
        errors,
        mut ledger,
        ..
    } = builder;
    Error::all(errors)?;
    if rows.is_empty() {
        return Err(Error::at(
            source.place.clone(),
            "the workbook gives no MDC; nothing can be made of it",
        ));
    }
    ledger.sort();
    let count = |level: &str| {
        let codes = rows.iter().filter(|row| row.level == level).map(|row| &row.code);
        codes.collect::<BTreeSet<_>>().len()
    };
    let counts = [count("mdc"), count("adrg"), count("drg")];
    let files = vec![
        ("codesets.csv", codesets(&draft)?),
        ("complications.csv", complications(&draft)?),
        ("exclusions.csv", exclusions(&draft)?),
        ("groups.csv", groups(&rows)?),
        ("or_procedures.csv", operations(&draft)?),
        ("rules.csv", rules(&rows)?),
        ("scheme.toml", header(id, mapping).into_bytes()),
    ];
    // what a scheme has none of it inherits: an empty file would stand in the way
    let inherits = mapping.scheme.extends.is_some();
    let files = files
        .into_iter()
        .filter(|(_, bytes)| !inherits || bytes.iter().filter(|byte| **byte == b'\n').count() > 1)
        .collect();
    Ok(Imported {
        files,
        ledger,
        counts,
    })
}

/// One row of `rules.csv`.
struct RuleRow {
    level: &'static str,
    code: String,
    parent: String,
    when: String,
    otherwise: &'static str,
    name: String,
}

struct Builder<'a> {
    mapping: &'a Mapping,
    source: &'a Source<'a>,
    draft: &'a Draft,
    ledger: Ledger,
    rows: Vec<RuleRow>,
    errors: Vec<Error>,
}

impl<'a> Builder<'a> {
    /// The MDCs the mapping puts first, then the others as the workbook has them.
    fn ordered_mdcs(&self) -> Vec<&'a MdcDraft> {
        let mut mdcs: Vec<&MdcDraft> = self.draft.mdcs.all().iter().collect();
        let first = &self.mapping.mdc.first;
        mdcs.sort_by_key(|mdc| {
            first
                .iter()
                .position(|code| *code == mdc.code)
                .unwrap_or(first.len())
        });
        mdcs
    }

    /// The core groups by MDC; one without an MDC is told and left out.
    fn placed_adrgs(&mut self) -> BTreeMap<&'a str, Vec<&'a AdrgDraft>> {
        let mut placed: BTreeMap<&str, Vec<&AdrgDraft>> = BTreeMap::new();
        for adrg in self.draft.adrgs.all() {
            let mdcs = self.draft.mdcs.all().iter().map(|mdc| mdc.code.as_str());
            let fits = |code: &&str| match &adrg.mdc {
                Some(mdc) => code == mdc,
                None => adrg.code.starts_with(code),
            };
            match mdcs.filter(fits).max_by_key(|code| code.len()) {
                Some(mdc) => placed.entry(mdc).or_default().push(adrg),
                None => {
                    let expected = self.say(
                        "stands under no MDC of the workbook; left out with its groups",
                        "不属于工作簿中任何MDC，连同其细分组一并略过",
                    );
                    self.ledger.withdraw(&adrg.at, &adrg.code, expected);
                }
            }
        }
        placed
    }

    fn say(&self, en: &'static str, zh: &'static str) -> &'static str {
        self.ledger.lang().pick(en, zh)
    }

    // ---- rows ---------------------------------------------------------------------------------

    fn mdc(&mut self, mdc: &MdcDraft, adrgs: &[&AdrgDraft]) {
        let set = mdc_set(&mdc.code);
        let template = self
            .mapping
            .mdc
            .when_of
            .get(&mdc.code)
            .unwrap_or(&self.mapping.mdc.when);
        let lacks = template.as_ref().contains(OWN_SET) && self.draft.sets.get(&set).is_none();
        let when = if lacks {
            let expected = self.say(
                "this MDC has no list of principal diagnoses; no case enters it",
                "该MDC没有主诊表，不会有病例进入",
            );
            self.ledger.remark(Problem::NoList, &mdc.at, &mdc.code, expected);
            NEVER.to_owned()
        } else {
            self.condition(template, Some(&set))
        };
        self.named(&mdc.name, &mdc.code, &mdc.at);
        self.push("mdc", &mdc.code, "", when, "", &mdc.name);
        let rows: Vec<&Ambiguous> = self.mapping.ambiguous.iter().collect();
        let of_mdc = |row: &&&Ambiguous| *row.mdc.as_ref() == mdc.code;
        for adrg in adrgs {
            let before = |row: &&&Ambiguous| row.before.as_ref().is_some_and(|b| *b.as_ref() == adrg.code);
            for row in rows.iter().filter(of_mdc).filter(before) {
                self.ambiguous(row);
            }
            self.adrg(adrg, &mdc.code);
        }
        let known = |code: &str| adrgs.iter().any(|adrg| adrg.code == code);
        for row in rows.iter().filter(of_mdc) {
            match &row.before {
                None => self.ambiguous(row),
                Some(before) if !known(before.as_ref()) => {
                    let message = format!("MDC `{}` has no core group `{}`", mdc.code, before.as_ref());
                    self.errors.push(self.source.error(before, message));
                }
                Some(_) => {}
            }
        }
    }

    fn ambiguous(&mut self, row: &Ambiguous) {
        let when = self.condition(&row.when, None);
        self.push("ambiguous", &row.code, row.mdc.as_ref(), when, "", &row.name);
    }

    fn adrg(&mut self, adrg: &AdrgDraft, mdc: &str) {
        let when = match self.mapping.adrg.when_of.get(&adrg.code) {
            Some(when) => self.condition(when, None),
            None => self.words_of(adrg),
        };
        self.unused_lists(adrg, &when);
        let otherwise = match self.mapping.adrg.otherwise {
            OtherwiseWord::Group => "group",
            OtherwiseWord::Continue => "continue",
        };
        self.named(&adrg.name, &adrg.code, &adrg.at);
        self.push("adrg", &adrg.code, mdc, when, otherwise, &adrg.name);
        let mut drgs = self.ordered_drgs(&adrg.code);
        if drgs.is_empty() {
            let expected = self.say("this core group has no groups", "该核心组没有细分组");
            self.ledger
                .remark(Problem::NoGroups, &adrg.at, &adrg.code, expected);
        }
        for drg in drgs.drain(..) {
            let when = self.drg_condition(drg);
            self.named(&drg.name, &drg.code, &drg.at);
            self.push("drg", &drg.code, &adrg.code, when, "", &drg.name);
        }
    }

    /// What the titles above a core group's lists say: runs of `and`, joined by `or`.
    fn words_of(&mut self, adrg: &AdrgDraft) -> String {
        let mut runs: Vec<Vec<String>> = Vec::new();
        for (number, set) in &adrg.parts {
            let Some(part) = self.mapping.part.get(*number) else {
                continue;
            };
            let Some(when) = &part.when else { continue };
            let test = self.condition(when, Some(set));
            match runs.last_mut() {
                Some(run) if part.join == Join::And => run.push(test),
                _ => runs.push(vec![test]),
            }
        }
        if runs.is_empty() {
            let expected = self.say(
                "no list with a condition, and none under `[adrg.when_of]` of the mapping; no case enters it",
                "没有带条件的列表，映射文件[adrg.when_of]中也没有条件，不会有病例进入",
            );
            self.ledger
                .remark(Problem::NoList, &adrg.at, &adrg.code, expected);
            return NEVER.to_owned();
        }
        let several = runs.len() > 1;
        let runs = runs.into_iter().map(|run| match run.as_slice() {
            [only] => only.clone(),
            run if several => format!("({})", run.join(" and ")),
            run => run.join(" and "),
        });
        runs.collect::<Vec<_>>().join(" or ")
    }

    /// A condition of the mapping takes the place of what the titles say: a list it does not look
    /// into must not go unseen.
    fn unused_lists(&mut self, adrg: &AdrgDraft, when: &str) {
        let Ok(condition) = Condition::parse(when) else {
            return; // told already
        };
        let looked_into = |set: &str| {
            condition
                .sets()
                .any(|named| matches!(named, SetRef::Named { name, .. } if name == set))
        };
        for (_, set) in adrg.parts.iter().filter(|(_, set)| !looked_into(set)) {
            let expected = match self.ledger.lang() {
                Lang::En => format!(
                    "the condition of {} does not look into this list: {when}",
                    adrg.code
                ),
                Lang::Zh => format!("{}的条件未使用该列表：{when}", adrg.code),
            };
            self.ledger
                .remark(Problem::UnusedList, &adrg.at, &format!("@{set}"), expected);
        }
    }

    /// Groups in the order of their endings; those with none of them first.
    fn ordered_drgs(&self, adrg: &str) -> Vec<&'a DrgDraft> {
        let mut drgs: Vec<&DrgDraft> = self
            .draft
            .drgs
            .all()
            .iter()
            .filter(|drg| drg.adrg == adrg)
            .collect();
        drgs.sort_by_key(|drg| self.ending(drg).map_or(0, |at| at + 1));
        drgs
    }

    fn ending(&self, drg: &DrgDraft) -> Option<usize> {
        let ending = drg.code.strip_prefix(drg.adrg.as_str())?;
        self.mapping
            .drg
            .ending
            .iter()
            .position(|known| known.is == ending)
    }

    fn drg_condition(&mut self, drg: &DrgDraft) -> String {
        if let Some(when) = self.mapping.drg.when_of.get(&drg.code) {
            return self.condition(when, None);
        }
        match self.ending(drg).and_then(|at| self.mapping.drg.ending.get(at)) {
            Some(ending) => self.condition(&ending.when, None),
            None => {
                let expected = self.say(
                    "its ending has no condition under `[[drg.ending]]` of the mapping; no case enters it",
                    "映射文件[[drg.ending]]中没有该尾码的条件，不会有病例进入",
                );
                self.ledger
                    .remark(Problem::UnknownEnding, &drg.at, &drg.code, expected);
                NEVER.to_owned()
            }
        }
    }

    fn named(&mut self, name: &str, code: &str, at: &super::ledger::At) {
        if name.is_empty() {
            let expected = self.say("expected a name", "缺名称");
            self.ledger.remark(Problem::NoName, at, code, expected);
        }
    }

    fn push(
        &mut self,
        level: &'static str,
        code: &str,
        parent: &str,
        when: String,
        otherwise: &'static str,
        name: &str,
    ) {
        self.rows.push(RuleRow {
            level,
            code: code.to_owned(),
            parent: parent.to_owned(),
            when,
            otherwise,
            name: name.to_owned(),
        });
    }

    /// A condition of the mapping with its own list put in; every list it names must exist.
    fn condition(&mut self, template: &Spanned<String>, own: Option<&str>) -> String {
        let text = template.as_ref();
        let when = match own {
            Some(set) => text.replace(OWN_SET, &format!("@{set}")),
            None => text.clone(),
        };
        match Condition::parse(&when) {
            Ok(condition) => self.check_sets(template, &condition),
            Err(fault) => {
                let message = format!("condition `{when}`: {}", fault.message);
                self.errors.push(self.source.error(template, message));
            }
        }
        when
    }

    fn check_sets(&mut self, template: &Spanned<String>, condition: &Condition) {
        for set in condition.sets() {
            let SetRef::Named { name, .. } = set else { continue };
            let inherited = self.mapping.scheme.extends.is_some();
            if name == OPERATIONS {
                if self.draft.operations.is_empty() && !inherited {
                    let message =
                        format!("`@{name}` is empty: no sheet of kind `operations` gave a procedure");
                    self.errors.push(self.source.error(template, message));
                }
            } else if self.draft.sets.get(name).is_none() && !inherited {
                let known = self.draft.sets.all().iter().map(|set| set.name.as_str());
                let hint = did_you_mean(name, known.chain([OPERATIONS]))
                    .map_or_else(String::new, |near| format!("; did you mean `@{near}`?"));
                let message = format!("the workbook gives no list `@{name}`{hint}");
                self.errors.push(self.source.error(template, message));
            }
        }
    }

    // ---- remarks about the whole ---------------------------------------------------------------

    fn homeless_groups(&mut self) {
        for drg in self.draft.drgs.all() {
            if self.draft.adrgs.get(&drg.adrg).is_none() {
                let expected = self.say(
                    "its core group is not in the workbook; left out",
                    "其核心组不在工作簿中，略过",
                );
                self.ledger.withdraw(&drg.at, &drg.code, expected);
            }
        }
    }

    /// Conditions for codes that the workbook does not have.
    fn unused_conditions(&mut self) {
        let (mapping, draft) = (self.mapping, self.draft);
        let mdcs: BTreeSet<&str> = draft.mdcs.all().iter().map(|mdc| mdc.code.as_str()).collect();
        let adrgs: BTreeSet<&str> = draft.adrgs.all().iter().map(|adrg| adrg.code.as_str()).collect();
        let drgs: BTreeSet<&str> = draft.drgs.all().iter().map(|drg| drg.code.as_str()).collect();
        let tables = [
            (&mapping.mdc.when_of, &mdcs),
            (&mapping.adrg.when_of, &adrgs),
            (&mapping.drg.when_of, &drgs),
        ];
        for (conditions, known) in tables {
            for (code, when) in conditions
                .iter()
                .filter(|(code, _)| !known.contains(code.as_str()))
            {
                self.unused(&self.source.place_of(when), code, known);
            }
        }
        let homeless = |row: &&Ambiguous| !mdcs.contains(row.mdc.as_ref().as_str());
        for row in mapping.ambiguous.iter().filter(homeless) {
            self.unused(&self.source.place_of(&row.mdc), row.mdc.as_ref(), &mdcs);
        }
    }

    fn unused(&mut self, place: &Place, code: &str, known: &BTreeSet<&str>) {
        let hint = suggestion(code, known.iter().copied());
        let expected = match self.ledger.lang() {
            Lang::En => format!("the workbook has no such code{hint}"),
            Lang::Zh => format!("工作簿中没有该编码{hint}"),
        };
        self.ledger.remark_mapping(place, code, expected);
    }

    fn exclusion_remarks(&mut self) {
        let mut wanted = BTreeSet::new();
        for row in self.draft.complications.all() {
            let Some(list) = row.exclusion else { continue };
            wanted.insert(list);
            if !self.draft.exclusion_lists.contains_key(&list) && !self.inherits_exclusions() {
                let expected = match self.ledger.lang() {
                    Lang::En => {
                        format!("exclusion list {list} does not exist; nothing excludes this diagnosis")
                    }
                    Lang::Zh => format!("排除表{list}不存在，该诊断不会被排除"),
                };
                self.ledger
                    .remark(Problem::UnknownExclusion, &row.at, &row.code, expected);
            }
        }
        for (list, at) in &self.draft.exclusion_lists {
            if !wanted.contains(list) {
                let expected = self.say(
                    "no MCC or CC belongs to this exclusion list",
                    "没有MCC或CC属于该排除表",
                );
                self.ledger
                    .remark(Problem::UnusedExclusion, at, &list.to_string(), expected);
            }
        }
    }

    /// A scheme without exclusions of its own takes those it extends.
    fn inherits_exclusions(&self) -> bool {
        self.mapping.scheme.extends.is_some() && self.draft.exclusions.is_empty()
    }
}

// ---- files ------------------------------------------------------------------------------------

fn table(columns: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |e: csv::Error| Error::new(format!("a table could not be made: {e}"));
    writer.write_record(columns).map_err(failed)?;
    for row in rows {
        writer.write_record(row).map_err(failed)?;
    }
    writer
        .into_inner()
        .map_err(|e| Error::new(format!("a table could not be made: {}", e.error())))
}

fn codesets(draft: &Draft) -> Result<Vec<u8>> {
    let mut rows = Vec::new();
    for set in draft.sets.all() {
        if set.codes.is_empty() {
            rows.push(vec![set.name.clone(), String::new(), String::new()]);
        }
        let codes = set.codes.iter();
        rows.extend(codes.map(|(code, site)| vec![set.name.clone(), code.clone(), site.clone()]));
    }
    table(&["set", "code", "site"], rows)
}

fn complications(draft: &Draft) -> Result<Vec<u8>> {
    let rows = draft.complications.all().iter().map(|row| {
        let level = match row.level {
            ComplicationLevel::Mcc => "MCC",
            ComplicationLevel::Cc => "CC",
        };
        let exclusion = row.exclusion.map_or_else(String::new, |list| list.to_string());
        vec![row.code.clone(), level.to_owned(), exclusion]
    });
    table(&["code", "level", "exclusion"], rows)
}

fn exclusions(draft: &Draft) -> Result<Vec<u8>> {
    let rows = draft.exclusions.iter();
    table(
        &["principal", "exclusion"],
        rows.map(|(list, code)| vec![code.clone(), list.to_string()]),
    )
}

fn operations(draft: &Draft) -> Result<Vec<u8>> {
    table(&["code"], draft.operations.iter().map(|code| vec![code.clone()]))
}

/// Names of groups and ambiguous codes, each once.
fn groups(rows: &[RuleRow]) -> Result<Vec<u8>> {
    let mut seen = BTreeSet::new();
    let named = rows.iter().filter(|row| matches!(row.level, "drg" | "ambiguous"));
    let names: Vec<Vec<String>> = named
        .filter(|row| seen.insert(&row.code))
        .map(|row| vec![row.code.clone(), row.name.clone()])
        .collect();
    table(&["drg", "name"], names)
}

fn rules(rows: &[RuleRow]) -> Result<Vec<u8>> {
    let cells = |row: &RuleRow| {
        let otherwise = row.otherwise.to_owned();
        let level = row.level.to_owned();
        vec![
            level,
            row.code.clone(),
            row.parent.clone(),
            row.when.clone(),
            otherwise,
            row.name.clone(),
        ]
    };
    table(
        &["level", "code", "parent", "when", "otherwise", "name"],
        rows.iter().map(cells),
    )
}

fn header(id: &str, mapping: &Mapping) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let facts = &mapping.scheme;
    let extends = facts
        .extends
        .as_ref()
        .map(|parent| format!("extends = {}\n", quoted(parent)));
    format!(
        "id = {}\nname = {}\nkind = \"drg\"\n{}codes = {{ diagnosis = {}, procedure = {} }}\nsource = {}\nevidence = {}\n",
        quoted(id),
        quoted(facts.name.as_ref()),
        extends.unwrap_or_default(),
        quoted(&facts.codes.diagnosis),
        quoted(&facts.codes.procedure),
        quoted(&facts.source),
        quoted(facts.evidence.as_str()),
    )
}
