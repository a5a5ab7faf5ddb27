//! The files of a run: cases, hospitals, pools, slips, rejected records.

use std::collections::BTreeMap;

use super::CsvText;
use crate::benefit::Payer;
use crate::budget::{HospitalDue, PoolSettlement};
use crate::diagnostics::Lang;
use crate::points::{Kind, Mark};
use crate::scenarios::{
    Inputs, Money, PACKET_GROUNDS, RunResult, Settled, Statement, auxiliary_shown, packet_grounds,
    preset_price_shown,
};
use crate::units::{Fen, Overflow, Points};

/// Decimals a point value is shown with; nobody is paid from the shown value.
const POINT_VALUE_DECIMALS: u32 = 4;
/// Decimals the scale factor of a fixed-rate pool is shown with.
const K_DECIMALS: u32 = 6;

const CASE_COLUMNS: [&str; 42] = [
    "case_id",
    "hospital",
    "level",
    "person",
    "insured_scheme",
    "discharge_date",
    "status",
    "mdc",
    "adrg",
    "group",
    "group_name",
    "mcc_cc",
    "priced",
    "reason",
    "kind",
    "also",
    "marks",
    "weight",
    "base_points",
    "coefficient",
    "auxiliary_coefficient",
    "points",
    "outlier_base",
    "ratio",
    "price",
    "preset_price",
    "k",
    "fund_ratio",
    "standard",
    "due",
    "claim",
    "nonfund",
    "gain",
    "total_fee",
    "basic",
    "cii",
    "ma",
    "hospital_share",
    "commercial",
    "other_payers",
    "person_paid",
    "evidence",
];

/// The first column that only a priced case fills.
const PRICED_FROM: usize = 14;

/// Where [`PACKET_GROUNDS`] stand under a scheme of packets: before the status, as `group` writes them.
const PACKETS_AT: usize = 6;

/// `cases.csv` (病例明细): one row a case, group to money.
///
/// A case's payment is made again from its row: base points are weight over the catalogue's scale times the
/// price's, points are those times `coefficient` and `auxiliary_coefficient` by the rule of its `kind`, with
/// `ratio` = cost over `outlier_base`; the standard is points times `price` (of the pool) or `preset_price`
/// (known beforehand), `fund_ratio` the fund's share of it where the pack lists shares. Under a scheme of
/// packets the columns of [`PACKET_GROUNDS`] stand before `status`.
///
/// # Errors
/// A number that cannot be shown.
pub fn cases_csv(inputs: &Inputs, result: &RunResult, lang: Lang) -> Result<CsvText, Overflow> {
    let mut text = CsvText::with_header(&case_columns(inputs));
    for statement in &result.statements {
        case_cells(&mut text, inputs, statement, lang);
        match &statement.money {
            Money::Settled(settled) => settled_cells(&mut text, &prices_of(result, statement)?, settled)?,
            // one finding or another kept it out; `reason` says which
            Money::KeptOut(_) | Money::Pending => {
                (PRICED_FROM..CASE_COLUMNS.len()).for_each(|_| text.cell(""))
            }
        }
        text.end_row();
    }
    Ok(text)
}

fn case_columns(inputs: &Inputs) -> Vec<&'static str> {
    let mut columns = CASE_COLUMNS.to_vec();
    if inputs.grouper.scheme().packets().is_some() {
        columns.splice(PACKETS_AT..PACKETS_AT, PACKET_GROUNDS);
    }
    columns
}

fn case_cells(text: &mut CsvText, inputs: &Inputs, statement: &Statement, lang: Lang) {
    let scheme = inputs.grouper.scheme();
    let grouping = &statement.grouping;
    text.cell(&statement.case_id);
    text.cell(&statement.hospital);
    text.show(
        inputs
            .lists
            .hospitals
            .get(&statement.hospital)
            .map(|hospital| hospital.level),
    );
    text.cell(&statement.person);
    text.cell(&statement.insured_scheme);
    text.show(statement.discharge);
    if let Some(packets) = scheme.packets() {
        let facts = statement.packet.as_deref();
        let cells = facts.map(|facts| packet_grounds(packets, grouping, facts));
        cells.unwrap_or_default().iter().for_each(|cell| text.cell(cell));
    }
    text.cell(grouping.status(scheme).as_str());
    text.cell(grouping.mdc(scheme));
    text.cell(grouping.adrg(scheme));
    text.cell(grouping.code(scheme));
    text.cell(grouping.name(scheme));
    text.cell(grouping.severity_word());
    text.cell(if statement.settled().is_some() {
        "yes"
    } else {
        "no"
    });
    let why_not = match &statement.money {
        Money::KeptOut(code) => {
            crate::records::edit(code).map(|edit| format!("{code} {}", edit.name.in_lang(lang)))
        }
        _ => None,
    };
    text.cell(&why_not.unwrap_or_else(|| grouping.reason(scheme, lang)));
}

fn settled_cells(text: &mut CsvText, prices: &[String; 2], settled: &Settled) -> Result<(), Overflow> {
    let Settled { score, slip, .. } = settled;
    text.cell(score.kind.as_str());
    let also: Vec<&str> = score.reasons.iter().map(Kind::as_str).collect();
    text.cell(&also.join("|"));
    let marks: Vec<&str> = score.marks.iter().map(Mark::as_str).collect();
    text.cell(&marks.join("|"));
    text.show(score.weight);
    text.show(score.base_points);
    text.show(
        score
            .coefficient
            .map(|coefficient| coefficient.show(4))
            .transpose()?,
    );
    text.cell(&auxiliary_shown(score)?);
    text.show(score.points);
    text.show(score.outlier_base.map(|base| base.fen_half_away()).transpose()?);
    text.show(score.ratio_shown(4));
    let [price, k] = prices;
    text.cell(price);
    text.cell(&preset_price_shown(score)?);
    text.cell(k);
    text.show(
        score
            .fund_ratio
            .map(|ratio| ratio.show_shortest(12))
            .transpose()?,
    );
    for amount in [
        settled.standard,
        settled.due,
        settled.claim,
        settled.nonfund,
        settled.gain(),
        slip.total,
    ] {
        text.show(Some(amount));
    }
    for payer in [
        Payer::Basic,
        Payer::Cii,
        Payer::Ma,
        Payer::Hospital,
        Payer::Commercial,
    ] {
        text.show(Some(slip.fund(payer)));
    }
    let others: Fen = Payer::OTHERS.into_iter().map(|payer| slip.fund(payer)).sum();
    text.show(Some(others));
    text.show(Some(slip.person));
    text.cell(slip.evidence.as_str());
    Ok(())
}

/// The point value and the scale factor k of a case's pool, as shown; a pool has one of them.
fn prices_of(result: &RunResult, statement: &Statement) -> Result<[String; 2], Overflow> {
    let pool = result
        .pools
        .iter()
        .find(|pool| pool.settlement.pool == statement.pool);
    pool.map_or(Ok(Default::default()), |pool| prices_shown(&pool.settlement))
}

/// Yuan per point, and the factor k by which standards were scaled; empty where there is none.
pub(super) fn prices_shown(settlement: &PoolSettlement) -> Result<[String; 2], Overflow> {
    let value = settlement
        .point_value
        .map(|value| value.show_yuan(POINT_VALUE_DECIMALS))
        .transpose()?;
    let k = settlement.k.map(|k| k.show(K_DECIMALS)).transpose()?;
    Ok([value.unwrap_or_default(), k.unwrap_or_default()])
}

/// A pool's or hospital's points; nothing where the pool's cases have standards instead.
pub(super) fn points_shown(settlement: &PoolSettlement, points: Points) -> Option<Points> {
    settlement.point_value.map(|_| points)
}

/// `hospitals.csv` (医疗机构结算): one row a pool and hospital.
pub fn hospitals_csv(inputs: &Inputs, result: &RunResult) -> CsvText {
    let mut columns: Vec<String> = ["pool", "hospital", "level", "cases"].map(str::to_owned).to_vec();
    columns.extend(Kind::ALL.map(|kind| format!("cases_{}", kind.as_str())));
    let amounts = [
        "points",
        "total_fee",
        "claim",
        "nonfund",
        "standard",
        "amount_due",
        "after_scale",
        "after_cap",
        "reflow",
        "due",
        "gain",
    ];
    columns.extend(amounts.map(str::to_owned));
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut text = CsvText::with_header(&columns);
    let gains = gains(result);
    for pool in &result.pools {
        for hospital in &pool.settlement.hospitals {
            text.cell(&pool.settlement.pool);
            text.cell(&hospital.hospital);
            text.show(inputs.lists.hospitals.get(&hospital.hospital).map(|h| h.level));
            hospital_cells(
                &mut text,
                hospital,
                points_shown(&pool.settlement, hospital.points),
            );
            let key = (pool.settlement.pool.as_str(), hospital.hospital.as_str());
            text.show(gains.get(&key));
            text.end_row();
        }
    }
    text
}

fn hospital_cells(text: &mut CsvText, hospital: &HospitalDue, points: Option<Points>) {
    text.show(Some(hospital.cases));
    for kind in Kind::ALL {
        let of_kind = hospital.kinds.iter().find(|total| total.kind == kind);
        text.show(Some(of_kind.map_or(0, |total| total.cases)));
    }
    text.show(points);
    for amount in [
        hospital.cost,
        hospital.claim,
        hospital.nonfund,
        hospital.standard,
        hospital.amount_due,
    ] {
        text.show(Some(amount));
    }
    for step in [hospital.after_scale, hospital.after_cap, hospital.reflow] {
        text.show(step);
    }
    text.show(Some(hospital.due));
}

/// What each hospital keeps or carries, by pool and hospital: the sum over its cases.
pub(super) fn gains(result: &RunResult) -> BTreeMap<(&str, &str), Fen> {
    let mut gains: BTreeMap<(&str, &str), Fen> = BTreeMap::new();
    for statement in &result.statements {
        if let Some(settled) = statement.settled() {
            let key = (statement.pool.as_str(), statement.hospital.as_str());
            *gains.entry(key).or_default() += settled.gain();
        }
    }
    gains
}

/// `pools.csv` (基金池对账): sources, uses, and a difference that is zero.
///
/// # Errors
/// A number that cannot be shown.
pub fn pools_csv(result: &RunResult) -> Result<CsvText, Overflow> {
    let mut text = CsvText::with_header(&["pool", "side", "item", "value"]);
    for pool in &result.pools {
        let settlement = &pool.settlement;
        let mut row = |side: &str, item: &str, value: String| {
            [&settlement.pool, side, item, &value]
                .into_iter()
                .for_each(|cell| text.cell(cell));
            text.end_row();
        };
        settlement
            .sources
            .iter()
            .for_each(|(item, amount)| row("source", item, amount.to_string()));
        settlement
            .uses
            .iter()
            .for_each(|(item, amount)| row("use", item, amount.to_string()));
        row("difference", "sources - uses", settlement.difference.to_string());
        if let Some(value) = settlement.point_value {
            row("price", "points", settlement.points.to_string());
            row("price", "point_value_yuan", value.show_yuan(10)?);
        }
        if let Some(k) = settlement.k {
            row("price", "k", k.show(10)?);
        }
        row("count", "hospitals", settlement.hospitals.len().to_string());
        row("count", "cases", settlement.cases.len().to_string());
    }
    Ok(text)
}

const SLIP_COLUMNS: [&str; 21] = [
    "case_id",
    "hospital",
    "person",
    "insured_scheme",
    "discharge_date",
    "medfee_sumamt",
    "fulamt_ownpay_amt",
    "overlmt_selfpay",
    "preselfpay_amt",
    "inscp_scp_amt",
    "act_pay_dedc",
    "hifp_pay",
    "hifmi_pay",
    "maf_pay",
    "oth_pay",
    "fund_pay_sumamt",
    "hosp_part_amt",
    "psn_part_amt",
    "tiers",
    "left_out",
    "standing",
];

/// `slips.csv` (一单制结算单): one row a settled case, fields named as the national interface does.
pub fn slips_csv(result: &RunResult) -> CsvText {
    let mut text = CsvText::with_header(&SLIP_COLUMNS);
    for statement in &result.statements {
        let Some(Settled { slip, .. }) = statement.settled() else {
            continue;
        };
        for cell in [
            &statement.case_id,
            &statement.hospital,
            &statement.person,
            &statement.insured_scheme,
        ] {
            text.cell(cell);
        }
        text.show(statement.discharge);
        let others = Payer::OTHERS.into_iter().chain([Payer::Commercial]);
        let others = others.map(|payer| slip.fund(payer));
        let waived = slip.fund(Payer::Hospital);
        let amounts = [
            slip.total,
            slip.own,
            slip.over,
            slip.pre,
            slip.scope,
            slip.deductible,
            slip.fund(Payer::Basic),
            slip.fund(Payer::Cii),
            slip.fund(Payer::Ma),
            others.sum(),
            slip.reimbursed() - waived,
            waived,
            slip.person,
        ];
        amounts.into_iter().for_each(|amount| text.show(Some(amount)));
        let tiers = slip
            .tiers
            .iter()
            .map(|tier| format!("{}:{}", tier.id, tier.amount));
        text.cell(&tiers.collect::<Vec<_>>().join("|"));
        let left_out = slip.skipped.iter().map(ToString::to_string);
        text.cell(&left_out.collect::<Vec<_>>().join("|"));
        let draft = if slip.draft { "DRAFT " } else { "" };
        text.cell(&format!("{draft}{}", slip.evidence.as_str()));
        text.end_row();
    }
    text
}

/// `rejected.csv` (退回记录): every record set aside, with its reasons and, if it could be read,
/// its cells. The text of a row without sound shape is not copied: it may hold names.
pub fn rejected_csv(inputs: &Inputs, result: &RunResult) -> CsvText {
    let mut columns = vec!["file", "line", "record", "codes"];
    columns.extend(result.header.iter().map(String::as_str));
    let mut text = CsvText::with_header(&columns);
    let file = inputs.scenario.records.to_string_lossy();
    for rejected in &result.rejected {
        text.cell(&file);
        text.show(Some(rejected.line));
        text.show(Some(rejected.record));
        text.cell(&rejected.codes.join("|"));
        for index in 0..result.header.len() {
            text.cell(
                rejected
                    .cells
                    .as_ref()
                    .and_then(|cells| cells.get(index))
                    .map_or("", String::as_str),
            );
        }
        text.end_row();
    }
    text
}
