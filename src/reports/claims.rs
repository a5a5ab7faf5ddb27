//! Slips of many bills → tables (待遇结算报表).

use serde_json::{Map, Value, json};

use super::CsvText;
use crate::benefit::{BenefitPolicy, Explanation, MovementKind, Outcome, Payer, Slip, Step, is_number};
use crate::diagnostics::{Lang, Result, Told};
use crate::scenarios::claims::{ChangedSums, PolicyChange, RefusedRow, SettledBatch, SettledBill};
use crate::units::Fen;

/// Columns of a slip besides the fields of the national interface.
const BEFORE: [&str; 4] = ["settlement", "reverses", "person", "year"];
const AFTER: [&str; 6] = [
    "scope_left",
    "deposit_refund",
    "regime",
    "left_out",
    "evidence",
    "draft",
];

/// Where the rows of a large table go, some at a time (写出去向).
pub type Put<'p> = &'p mut dyn FnMut(&[u8]) -> Result<()>;

/// One row a slip (结算单), with the fields of the national settlement interface, in yuan.
///
/// # Errors
/// What `put` says.
pub fn claim_slips_csv(batch: &SettledBatch<'_>, lang: Lang, threads: usize, put: Put<'_>) -> Result<()> {
    let national = Slip::NATIONAL_FIELDS;
    let columns: Vec<&str> = BEFORE.into_iter().chain(national).chain(AFTER).collect();
    in_rounds(&columns, &batch.settled, threads, put, |text, bill| {
        for (year, slip) in &bill.outcome.slips {
            slip_row(text, &bill.outcome, *year, slip, lang);
        }
    })
}

fn slip_row(text: &mut CsvText, outcome: &Outcome<'_>, year: i16, slip: &Slip, lang: Lang) {
    text.cell(outcome.id);
    text.cell(outcome.reverses.unwrap_or_default());
    text.cell(outcome.person);
    text.number(i64::from(year));
    for (_, amount) in slip.national() {
        text.fen(amount);
    }
    text.fen(slip.scope_left);
    text.show(slip.deposit_refund);
    text.cell(slip.regime.unwrap_or_default());
    match slip.skipped.is_empty() && slip.uncovered.is_none() {
        true => text.cell(""),
        false => text.cell(&slip.left_out(lang).join("; ")),
    }
    text.raw(slip.evidence.as_str());
    text.raw(standing(slip.draft));
    text.end_row();
}

/// What stands in the column `draft` of every table.
fn standing(draft: bool) -> &'static str {
    if draft { "draft" } else { "" }
}

/// One row a tier of a slip, in chain order (各层支付).
///
/// # Errors
/// What `put` says.
pub fn tiers_csv(batch: &SettledBatch<'_>, threads: usize, put: Put<'_>) -> Result<()> {
    let columns = [
        "settlement",
        "year",
        "seq",
        "tier",
        "payer",
        "base",
        "amount",
        "draft",
    ];
    in_rounds(&columns, &batch.settled, threads, put, |text, bill| {
        for (year, slip) in &bill.outcome.slips {
            for (seq, tier) in (1..).zip(&slip.tiers) {
                text.cell(bill.outcome.id);
                text.number(i64::from(*year));
                text.number(seq);
                text.cell(&tier.id);
                text.raw(tier.payer.as_str());
                text.fen(tier.base);
                text.fen(tier.amount);
                text.raw(standing(slip.draft));
                text.end_row();
            }
        }
    })
}

/// One row a movement of a counter (累计变动). Amounts in yuan; counts are numbers.
///
/// # Errors
/// What `put` says.
pub fn movements_csv(
    policy: &BenefitPolicy,
    batch: &SettledBatch<'_>,
    threads: usize,
    put: Put<'_>,
) -> Result<()> {
    let columns = [
        "settlement",
        "seq",
        "counter",
        "unit",
        "year",
        "delta",
        "before",
        "after",
        "kind",
        "reverses",
        "draft",
    ];
    in_rounds(&columns, &batch.settled, threads, put, |text, bill| {
        for (seq, moved) in (1..).zip(bill.outcome.movements(policy)) {
            let movement = &moved.movement;
            text.cell(if moved.kind == MovementKind::Mirror {
                bill.outcome.id
            } else {
                moved.settlement
            });
            text.number(seq);
            text.cell(&movement.counter);
            text.raw(if movement.of_family { "family" } else { "person" });
            text.number(i64::from(moved.year));
            let counts = is_number(&movement.counter);
            for value in [movement.delta(), movement.before, movement.after] {
                match counts {
                    true => text.number(value),
                    false => text.fen(Fen::new(value)),
                }
            }
            text.raw(moved.kind.as_str());
            text.cell(bill.outcome.reverses.unwrap_or_default());
            text.raw(standing(policy.is_draft()));
            text.end_row();
        }
    })
}

/// One row a payer whose share of an earlier settlement a replay changed (差额凭证).
pub fn vouchers_csv(policy: &BenefitPolicy, batch: &SettledBatch<'_>) -> CsvText {
    let mut text = CsvText::with_header(&["settlement", "because_of", "payer", "difference", "draft"]);
    for bill in &batch.settled {
        for voucher in &bill.outcome.vouchers {
            for (payer, difference) in &voucher.payers {
                text.cell(&voucher.settlement);
                text.cell(bill.outcome.id);
                text.cell(payer);
                text.fen(*difference);
                text.raw(standing(policy.is_draft()));
                text.end_row();
            }
        }
    }
    text
}

/// One row a bill that was refused (被拒单据): where, which field, what it says, what was expected.
pub fn refused_claims_csv(policy: &BenefitPolicy, refused: &[RefusedRow], lang: Lang) -> CsvText {
    let columns = [
        "file",
        "line",
        "settlement",
        "field",
        "value",
        "error",
        "message",
        "draft",
    ];
    let mut text = CsvText::with_header(&columns);
    for row in refused {
        text.cell(&row.file);
        text.show(Some(row.line));
        for cell in [&row.settlement, row.field, &row.value, row.error] {
            text.cell(cell);
        }
        text.cell(&row.message.in_lang(lang));
        text.raw(standing(policy.is_draft()));
        text.end_row();
    }
    text
}

/// Bills whose rows a thread writes at once: some megabytes of them.
const ROUND: usize = 1 << 14;

/// Rows by contiguous stretches on several threads, put in order; while some are written into
/// memory, those before them go where they belong.
fn in_rounds(
    columns: &[&str],
    bills: &[SettledBill<'_>],
    threads: usize,
    put: Put<'_>,
    row: impl Fn(&mut CsvText, &SettledBill<'_>) + Sync,
) -> Result<()> {
    let write = |stretch: &[SettledBill<'_>]| {
        let mut text = CsvText::default();
        stretch.iter().for_each(|bill| row(&mut text, bill));
        text
    };
    let write = &write;
    let mut ready = vec![CsvText::with_header(columns)];
    for round in bills.chunks(ROUND * threads.max(1)) {
        ready = std::thread::scope(|scope| {
            let stretches = round.chunks(ROUND);
            let running: Vec<_> = stretches
                .map(|stretch| scope.spawn(move || write(stretch)))
                .collect();
            ready.iter().try_for_each(|text| put(text.bytes()))?;
            let written = running.into_iter().map(|thread| match thread.join() {
                Ok(text) => text,
                Err(fault) => std::panic::resume_unwind(fault),
            });
            Ok(written.collect())
        })?;
    }
    ready.iter().try_for_each(|text| put(text.bytes()))
}

/// Sums of a batch by payer (合计): totals first, the person last.
pub fn claim_sums(batch: &SettledBatch<'_>) -> Vec<(&'static str, Fen)> {
    let (mut total, mut scope, mut person) = (Fen::ZERO, Fen::ZERO, Fen::ZERO);
    let mut paid = [Fen::ZERO; Payer::ALL.len()];
    for (_, slip) in batch.settled.iter().flat_map(|bill| &bill.outcome.slips) {
        total += slip.total;
        scope += slip.scope;
        person += slip.person;
        for (sum, amount) in paid.iter_mut().zip(slip.by_payer()) {
            *sum += amount;
        }
    }
    let of = |payer: Payer| paid.get(payer as usize).copied().unwrap_or_default();
    let mut sums = vec![("total_fee", total), ("scope", scope)];
    sums.extend(Payer::ALL.map(|payer| (payer.as_str(), of(payer))));
    sums.push(("person", person));
    sums
}

/// The reproducibility page of a batch (运行说明): files with their hash, policy, parameters, sums.
pub fn claims_json(
    policy: &BenefitPolicy,
    batch: &SettledBatch<'_>,
    files: &[(String, String)],
    outputs: &[(String, String)],
) -> String {
    let parameters = batch.parameters.iter().map(|param| {
        json!({
            "path": param.path, "value": param.value, "from": param.from.map(|day| day.to_string()),
            "documents": param.documents, "clause": param.clause, "evidence": param.evidence.as_str(),
        })
    });
    let sums = claim_sums(batch).into_iter();
    let sums: Map<String, Value> = sums
        .map(|(name, sum)| (format!("{name}_fen"), json!(sum.fen())))
        .collect();
    let mut refused = std::collections::BTreeMap::new();
    for row in &batch.refused {
        *refused.entry(row.error).or_insert(0_u64) += 1;
    }
    let page = json!({
        "engine": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") },
        "policy": policy_json(policy),
        "counts": { "settled": batch.settled.len(), "refused": batch.refused.len(), "refused_by_error": refused },
        "sums": sums,
        "parameters": parameters.collect::<Vec<Value>>(),
        "inputs": hashes(files, "path"),
        "outputs": hashes(outputs, "name"),
    });
    format!("{page:#}\n")
}

/// The reproducibility page of a comparison (对比运行说明): both policies, sums by payer, files.
pub fn compared_json(
    policies: [&BenefitPolicy; 2],
    change: &PolicyChange,
    files: &[(String, String)],
    outputs: &[(String, String)],
) -> String {
    let payers = change.payers.iter().map(|(payer, before, after)| {
        json!({ "payer": payer, "before_fen": before.fen(), "after_fen": after.fen() })
    });
    let page = json!({
        "engine": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") },
        "policies": policies.map(policy_json),
        "counts": {
            "bills_that_differ": change.bills.len(), "settled_under_one_only": change.one_sided.len(),
            "households": change.families.len(), "categories": change.categories.len(),
        },
        "payers": payers.collect::<Vec<Value>>(),
        "inputs": hashes(files, "path"),
        "outputs": hashes(outputs, "name"),
    });
    format!("{page:#}\n")
}

fn hashes(list: &[(String, String)], name: &str) -> Vec<Value> {
    let row = |(path, hash): &(String, String)| json!({ name: path, "sha256": hash });
    list.iter().map(row).collect()
}

fn policy_json(policy: &BenefitPolicy) -> Value {
    let said = |told: &[Told]| -> Vec<String> { told.iter().map(Told::to_string).collect() };
    json!({
        "name": policy.name(), "draft": policy.is_draft(), "evidence": policy.weakest_evidence().as_str(),
        "checked_on": policy.checked_on().to_string(), "warnings": said(policy.warnings()),
        "replaced": said(policy.replaced()),
    })
}

/// By household or by category (家庭/类别对比): bills, persons' and funds' shares before and after.
pub fn changed_sums_csv<'k>(
    key: &str,
    sums: impl IntoIterator<Item = (&'k String, &'k ChangedSums)>,
    draft: bool,
) -> CsvText {
    let columns = [
        key,
        "bills",
        "person_before",
        "person_after",
        "person_change",
        "funds_before",
        "funds_after",
        "funds_change",
        "draft",
    ];
    let mut text = CsvText::with_header(&columns);
    for (name, sums) in sums {
        text.cell(name);
        text.show(Some(sums.bills));
        for amount in [
            sums.person_before,
            sums.person_after,
            sums.person_after - sums.person_before,
            sums.funds_before,
            sums.funds_after,
            sums.funds_after - sums.funds_before,
        ] {
            text.fen(amount);
        }
        text.raw(standing(draft));
        text.end_row();
    }
    text
}

/// Bills whose shares differ (变动单据), and those settled under one policy only.
pub fn changed_bills_csv(change: &PolicyChange, draft: bool) -> CsvText {
    let columns = [
        "settlement",
        "person",
        "family",
        "category",
        "person_before",
        "person_after",
        "funds_before",
        "funds_after",
        "refused_by",
        "draft",
    ];
    let mut text = CsvText::with_header(&columns);
    for bill in &change.bills {
        let ([funds_before, person_before], [funds_after, person_after]) = (bill.before, bill.after);
        for cell in [&bill.settlement, &bill.person, &bill.family, &bill.category] {
            text.cell(cell);
        }
        for amount in [person_before, person_after, funds_before, funds_after] {
            text.fen(amount);
        }
        text.cell("");
        text.raw(standing(draft));
        text.end_row();
    }
    for (settlement, refused_by) in &change.one_sided {
        text.cell(settlement);
        (0..7).for_each(|_| text.cell(""));
        text.cell(refused_by);
        text.raw(standing(draft));
        text.end_row();
    }
    text
}

/// By payer: before, after, change (支付方对比).
pub fn changed_payers_csv(change: &PolicyChange, draft: bool) -> CsvText {
    let mut text = CsvText::with_header(&["payer", "before", "after", "change", "draft"]);
    for (payer, before, after) in &change.payers {
        text.cell(payer);
        for amount in [*before, *after, *after - *before] {
            text.fen(amount);
        }
        text.raw(standing(draft));
        text.end_row();
    }
    text
}

/// The steps of a bill as JSON (逐步说明): of each its base, formula, parameters with document and clause,
/// counters before and after, amount.
pub fn explained_json(explanations: &[Explanation], lang: Lang) -> String {
    let records: Vec<Value> = explanations.iter().map(|of| explanation(of, lang)).collect();
    let page = Value::Array(records);
    format!("{page:#}\n")
}

fn explanation(of: &Explanation, lang: Lang) -> Value {
    let slip = &of.slip;
    let national = slip.national();
    let national = national
        .iter()
        .map(|(name, amount)| (format!("{name}_fen"), json!(amount.fen())));
    json!({
        "settlement": of.claim,
        "draft": slip.draft,
        "evidence": slip.evidence.as_str(),
        "regime": slip.regime,
        "left_out": slip.left_out(lang),
        "slip": national.collect::<Map<String, Value>>(),
        "steps": of.steps.iter().map(|step| explained_step(step, lang)).collect::<Vec<Value>>(),
    })
}

fn explained_step(step: &Step, lang: Lang) -> Value {
    let params = step.params.iter().map(|param| {
        json!({
            "path": param.path, "value": param.value, "from": param.from.map(|day| day.to_string()),
            "doc": param.doc, "documents": param.documents, "clause": param.clause,
            "evidence": param.evidence.as_str(),
        })
    });
    let counters = step.counters.iter().map(|counter| {
        let unit = if is_number(&counter.id) { "" } else { "_fen" };
        json!({
            "id": counter.id, format!("before{unit}"): counter.before, format!("after{unit}"): counter.after,
        })
    });
    json!({
        "step": step.step,
        "rule": step.how.rule(),
        "base_fen": step.base.fen(),
        "formula": step.formula(lang),
        "params": params.collect::<Vec<Value>>(),
        "counters": counters.collect::<Vec<Value>>(),
        "amount_fen": step.amount.fen(),
    })
}
