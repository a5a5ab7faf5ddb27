//! `quality.csv`: the rates a bureau publishes, sorted by what costs money.

use super::CsvText;
use crate::diagnostics::{Lang, Stops};
use crate::records::{EditCount, Inapplicable, Quality, QualityScope, ScopeCount, edit};
use crate::units::Fen;

/// Columns of `quality.csv`.
pub const QUALITY_COLUMNS: [&str; 9] = [
    "scope",
    "name",
    "indicator",
    "code",
    "numerator",
    "denominator",
    "value",
    "cost",
    "note",
];

/// How many edits of a scope are listed.
const MOST_EDITS: usize = 20;

/// The quality summary (质控汇总): of each scope its rates, then its edits, those first that stop
/// money, and among them those whose records cost most; last the edits not asked.
pub fn quality_csv(quality: &Quality, inapplicable: &[Inapplicable], lang: Lang) -> CsvText {
    let mut text = CsvText::with_header(&QUALITY_COLUMNS);
    for (scope, count) in quality.scopes() {
        let mut rows = Rows {
            text: &mut text,
            scope,
        };
        rows.rates(count);
        rows.edits(count, lang);
        rows.columns(count);
    }
    let mut rows = Rows {
        text: &mut text,
        scope: &QualityScope::All,
    };
    for Inapplicable { code, reason } in inapplicable {
        rows.row("not_applicable", code, None, None, reason);
    }
    text
}

/// Rows of one scope.
struct Rows<'r> {
    text: &'r mut CsvText,
    scope: &'r QualityScope,
}

/// A share of 1 with four decimals; nothing of nothing.
fn share(numerator: u64, denominator: u64) -> Option<String> {
    decimal(numerator, denominator, 10_000, 4)
}

fn decimal(numerator: u64, denominator: u64, scale: u128, decimals: usize) -> Option<String> {
    let (numerator, denominator) = (u128::from(numerator), u128::from(denominator));
    if denominator == 0 {
        return None;
    }
    let value = (numerator * scale * 2 + denominator) / (denominator * 2);
    let one = 10_u128.pow(u32::try_from(decimals).unwrap_or(0));
    Some(format!("{}.{:0decimals$}", value / one, value % one))
}

impl Rows<'_> {
    fn row(
        &mut self,
        indicator: &str,
        code: &str,
        counts: Option<(u64, u64, Option<String>)>,
        cost: Option<i64>,
        note: &str,
    ) {
        let (scope, name) = match self.scope {
            QualityScope::All => ("all", ""),
            QualityScope::Hospital(name) => ("hospital", name.as_str()),
            QualityScope::Month(name) => ("month", name.as_str()),
            QualityScope::Department(name) => ("department", name.as_str()),
        };
        self.text.cell(scope);
        self.text.cell(name);
        self.text.cell(indicator);
        self.text.cell(code);
        self.text.show(counts.as_ref().map(|(numerator, ..)| numerator));
        self.text
            .show(counts.as_ref().map(|(_, denominator, _)| denominator));
        self.text.show(counts.and_then(|(.., value)| value));
        self.text.show(cost.map(Fen::new));
        self.text.cell(note);
        self.text.end_row();
    }

    fn rate(&mut self, indicator: &str, numerator: u64, denominator: u64) {
        let value = share(numerator, denominator);
        self.row(indicator, "", Some((numerator, denominator, value)), None, "");
    }

    fn rates(&mut self, count: &ScopeCount) {
        let facts = &count.facts;
        let sound = Some((count.sound, count.read, share(count.sound, count.read)));
        self.row("quality_control_rate", "", sound, Some(count.cost_of_unsound), "");
        self.rate("groupable_rate", count.groupable, count.read);
        self.rate("completeness_rate", facts.filled, facts.required);
        self.rate("principal_validity_rate", facts.principal_listed, count.shaped);
        self.rate("other_diagnosis_validity_rate", facts.others_listed, facts.others);
        self.rate(
            "procedure_validity_rate",
            facts.procedures_listed,
            facts.procedures,
        );
        self.rate("code_name_agreement_rate", count.names_agree, count.read);
        self.rate("logic_rate", count.logical, count.read);
        self.rate("fee_balance_rate", count.balanced, count.read);
        let codes = count.shaped + facts.others + facts.procedures;
        self.rate("codes_changed_by_map", facts.changed, codes);
        self.rate("codes_without_target", facts.unmapped, codes);
        self.rate("codes_of_other_version", facts.foreign, codes);
        for (indicator, codes) in [
            ("diagnoses_per_record", count.shaped + facts.others),
            ("procedures_per_record", facts.procedures),
        ] {
            let value = decimal(codes, count.shaped, 100, 2);
            self.row(indicator, "", Some((codes, count.shaped, value)), None, "");
        }
        self.rate("one_diagnosis_only", count.one_diagnosis, count.shaped);
        self.rate("without_procedure", count.no_procedure, count.shaped);
        self.rate("blocked_principal", count.blocked, count.read);
    }

    /// Findings a hundred records, by code.
    fn edits(&mut self, count: &ScopeCount, lang: Lang) {
        let mut edits: Vec<(&str, &EditCount)> =
            count.edits.iter().map(|(code, count)| (*code, count)).collect();
        edits.sort_by_key(|(code, count)| {
            let stops = count.stops.unwrap_or(Stops::None);
            (stops, std::cmp::Reverse((count.cost, count.findings)), *code)
        });
        for (code, of_edit) in edits.into_iter().take(MOST_EDITS) {
            let per_hundred = decimal(of_edit.findings, count.read, 10_000, 2);
            let counts = Some((of_edit.findings, count.read, per_hundred));
            let name = edit(code).map_or("", |edit| edit.name.in_lang(lang));
            self.row("findings_per_100_records", code, counts, Some(of_edit.cost), name);
        }
    }

    fn columns(&mut self, count: &ScopeCount) {
        for (indicator, columns) in [
            ("repaired", &count.repaired),
            ("placeholders", &count.placeholders),
        ] {
            for (column, times) in columns {
                let counts = Some((*times, count.read, share(*times, count.read)));
                self.row(indicator, column, counts, None, "");
            }
        }
    }
}
