//! What goes into a settlement and what comes out.

use super::terms::{FundShare, Reviewed};
use crate::codes::HospitalLevel;
use crate::points::{Kind, Payment};
use crate::units::{Exact, Fen, PointValue, Points};

/// A scored case of a pool (待结算病例).
#[derive(Clone, Copy, Debug)]
pub struct PoolCase<'a> {
    /// Case id, once in a hospital and a day of discharge; ties between cases go by it.
    pub id: &'a str,
    /// Hospital code; ties between hospitals go by it.
    pub hospital: &'a str,
    /// Its kind, for the statements.
    pub kind: Kind,
    /// Its payment by the policy.
    pub payment: Payment,
    /// Cost of the stay.
    pub cost: Fen,
    /// What the pool's funds paid by items.
    pub claim: Fen,
    /// Everything else of the bill: patient, account, other funds.
    pub nonfund: Fen,
    /// What only some packs ask for.
    pub more: More<'a>,
}

/// What only some packs ask of a case in its pool (结算附加信息).
#[derive(Clone, Copy, Debug, Default)]
pub struct More<'a> {
    /// Level of the hospital, for quotas of reviews.
    pub level: Option<HospitalLevel>,
    /// The fund's share of the standard by the pack's table, from its score.
    pub fund_ratio: Option<Exact>,
    /// What each fund of the pool paid by items; sums to `claim`.
    pub funds: &'a [FundShare],
    /// Add-ons by their names in the pack, not below zero.
    pub addons: &'a [(&'a str, Fen)],
    /// Its list came so late that it counts as a case in violation.
    pub late: bool,
    /// Day of discharge, `2026-01-31`: with hospital and id it makes the case itself.
    pub discharge: &'a str,
}

/// What one case is due (病例应付).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseDue {
    /// What its payment comes to before the fund split: points × price, or the standard at the
    /// fixed rate before scaling, or what was paid by items.
    pub standard: Fen,
    /// What the pool owes; may be below zero.
    pub due: Fen,
}

/// The due before and after a step of the clearing (步骤前后金额).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepOfDue {
    /// The step's word in `clear.steps`.
    pub step: &'static str,
    /// Due of the hospital's sharing cases before it.
    pub before: Fen,
    /// And after it.
    pub after: Fen,
}

/// Cases, points and dues of one kind (分类型合计).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindTotal {
    /// The kind.
    pub kind: Kind,
    /// Number of cases.
    pub cases: u64,
    /// Sum of points; none are counted where standards are paid.
    pub points: Points,
    /// Sum of dues.
    pub due: Fen,
}

/// What one hospital is due (医疗机构应付).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HospitalDue {
    /// Hospital code.
    pub hospital: String,
    /// Number of cases.
    pub cases: u64,
    /// Totals by kind, kinds without a case left out.
    pub kinds: Vec<KindTotal>,
    /// Sum of points.
    pub points: Points,
    /// Sum of costs.
    pub cost: Fen,
    /// Sum of what the pool's funds paid by items.
    pub claim: Fen,
    /// Sum of what others paid.
    pub nonfund: Fen,
    /// Sum of its cases' `standard`.
    pub standard: Fen,
    /// Due for the cases paid by amount, which leave the pool first.
    pub amount_due: Fen,
    /// Every step that ran, in the pack's order.
    pub steps: Vec<StepOfDue>,
    /// Add-ons in the due.
    pub addons: Fen,
    /// The due by fund, where the pack splits it.
    pub funds: Vec<FundShare>,
    /// V4: due of the other cases after scaling to the pool (总额折算后).
    pub after_scale: Option<Fen>,
    /// With a cap: after it (封顶后).
    pub after_cap: Option<Fen>,
    /// With a cap: given back from what others had above theirs (超限回补).
    pub reflow: Option<Fen>,
    /// What the pool owes in all; may be below zero.
    pub due: Fen,
}

/// One pool, settled (结算结果).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolSettlement {
    /// The pool.
    pub pool: String,
    /// Where the money comes from.
    pub sources: Vec<(&'static str, Fen)>,
    /// Where it goes; sums to the sources.
    pub uses: Vec<(&'static str, Fen)>,
    /// Sources less uses: zero, or `settle` would have failed.
    pub difference: Fen,
    /// Sum of points.
    pub points: Points,
    /// The exact value of a point where it floats; none where there are no points.
    pub point_value: Option<PointValue>,
    /// The exact factor that brings standards, or corrected dues, to the pool.
    pub k: Option<Exact>,
    /// What became of decisions on single cases, in their order.
    pub reviewed: Vec<Reviewed>,
    /// What a person should look at before the settlement is confirmed.
    pub warnings: Vec<String>,
    /// By hospital code.
    pub hospitals: Vec<HospitalDue>,
    /// In the order the cases came.
    pub cases: Vec<CaseDue>,
}
