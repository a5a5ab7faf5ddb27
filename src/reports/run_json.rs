//! `run.json`: what went in, what came out, by which parameters; enough to run it again.

use serde_json::{Map, Value, json};

use super::statements::{points_shown, prices_shown};
use crate::benefit::Payer;
use crate::diagnostics::{Finding, Told};
use crate::grouper::Status;
use crate::points::Kind;
use crate::scenarios::{Inputs, Money, PoolResult, RunResult, Settled, Statement};
use crate::units::{Fen, Overflow};

/// The reproducibility page of a run (运行说明). Amounts are integer fen in fields ending in `_fen`.
///
/// `files`: path and SHA-256 of every input read; `outputs`: name and SHA-256 of every result.
///
/// # Errors
/// A number that cannot be shown.
pub fn run_json(
    inputs: &Inputs,
    result: &RunResult,
    files: &[(String, String)],
    outputs: &[(String, String)],
) -> Result<String, Overflow> {
    let scenario = &inputs.scenario;
    let scheme = inputs.grouper.scheme();
    let pools: Result<Vec<Value>, Overflow> = result.pools.iter().map(pool_json).collect();
    let page = json!({
        "engine": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") },
        "scenario": scenario.name,
        "title": scenario.title,
        "notice": scenario.notice,
        "year": scenario.year,
        "scheme": {
            "id": scheme.id(), "name": scheme.name(), "hash": scheme.hash(), "source": scheme.source(),
            "evidence": scheme.evidence().as_str(),
            "weaker": scheme.weaker().iter().map(|(file, ground)| json!({ "file": file, "evidence": ground.as_str() })).collect::<Vec<_>>(),
        },
        "counts": counts_json(inputs, result),
        "findings": findings_json(&result.findings),
        "pools": pools?,
        "payers": payers_json(result),
        "weights": weights_json(inputs),
        "policy": {
            "pack": inputs.pack.name(),
            "evidence": inputs.pack.evidence().as_str(),
            "documents": policy_documents(inputs),
            "parameters": policy_parameters(inputs),
        },
        "benefit": benefits_json(inputs, result),
        "inputs": files.iter().map(|(path, hash)| json!({ "path": path, "sha256": hash })).collect::<Vec<_>>(),
        "outputs": outputs.iter().map(|(name, hash)| json!({ "name": name, "sha256": hash })).collect::<Vec<_>>(),
    });
    Ok(format!("{page:#}\n"))
}

/// Groups, evidence, and of packets how many weights are not the catalogue's own scores.
fn weights_json(inputs: &Inputs) -> Value {
    let mut page = json!({ "groups": inputs.weights.len(), "evidence": inputs.weights.evidence().as_str() });
    if let (Some(differ), Some(fields)) = (inputs.scores_differ(), page.as_object_mut()) {
        fields.insert("other_than_catalogue".to_owned(), json!(differ.other.len()));
        fields.insert("missing_of_catalogue".to_owned(), json!(differ.missing.len()));
    }
    page
}

fn counts_json(inputs: &Inputs, result: &RunResult) -> Value {
    let scheme = inputs.grouper.scheme();
    let with = |status| {
        result
            .statements
            .iter()
            .filter(|s| s.grouping.status(scheme) == status)
            .count()
    };
    let settled: Vec<&Settled> = result.statements.iter().filter_map(Statement::settled).collect();
    let mut kept_out = Map::new();
    for statement in &result.statements {
        if let Money::KeptOut(code) = statement.money {
            let count = kept_out.get(code).and_then(Value::as_u64).unwrap_or(0);
            kept_out.insert(code.to_owned(), json!(count + 1));
        }
    }
    let kinds = Kind::ALL.map(|kind| {
        let count = settled
            .iter()
            .filter(|settled| settled.score.kind == kind)
            .count();
        (kind.as_str().to_owned(), json!(count))
    });
    json!({
        "read": result.counts.read,
        "grouped": with(Status::Grouped),
        "fallback": with(Status::Fallback),
        "ambiguous": with(Status::Ambiguous),
        "ungrouped": with(Status::Ungrouped),
        "rejected": result.counts.rejected,
        "priced": settled.len(),
        "kept_out_by_finding": kept_out,
        "priced_by_kind": kinds.into_iter().collect::<Map<_, _>>(),
    })
}

fn findings_json(findings: &[Finding]) -> Value {
    let mut counts = std::collections::BTreeMap::new();
    findings
        .iter()
        .for_each(|finding| *counts.entry(finding.edit.code).or_insert(0_u64) += 1);
    json!(counts)
}

fn pool_json(pool: &PoolResult) -> Result<Value, Overflow> {
    let settlement = &pool.settlement;
    let lines = |lines: &[(&'static str, Fen)]| -> Map<String, Value> {
        lines
            .iter()
            .map(|(name, amount)| (format!("{name}_fen"), json!(amount.fen())))
            .collect()
    };
    let exact = settlement
        .point_value
        .map(crate::units::PointValue::exact)
        .or(settlement.k);
    let [point_value, k] = prices_shown(settlement)?;
    Ok(json!({
        "pool": settlement.pool,
        "budget_fen": pool.budget.fen(),
        "sources": lines(&settlement.sources),
        "uses": lines(&settlement.uses),
        "difference_fen": settlement.difference.fen(),
        "points": points_shown(settlement, settlement.points).map(|points| points.to_string()),
        "point_value_shown": point_value,
        "k_shown": k,
        "price_exact": exact.map(|price| { let (num, den) = price.parts(); format!("{num}/{den}") }),
        "price_is": if settlement.point_value.is_some() { "fen per point" } else { "scale factor k" },
        "cases": settlement.cases.len(),
        "hospitals": settlement.hospitals.len(),
    }))
}

fn payers_json(result: &RunResult) -> Value {
    let settled = || result.statements.iter().filter_map(Statement::settled);
    let mut page = Map::new();
    page.insert(
        "total_fee_fen".to_owned(),
        json!(settled().map(|s| s.slip.total).sum::<Fen>().fen()),
    );
    for payer in Payer::ALL {
        let paid: Fen = settled().map(|s| s.slip.fund(payer)).sum();
        if paid == Fen::ZERO && Payer::RARE.contains(&payer) {
            continue;
        }
        page.insert(format!("{}_fen", payer.as_str()), json!(paid.fen()));
    }
    page.insert(
        "person_fen".to_owned(),
        json!(settled().map(|s| s.slip.person).sum::<Fen>().fen()),
    );
    Value::Object(page)
}

fn policy_documents(inputs: &Inputs) -> Vec<Value> {
    let documents = inputs.pack.documents().iter();
    documents
        .map(|d| {
            json!({
                "id": d.id, "source": d.source, "doc_no": d.doc_no, "evidence": d.evidence.as_str(),
                "effective_from": d.effective_from.to_string(), "effective_to": d.effective_to.to_string(),
            })
        })
        .collect()
}

fn policy_parameters(inputs: &Inputs) -> Vec<Value> {
    let parameters = inputs.pack.parameters().iter();
    parameters
        .map(|p| {
            json!({
                "key": p.key, "value": p.value, "evidence": p.evidence.as_str(), "document": p.document,
                "source": p.source, "at": p.place.to_string(),
            })
        })
        .collect()
}

fn benefits_json(inputs: &Inputs, result: &RunResult) -> Value {
    let policies = inputs.benefits.iter().map(|(pool, policy)| {
        let parameters = result
            .benefit_parameters
            .iter()
            .filter(|parameter| parameter.pool == *pool);
        let parameters: Vec<Value> = parameters
            .map(|p| {
                json!({
                    "key": p.path, "value": p.value, "from": p.from.map(|day| day.to_string()),
                    "documents": p.documents, "clause": p.clause, "evidence": p.evidence.as_str(),
                })
            })
            .collect();
        let page = json!({
            "policy": policy.name(),
            "draft": policy.is_draft(),
            "weakest_evidence": policy.weakest_evidence().as_str(),
            "replaced": said(policy.replaced()), "warnings": said(policy.warnings()),
            "parameters": parameters,
        });
        (pool.clone(), page)
    });
    Value::Object(policies.collect())
}

fn said(sentences: &[Told]) -> Vec<String> {
    sentences.iter().map(Told::to_string).collect()
}
