//! First stretch of a run: records → checked, grouped cases.

use std::sync::Arc;

use super::chain::Inputs;
use super::facts::FactFields;
use super::packet_facts::PacketFacts;
use super::statement::{Money, Rejected, RunResult, Statement};
use crate::diagnostics::{Action, Finding, Lang, Result, Stops};
use crate::grouper::{Grouping, Workspace};
use crate::records::{
    Case, CaseKey, Checked, Checker, Column, Depth, Duplicates, Header, RowReader, RunningHash, edit,
    expected_of_copies, in_order,
};

/// What a chunk of records gave, records numbered from 1 in it.
#[derive(Default)]
struct Chunk {
    statements: Vec<(Statement, CaseKey)>,
    rejected: Vec<Rejected>,
    work: Workspace,
}

/// Reads, checks and groups every record; cases that cannot go on to money say why.
pub(super) fn read(
    inputs: &Inputs,
    (reader, hash): (RowReader, RunningHash),
    lang: Lang,
    threads: usize,
    advance: &dyn Fn(u64),
) -> Result<RunResult> {
    let header = Arc::clone(reader.header());
    let file = Arc::clone(reader.file());
    let depth = Depth::All {
        book: &inputs.edits,
        for_money: true,
    };
    let mut result = RunResult::empty(&header);
    let mut duplicates = Duplicates::new(inputs.edits.edits());
    let fields = FactFields::of(&header);
    result.counts = in_order(
        reader,
        depth,
        lang,
        threads,
        Chunk::default,
        |chunk, checked, checker| {
            if checked == Checked::Case {
                let grouping = inputs.grouper.group(checker.case(), &mut chunk.work);
                chunk.statements.push((
                    Statement::of(inputs, &fields, checker, grouping),
                    CaseKey::of(checker),
                ));
            } else {
                chunk
                    .rejected
                    .push(Rejected::of((inputs, &fields, &header), checked, checker));
            }
        },
        |batch| {
            let before = batch.before;
            let mut findings = batch.findings;
            for (mut statement, mut key) in batch.output.statements {
                statement.record += before;
                statement.list = key.fingerprint();
                key.shift_record(before);
                let found = duplicates
                    .note(key, lang)?
                    .or_else(|| inputs.gap(&statement, &file, lang));
                if let Some(finding) = found {
                    statement.money = Money::KeptOut(finding.edit.code);
                    findings.push(finding);
                }
                result.statements.push(statement);
            }
            for mut rejected in batch.output.rejected {
                rejected.record += before;
                result.rejected.push(rejected);
            }
            findings.sort_by_key(|finding| finding.line);
            result.findings.extend(findings);
            advance(batch.bytes);
            Ok(())
        },
    )?;
    contradicted(&mut result, &mut duplicates, &file, lang)?;
    returns(&mut result, inputs, &file, lang);
    result.records_hash = hash.finish();
    Ok(result)
}

/// Keeps the first copy of a case out too where a later copy differs from it.
fn contradicted(
    result: &mut RunResult,
    duplicates: &mut Duplicates,
    file: &Arc<str>,
    lang: Lang,
) -> Result<()> {
    for statement in &mut result.statements {
        let Statement {
            hospital,
            case_id,
            line,
            discharge,
            ..
        } = &*statement;
        let Some(other) = duplicates.contradiction((hospital, case_id), *discharge, *line)? else {
            continue;
        };
        let expected = expected_of_copies(true, lang).to_owned();
        let found = statement.finding(file, "F012", Column::CaseId, &statement.case_id, expected);
        let Some(mut finding) = found else { continue };
        finding.see = Some(other);
        statement.money = Money::KeptOut(finding.edit.code);
        result.findings.push(finding);
    }
    result.findings.sort_by_key(|finding| finding.line);
    Ok(())
}

/// Finds stays of one person that follow each other closely: one stay cut in two (分解住院), or an early
/// return.
fn returns(result: &mut RunResult, inputs: &Inputs, file: &Arc<str>, lang: Lang) {
    let (edits, scheme) = (inputs.edits.edits(), inputs.grouper.scheme());
    let mut stays: Vec<&Statement> = result.statements.iter().collect();
    stays.retain(|stay| !stay.person.is_empty() && stay.grouping.status(scheme).has_group());
    stays.sort_by_key(|stay| (&stay.person, stay.admit, stay.discharge, stay.record));
    let mut found = Vec::new();
    for (before, after) in stays.iter().zip(stays.iter().skip(1)) {
        let (Some(left), Some(entered)) = (before.discharge, after.admit) else {
            continue;
        };
        let Ok(apart) = left.until(entered).map(|span| i64::from(span.get_days())) else {
            continue;
        };
        if before.person != after.person || apart < 0 {
            continue;
        }
        let (of_before, of_after) = (&before.grouping, &after.grouping);
        let is_same = [
            ("S993", of_before.mdc(scheme) == of_after.mdc(scheme)),
            ("S994", of_before.code(scheme) == of_after.code(scheme)),
        ];
        for (code, _) in is_same
            .into_iter()
            .filter(|(code, is_same)| *is_same && edits.within(code, "days", apart))
        {
            let expected = match lang {
                Lang::En => format!("a later day; the stay before ended on {left}"),
                Lang::Zh => format!("更晚的日期；上次住院于{left}出院"),
            };
            let finding = after.finding(file, code, Column::AdmitDate, &entered.to_string(), expected);
            found.extend(finding.map(|finding| Finding {
                see: Some(before.line),
                ..finding
            }));
        }
    }
    result.findings.extend(found);
    result.findings.sort_by_key(|finding| finding.line);
}

impl Inputs {
    /// What the lists beside the records do not know of a case, if anything.
    fn gap(&self, statement: &Statement, file: &Arc<str>, lang: Lang) -> Option<Finding> {
        let finding = |code, column, value: &str, expected: String| {
            statement.finding(file, code, column, value, expected)
        };
        if !matches!(statement.money, Money::Pending) {
            return None; // a finding of the record itself stops it already
        }
        if !self.lists.hospitals.contains_key(&statement.hospital) {
            let list = self.scenario.hospitals.display();
            let expected = match lang {
                Lang::En => format!("a hospital of {list}"),
                Lang::Zh => format!("{list} 中的医疗机构"),
            };
            return finding("M980", Column::Hospital, &statement.hospital, expected);
        }
        let scheme = &statement.insured_scheme;
        if !self.scenario.pools.contains_key(scheme) {
            let pools: Vec<&str> = self.scenario.pools.keys().map(String::as_str).collect();
            let expected = match lang {
                Lang::En => format!("one of the scenario's pools: {}", pools.join(", ")),
                Lang::Zh => format!("情景中的基金池之一：{}", pools.join("、")),
            };
            return finding("M982", Column::InsuredScheme, scheme, expected);
        }
        // the person's number is personal data: the finding does not show it
        match self.lists.persons.get(&statement.person) {
            None => {
                let list = self.scenario.persons.display();
                let expected = match lang {
                    Lang::En => format!("a person of {list}"),
                    Lang::Zh => format!("{list} 中的参保人员"),
                };
                return finding("M981", Column::Person, "", expected);
            }
            Some(insured) if insured.scheme != *scheme => {
                let expected = match lang {
                    Lang::En => format!("{}, as the list of persons says", insured.scheme),
                    Lang::Zh => format!("{}（参保名单所载）", insured.scheme),
                };
                return finding("M982", Column::InsuredScheme, scheme, expected);
            }
            Some(_) => {}
        }
        if let Some(unread) = &statement.facts.unread {
            return finding("M985", unread.column, &unread.value, unread.expected(lang));
        }
        self.gap_of_month(statement, &finding, lang)
    }

    /// What keeps a case from belonging to a month of the scenario's year.
    fn gap_of_month(
        &self,
        statement: &Statement,
        finding: &impl Fn(&'static str, Column, &str, String) -> Option<Finding>,
        lang: Lang,
    ) -> Option<Finding> {
        let days = statement.facts.days();
        if let Err((key, name)) = self.pack.month_of(days).and_then(|_| self.pack.version_of(days)) {
            let column = if name == "settle_date" {
                Column::SettleDate
            } else {
                Column::SettleMonth
            };
            let expected = match lang {
                Lang::En => format!("the month that `{key}` asks for"),
                Lang::Zh => format!("`{key}`所需的月份"),
            };
            return finding("M985", column, "", expected);
        }
        let year = self.scenario.year;
        let by_discharge = statement.month == days.discharge;
        if !by_discharge && !statement.month.starts_with(&format!("{year:04}-")) {
            let expected = match lang {
                Lang::En => format!("a month of {year}"),
                Lang::Zh => format!("{year}年的月份"),
            };
            return finding("M983", Column::SettleMonth, &statement.month, expected);
        }
        if by_discharge && statement.discharge.is_none_or(|day| day.year() != year) {
            let value = statement
                .discharge
                .map_or_else(String::new, |day| day.to_string());
            let expected = match lang {
                Lang::En => format!("a discharge in {year}"),
                Lang::Zh => format!("{year}年内出院"),
            };
            return finding("M983", Column::DischargeDate, &value, expected);
        }
        None
    }
}

impl Statement {
    fn of(inputs: &Inputs, fields: &FactFields, checker: &Checker<'_>, grouping: Grouping) -> Statement {
        let case = checker.case();
        let facts = fields.read(checker.row(), case);
        let (month, version) = (
            inputs.pack.month_of(facts.days()),
            inputs.pack.version_of(facts.days()),
        );
        Statement {
            pool: String::new(),
            month: month.unwrap_or("").to_owned(),
            version: version.unwrap_or("").to_owned(),
            case_id: case.case_id().to_owned(),
            hospital: case.hospital().to_owned(),
            person: case.person().to_owned(),
            insured_scheme: case.insured_scheme().to_owned(),
            list: String::new(),
            line: checker.line(),
            record: checker.record(),
            sex: case.sex(),
            age: u32::try_from(case.age() / 100).ok(),
            los_days: whole_days(case),
            admit: case.admit(),
            discharge: case.discharge(),
            diagnoses: case.diagnoses().map(str::to_owned).collect(),
            fees: case.fees(),
            packet: PacketFacts::of(inputs.grouper.scheme(), case, &grouping),
            grouping,
            facts,
            money: match of_this_row(checker).find(|finding| finding.edit.stops == Stops::Money) {
                Some(finding) => Money::KeptOut(finding.edit.code),
                None => Money::Pending,
            },
        }
    }

    /// A finding about this case, by the edit's code.
    pub(super) fn finding(
        &self,
        file: &Arc<str>,
        code: &'static str,
        column: Column,
        value: &str,
        expected: String,
    ) -> Option<Finding> {
        let edit = Arc::clone(edit(code)?);
        Some(Finding {
            severity: edit.severity,
            file: Arc::clone(file),
            line: self.line,
            record: self.record,
            case_id: self.case_id.clone(),
            hospital: self.hospital.clone(),
            edit,
            action: Action::Kept,
            field: column.name().to_owned(),
            cell: None,
            column: column.name(),
            slot: None,
            value: value.chars().take(32).collect(),
            expected,
            see: None,
        })
    }
}

impl Rejected {
    fn of(
        (inputs, fields, header): (&Inputs, &FactFields, &Header),
        checked: Checked,
        checker: &Checker<'_>,
    ) -> Rejected {
        let cells = (0..header.width())
            .filter(|index| !header.personal().contains(index))
            .map(|index| checker.row().field(index).to_owned());
        let codes = of_this_row(checker).filter(|finding| finding.action == Action::Rejected);
        Rejected {
            line: checker.line(),
            record: checker.record(),
            cells: (checked == Checked::Rejected).then(|| cells.collect()),
            codes: codes.map(|finding| finding.edit.code).collect(),
            month: month_of_rejected((inputs, fields, header), checked, checker),
        }
    }
}

/// The month that a rejected record would have belonged to, where its days can be read.
fn month_of_rejected(
    (inputs, fields, header): (&Inputs, &FactFields, &Header),
    checked: Checked,
    checker: &Checker<'_>,
) -> String {
    if checked != Checked::Rejected {
        return String::new(); // a row without a sound shape
    }
    let facts = fields.of_rejected(checker.row(), header);
    let month = inputs.pack.month_of(facts.days());
    month.unwrap_or("").to_owned()
}

/// The findings of the checker's last row.
fn of_this_row<'c>(checker: &'c Checker<'_>) -> impl Iterator<Item = &'c Finding> {
    checker
        .findings()
        .iter()
        .rev()
        .take_while(|finding| finding.line == checker.line())
}

fn whole_days(case: &Case) -> Option<u32> {
    case.los()
        .and_then(|hundredths| u32::try_from(hundredths / 100).ok())
}
