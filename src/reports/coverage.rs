//! Indicators and the link to payment as tables and words (指标与支付衔接报表).

use super::CsvText;
use crate::diagnostics::Lang;
use crate::scenarios::{
    Burden, By, Inputs, LevelSums, LinkLine, Numerator, RunResult, burdened, insured_by_poverty,
    stays_of_the_poor, sums,
};
use crate::units::{Exact, Fen, Overflow};

/// `indicators.csv` (保障水平指标): in-scope and actual ratio, their gap, out-of-scope share; against the
/// target where the scenario has one.
///
/// # Errors
/// A ratio that cannot be shown.
pub fn indicators_csv(inputs: &Inputs, result: &RunResult) -> Result<CsvText, Overflow> {
    let mut text = CsvText::with_header(&[
        "insured_scheme",
        "by",
        "key",
        "cases",
        "total",
        "in_scope",
        "out_of_scope",
        "numerator",
        "paid",
        "in_scope_percent",
        "actual_percent",
        "gap_points",
        "out_of_scope_percent",
        "target_percent",
        "verdict",
    ]);
    for ((scheme, by, key), sums) in sums(inputs, result) {
        for numerator in Numerator::ALL {
            [&scheme, by.as_str(), &key]
                .into_iter()
                .for_each(|cell| text.cell(cell));
            text.show(Some(sums.cases));
            [sums.total, sums.scope, sums.out_of_scope]
                .into_iter()
                .for_each(|amount| text.show(Some(amount)));
            text.cell(numerator.as_str());
            text.show(Some(sums.paid(numerator)));
            ratio_cells(&mut text, inputs, &sums, numerator)?;
            text.end_row();
        }
    }
    Ok(text)
}

/// Ratios in percent; nothing where there is nothing to be a ratio of.
fn ratio_cells(
    text: &mut CsvText,
    inputs: &Inputs,
    sums: &LevelSums,
    numerator: Numerator,
) -> Result<(), Overflow> {
    let in_scope = sums.in_scope_ratio(numerator).ok();
    let actual = sums.actual_ratio(numerator).ok();
    let gap = match (in_scope, actual) {
        (Some(in_scope), Some(actual)) => Some(in_scope.sub(actual)?),
        _ => None,
    };
    for ratio in [in_scope, actual, gap, sums.out_of_scope_share().ok()] {
        text.cell(&ratio.map(percent).transpose()?.unwrap_or_default());
    }
    let terms = inputs.scenario.indicators.as_ref();
    let terms = terms.filter(|terms| terms.numerator == numerator);
    text.cell(
        &terms
            .map(|terms| percent(terms.target()))
            .transpose()?
            .unwrap_or_default(),
    );
    text.cell(verdict(inputs, in_scope, numerator)?.map_or("", Verdict::as_str));
    Ok(())
}

/// Whether a ratio is about the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Below,
    About,
    Above,
}

impl Verdict {
    const fn as_str(self) -> &'static str {
        match self {
            Verdict::Below => "below",
            Verdict::About => "about",
            Verdict::Above => "above",
        }
    }

    const fn in_lang(self, lang: Lang) -> &'static str {
        let chinese = match self {
            Verdict::Below => "低于目标",
            Verdict::About => "达到目标左右",
            Verdict::Above => "高于目标",
        };
        lang.pick(self.as_str(), chinese)
    }
}

fn verdict(inputs: &Inputs, ratio: Option<Exact>, numerator: Numerator) -> Result<Option<Verdict>, Overflow> {
    let terms = inputs.scenario.indicators.as_ref();
    let terms = terms.filter(|terms| terms.numerator == numerator);
    let (Some(terms), Some(ratio)) = (terms, ratio) else {
        return Ok(None);
    };
    let (low, high) = (
        terms.target().sub(terms.tolerance())?,
        terms.target().add(terms.tolerance())?,
    );
    Ok(Some(
        match (ratio.compare(low).is_lt(), ratio.compare(high).is_gt()) {
            (true, _) => Verdict::Below,
            (_, true) => Verdict::Above,
            _ => Verdict::About,
        },
    ))
}

/// A fraction in percent with two decimals.
fn percent(ratio: Exact) -> Result<String, Overflow> {
    ratio.mul(Exact::integer(100))?.show(2)
}

/// `burden.csv` (高额负担名单): persons whose in-scope self-pay passes the scenario's limit.
pub fn burden_csv(inputs: &Inputs, result: &RunResult) -> CsvText {
    let mut text = CsvText::with_header(&[
        "person",
        "insured_scheme",
        "stays",
        "total_fee",
        "in_scope_self_pay",
        "person_paid",
        "limit",
    ]);
    let limit = inputs
        .scenario
        .indicators
        .as_ref()
        .map(|terms| terms.high_burden());
    for (person, scheme, burden) in burdened(inputs, result) {
        let Burden {
            stays,
            total,
            in_scope,
            person: paid,
        } = burden;
        text.cell(&person);
        text.cell(&scheme);
        text.show(Some(stays));
        [total, in_scope, paid]
            .into_iter()
            .for_each(|amount| text.show(Some(amount)));
        text.show(limit);
        text.end_row();
    }
    text
}

/// `poor.csv` (贫困人口住院情况): stays and cost a stay of the poor and of others, by hospital.
///
/// # Errors
/// A mean that cannot be shown.
pub fn poor_csv(inputs: &Inputs, result: &RunResult) -> Result<CsvText, Overflow> {
    let mut text = CsvText::with_header(&[
        "hospital",
        "poor",
        "insured",
        "persons",
        "stays",
        "total_fee",
        "stays_per_1000_insured",
        "cost_per_stay",
        "cost_per_insured",
    ]);
    let [poor, others] = insured_by_poverty(inputs);
    for ((hospital, is_poor), stays) in stays_of_the_poor(inputs, result) {
        let insured = if is_poor { poor } else { others };
        let (count, persons) = (stays.stays, stays.persons.len());
        text.cell(&hospital);
        text.cell(if is_poor { "yes" } else { "no" });
        text.show(Some(insured));
        text.show(Some(persons));
        text.show(Some(count));
        text.show(Some(stays.total));
        let per = |amount: i128, heads: u64| Exact::new(amount, i128::from(heads));
        text.cell(&per(i128::from(count) * 1000, insured)?.show(2)?);
        let total = i128::from(stays.total.fen());
        text.show(Some(per(total, count)?.fen_half_away()?));
        text.show(Some(per(total, insured)?.fen_half_away()?));
        text.end_row();
    }
    Ok(text)
}

/// `link.csv` (支付衔接单): one row a settled case, bill and standard by the terms of the scenario.
pub fn link_csv(inputs: &Inputs, result: &RunResult, lines: &[LinkLine]) -> CsvText {
    let mut text = CsvText::with_header(&[
        "case_id",
        "hospital",
        "person",
        "insured_scheme",
        "group",
        "total_fee",
        "standard",
        "copay_base",
        "deductible",
        "person_paid",
        "basic_by_items",
        "cii",
        "ma",
        "other_payers",
        "hospital_share",
        "fund",
        "hospital_result",
        "due",
        "evidence",
    ]);
    for line in lines {
        let Some(statement) = result.statements.get(line.index) else {
            continue;
        };
        let due = statement.settled().map(|settled| settled.due);
        let evidence = statement.settled().map(|settled| settled.slip.evidence.as_str());
        [
            &statement.case_id,
            &statement.hospital,
            &statement.person,
            &statement.insured_scheme,
        ]
        .into_iter()
        .for_each(|cell| text.cell(cell));
        text.cell(statement.grouping.code(inputs.grouper.scheme()));
        let amounts = [
            line.bill.total,
            line.bill.standard,
            line.base,
            line.deductible,
            line.person,
            line.by_items,
            line.cii,
            line.assistance,
            line.others,
            line.hospital,
            line.result.fund,
            line.result.hospital,
        ];
        amounts.into_iter().for_each(|amount| text.show(Some(amount)));
        text.show(due);
        text.cell(evidence.unwrap_or_default());
        text.end_row();
    }
    text
}

/// One line a scheme for the summary (指标摘要).
///
/// # Errors
/// A ratio that cannot be shown.
pub fn indicator_words(inputs: &Inputs, result: &RunResult, lang: Lang) -> Result<Vec<String>, Overflow> {
    let mut lines = Vec::new();
    for ((scheme, by, _), sums) in sums(inputs, result) {
        if by == By::All {
            lines.push(scheme_words(inputs, &scheme, &sums, lang)?);
        }
    }
    if let Some(terms) = &inputs.scenario.indicators {
        let (count, limit) = (burdened(inputs, result).len(), terms.high_burden());
        lines.push(match lang {
            Lang::En => format!("{count} persons paid more than {limit} yuan in scope themselves"),
            Lang::Zh => format!("政策范围内自付超过{limit}元的参保人{count}人"),
        });
    }
    Ok(lines)
}

fn scheme_words(inputs: &Inputs, scheme: &str, sums: &LevelSums, lang: Lang) -> Result<String, Overflow> {
    let terms = inputs.scenario.indicators.as_ref();
    let numerator = terms.map_or(Numerator::Basic, |terms| terms.numerator);
    let shown = |ratio: Result<Exact, Overflow>| ratio.ok().map_or(Ok("-".to_owned()), percent);
    let in_scope = shown(sums.in_scope_ratio(numerator))?;
    let actual = shown(sums.actual_ratio(numerator))?;
    let outside = shown(sums.out_of_scope_share())?;
    let verdict = verdict(inputs, sums.in_scope_ratio(numerator).ok(), numerator)?;
    let verdict = verdict.map_or(String::new(), |verdict| format!(" ({})", verdict.in_lang(lang)));
    let by = match numerator {
        Numerator::Basic => lang.pick("basic insurance", "基本医保"),
        Numerator::ThreeTiers => lang.pick("the three tiers", "三重保障"),
    };
    Ok(match lang {
        Lang::En => format!(
            "{scheme}: {in_scope} % of in-scope cost paid by {by}{verdict}, {actual} % of all cost, {outside} % out of scope"
        ),
        Lang::Zh => format!(
            "{scheme}：政策范围内支付比例{in_scope}%（{by}）{verdict}，实际支付比例{actual}%，范围外费用占比{outside}%"
        ),
    })
}

/// Nothing is paid twice: bill = person + every payer + hospital, for any line.
pub fn link_difference(line: &LinkLine) -> Fen {
    line.bill.total - line.person - line.by_items - line.other_funds() - line.hospital
}
