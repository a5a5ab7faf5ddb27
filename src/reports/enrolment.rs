//! Enrolment and financing as tables (参保筹资报表).

use std::collections::BTreeMap;

use super::CsvText;
use crate::benefit::enrolment::{EnrolFinding, List, RowOf, Stage, Tally};
use crate::benefit::finance::{BoundCheck, Op, structure_index};
use crate::diagnostics::{Error, Lang, Result};
use crate::units::Fen;

/// Columns of the findings of enrolment.
pub const ENROL_FINDING_COLUMNS: [&str; 14] = [
    "year", "rule", "kind", "severity", "person", "place", "file", "line", "from", "to", "days", "found",
    "expected", "message",
];

/// A finding with its year.
type OfYear = (i16, EnrolFinding);

/// The file a finding's row stands in, as it was given.
pub type PathOf<'a> = &'a dyn Fn(RowOf) -> String;

/// `findings.csv` of enrolment (参保缴费问题清单).
pub fn enrol_findings_csv(findings: &[OfYear], path_of: PathOf<'_>, lang: Lang) -> CsvText {
    let mut text = CsvText::with_header(&ENROL_FINDING_COLUMNS);
    for (year, finding) in findings {
        text.show(Some(year));
        text.cell(finding.kind.rule());
        text.cell(finding.kind.as_str());
        text.cell(finding.kind.severity().as_str());
        text.cell(&finding.person);
        text.cell(&finding.place);
        text.show(finding.row.map(|(table, _)| path_of(table)));
        text.show(finding.row.map(|(_, line)| line));
        text.show(finding.days.map(|days| days.from));
        text.show(finding.days.map(|days| days.to));
        text.show(finding.days.map(|days| days.days()));
        text.cell(finding.found.in_lang(lang));
        text.cell(finding.expected.in_lang(lang));
        text.cell(finding.kind.words().in_lang(lang));
        text.end_row();
    }
    text
}

/// A finding in one line, without the person's number (一行说明).
pub fn enrol_finding_line(finding: &EnrolFinding, path_of: PathOf<'_>, lang: Lang) -> String {
    let place = finding.row.map_or(String::new(), |(table, line)| {
        format!("{}:{line}: ", path_of(table))
    });
    let (rule, words) = (finding.kind.rule(), finding.kind.words().in_lang(lang));
    let (found, expected) = (finding.found.in_lang(lang), finding.expected.in_lang(lang));
    match lang {
        Lang::En => format!("{place}{rule} {words}: {found}; expected {expected}"),
        Lang::Zh => format!("{place}{rule} {words}：{found}；应为{expected}"),
    }
}

/// What two lists differ in, counted (名单差异汇总).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListCounts {
    /// On the first only.
    pub only_first: u64,
    /// On the second only.
    pub only_second: u64,
    /// On both, by other categories.
    pub category: u64,
}

/// `lists.csv`: the three differences (三类名单差异).
pub fn list_differences_csv(counts: &BTreeMap<(i16, (List, List)), ListCounts>) -> CsvText {
    let mut text = CsvText::with_header(&[
        "year",
        "first",
        "second",
        "only_first",
        "only_second",
        "category_differs",
    ]);
    for ((year, (first, second)), counts) in counts {
        text.show(Some(year));
        text.cell(first.as_str());
        text.cell(second.as_str());
        text.show(Some(counts.only_first));
        text.show(Some(counts.only_second));
        text.show(Some(counts.category));
        text.end_row();
    }
    text
}

/// `states.csv`: how far persons on the poverty list have come, by district (参保缴费权益状态).
pub fn stages_csv(counts: &BTreeMap<(i16, String), [u64; 4]>) -> CsvText {
    let mut columns = vec!["year", "place", "persons"];
    columns.extend(Stage::ALL.map(Stage::as_str));
    let mut text = CsvText::with_header(&columns);
    for ((year, place), counts) in counts {
        text.show(Some(year));
        text.cell(place);
        text.show(Some(counts.iter().sum::<u64>()));
        counts.iter().for_each(|count| text.show(Some(count)));
        text.end_row();
    }
    text
}

fn who(student: bool) -> &'static str {
    if student { "student" } else { "" }
}

/// `heads.csv`: paid heads by district, plan, period, terms and ground (参保人数).
pub fn heads_csv(tally: &Tally<'_>) -> CsvText {
    let mut text = CsvText::with_header(&[
        "place",
        "plan",
        "benefit",
        "who",
        "ground",
        "paid_heads",
        "refunded_heads",
        "counted_heads",
    ]);
    for (place, of_place) in &tally.places {
        for ((plan, benefit, student, ground), line) in &of_place.heads {
            [place, plan, &benefit.to_string(), who(*student), ground]
                .into_iter()
                .for_each(|cell| text.cell(cell));
            [line.paid, line.refunded, line.counted()]
                .into_iter()
                .for_each(|count| text.show(Some(count)));
            text.end_row();
        }
    }
    text
}

/// `fees.csv`: what heads owe, paid and were granted (个人缴费).
pub fn fees_csv(tally: &Tally<'_>) -> CsvText {
    let mut text = CsvText::with_header(&[
        "place",
        "plan",
        "benefit",
        "who",
        "heads",
        "fee",
        "due",
        "paid",
        "subsidised",
        "rest",
        "short",
        "over",
        "difference",
    ]);
    for (place, of_place) in &tally.places {
        for ((plan, benefit, student), line) in &of_place.fees {
            [place, plan, &benefit.to_string(), who(*student)]
                .into_iter()
                .for_each(|cell| text.cell(cell));
            text.show(Some(line.heads));
            let amounts = [
                line.fee,
                line.due,
                line.paid,
                line.subsidised,
                line.rest,
                line.short,
                line.over,
                line.difference(),
            ];
            amounts.into_iter().for_each(|amount| text.show(Some(amount)));
            text.end_row();
        }
    }
    text
}

/// `subsidies.csv`: the fiscal subsidy by payer, enrolment subsidies by category (财政补助与参保资助).
///
/// # Errors
/// Sums out of range.
pub fn subsidies_csv(tally: &Tally<'_>) -> Result<CsvText> {
    let mut text = CsvText::with_header(&[
        "place", "kind", "payer", "category", "plan", "heads", "per_head", "amount",
    ]);
    for (place, of_place) in &tally.places {
        for line in tally.fiscal(of_place).map_err(Error::new)? {
            [place, "fiscal", line.payer.as_str(), "", ""]
                .into_iter()
                .for_each(|cell| text.cell(cell));
            text.show(Some(of_place.subsidy_heads));
            text.show(Some(line.per_head));
            text.show(Some(line.amount));
            text.end_row();
        }
        for ((category, plan), line) in &of_place.grants {
            [place, "enrolment", "assistance", category, plan]
                .into_iter()
                .for_each(|cell| text.cell(cell));
            text.show(Some(line.heads));
            text.cell("");
            text.show(Some(line.amount));
            text.end_row();
        }
    }
    Ok(text)
}

/// `premium.csv`: critical illness insurance by district (大病保险保费).
///
/// # Errors
/// Sums out of range.
pub fn premium_csv(tally: &Tally<'_>) -> Result<CsvText> {
    let mut text = CsvText::with_header(&["place", "heads", "rate", "amount", "rate_before"]);
    for (place, of_place) in &tally.places {
        let premium = tally.premium(of_place.subsidy_heads).map_err(Error::new)?;
        let Some(premium) = premium else { continue };
        text.cell(place);
        text.show(Some(premium.heads));
        text.show(Some(premium.rate));
        text.show(Some(premium.amount));
        text.show(premium.before);
        text.end_row();
    }
    Ok(text)
}

/// `income.csv`: sources and uses by district and of all, each with its difference (收支平衡).
///
/// # Errors
/// Sums out of range.
pub fn income_csv(tally: &Tally<'_>) -> Result<CsvText> {
    let mut text = CsvText::with_header(&["place", "side", "name", "amount"]);
    let mut row = |place: &str, side: &str, name: &str, amount: Fen| {
        [place, side, name].into_iter().for_each(|cell| text.cell(cell));
        text.show(Some(amount));
        text.end_row();
    };
    let mut all: BTreeMap<(bool, String), Fen> = BTreeMap::new();
    let mut all_difference = Fen::ZERO;
    for (place, of_place) in &tally.places {
        let lines = tally.income(of_place).map_err(Error::new)?;
        let mut difference = Fen::ZERO;
        for line in lines {
            let side = if line.is_source { "source" } else { "use" };
            row(place, side, &line.name, line.amount);
            difference += if line.is_source { line.amount } else { -line.amount };
            *all.entry((!line.is_source, line.name)).or_default() += line.amount;
        }
        row(place, "", "difference", difference);
        all_difference += difference;
    }
    for ((is_use, name), amount) in all {
        row("*", if is_use { "use" } else { "source" }, &name, amount);
    }
    row("*", "", "difference", all_difference);
    Ok(text)
}

/// `structure.csv`: fee and subsidy by financing year, and projected (筹资结构).
///
/// # Errors
/// A share of nothing.
pub fn structure_csv(tally: &Tally<'_>) -> Result<CsvText> {
    let mut text = CsvText::with_header(&["year", "personal", "fiscal", "personal_percent", "projected"]);
    for line in tally.structure() {
        let index = structure_index(line.personal, line.fiscal);
        let index = index.map_err(|e| Error::new(format!("structure index of {}: {e}", line.year)))?;
        text.show(Some(line.year));
        text.show(Some(line.personal));
        text.show(Some(line.fiscal));
        text.cell(&index);
        text.cell(if line.projected { "true" } else { "false" });
        text.end_row();
    }
    Ok(text)
}

/// `bounds.csv`: every value held against every bound (要求核对).
pub fn bounds_csv(checks: &[BoundCheck]) -> CsvText {
    let columns = [
        "rule", "path", "year", "of", "value", "op", "op_zh", "than", "verdict", "doc", "clause", "evidence",
    ];
    let mut text = CsvText::with_header(&columns);
    for check in checks {
        text.cell(&check.rule);
        text.cell(check.path);
        text.show(Some(check.year));
        text.cell(&check.of);
        text.show(Some(check.value));
        text.cell(Op::as_str(check.op));
        text.cell(check.op.chinese());
        text.show(Some(check.than));
        text.cell(check.verdict.as_str());
        text.cell(&check.source.doc.join("|"));
        text.cell(check.source.clause.as_deref().unwrap_or_default());
        text.cell(check.source.evidence.as_str());
        text.end_row();
    }
    text
}

/// `refunds.csv`: what is given back, by person (退费清单).
pub fn refunds_csv(tally: &Tally<'_>) -> CsvText {
    let mut text = CsvText::with_header(&[
        "person",
        "place",
        "benefit",
        "paid_on",
        "died_on",
        "cover_begins",
        "refund",
        "subsidy_returned",
    ]);
    for line in &tally.refunds {
        text.cell(&line.person);
        text.cell(&line.place);
        text.show(Some(line.benefit));
        [line.paid_on, line.died_on, line.cover_begins]
            .into_iter()
            .for_each(|day| text.show(Some(day)));
        text.show(Some(line.person_amount));
        text.show(Some(line.subsidy_amount));
        text.end_row();
    }
    text
}
