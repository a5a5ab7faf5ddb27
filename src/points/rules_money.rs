//! Rules about a pool's money (基金结算规则), for the room `budget`.

use hashbrown::HashMap;

use super::file::LowEdge;
use super::file::{FormulaClass, GrouperSystem, PackFile, PriceModel};
use super::file_money::{
    AddonFunding, AddonPosition, Allocate, AmountCases, AssessEffect, CapFile, CorridorBalance, Denominator,
    FundFormula, FundNegative, FundSplit, Outcome, PenaltyMode, PoolFund, PoolKey, PvPayDp, QuotaRound,
    Reflow, RegionBasis, ReserveKind, Residual, Step,
};
use super::lookup::{Key, Lookup, Unit};
use super::pack::Places;
use super::rules::{less, lookup, missing, not_negative, number, rate_above_zero, share, together};
use crate::codes::HospitalLevel;
use crate::diagnostics::{Result, suggestion};
use crate::units::{Exact, Ratio};

/// Everything a settlement computes with.
#[derive(Clone, Debug)]
pub(crate) struct MoneyRules {
    pub(crate) formula: FundFormula,
    pub(crate) ratio: Option<FundRatio>,
    pub(crate) clamp: bool,
    pub(crate) v3_correct: bool,
    pub(crate) split: Option<FundSplit>,
    pub(crate) order: Vec<PoolFund>,
    pub(crate) k_may_exceed_one: bool,
    /// Fen per point at which cases paid by amount have points; none: they leave the pool first.
    pub(crate) reference_price: Option<Exact>,
    pub(crate) allocate: Allocate,
    pub(crate) residual: Residual,
    /// Decimals of yuan of the point value that money is paid from; none: the exact value.
    pub(crate) pv_decimals: Option<u32>,
    /// Share of a budget that is kept back.
    pub(crate) reserve: Option<Exact>,
    /// Kinds of change in the year that the pack knows.
    pub(crate) changes: Vec<String>,
    /// Kinds of money that leave the budget first.
    pub(crate) carveouts: Vec<String>,
    pub(crate) key: Vec<PoolKey>,
    pub(crate) merge: Vec<Vec<String>>,
    pub(crate) addons: Option<Addons>,
    pub(crate) special: Option<Special>,
    pub(crate) steps: Vec<Step>,
    pub(crate) cap: Option<Cap>,
    pub(crate) region: Option<Region>,
    pub(crate) corridor: Option<Corridor>,
    pub(crate) assess: Option<Assess>,
    pub(crate) penalty: Option<Penalty>,
}

/// The fund's share of a standard.
#[derive(Clone, Debug)]
pub(crate) enum FundRatio {
    /// What the fund's money is of all money in the pool.
    PoolRealised,
    /// What the fund paid of this case by items.
    Case,
    /// One share.
    Fixed(Exact),
    /// By group or hospital, level and insurance.
    Table(Lookup),
}

/// An upper limit on what a hospital is due (封顶): a share of what was paid by items.
#[derive(Clone, Debug)]
pub(crate) struct Cap {
    pub(crate) rate: Exact,
    pub(crate) reflow: Reflow,
}

/// Money on top of a case (加项).
#[derive(Clone, Debug)]
pub(crate) struct Addons {
    /// Name, and whether it is added or taken off.
    pub(crate) items: Vec<(String, bool)>,
    pub(crate) position: AddonPosition,
    pub(crate) funded_by: AddonFunding,
}

/// Review of single cases (特例单议).
#[derive(Clone, Debug)]
pub(crate) struct Special {
    pub(crate) quota: HashMap<HospitalLevel, Exact>,
    pub(crate) denominator: Denominator,
    pub(crate) round: QuotaRound,
    pub(crate) outcomes: Vec<Outcome>,
}

/// Surplus and overrun of a whole region (区域结余超支).
#[derive(Clone, Debug)]
pub(crate) struct Region {
    pub(crate) basis: RegionBasis,
    pub(crate) over_share: Exact,
    pub(crate) under_keep: Exact,
}

/// Surplus and overrun of a hospital (医院结余留用、超支分担).
#[derive(Clone, Debug)]
pub(crate) struct Corridor {
    pub(crate) balance: CorridorBalance,
    pub(crate) bands: Vec<Band>,
}

/// One band: pay = alpha × claim + beta × due.
#[derive(Clone, Debug)]
pub(crate) struct Band {
    /// Upper limit of claim over due; `None` is without limit.
    pub(crate) to: Option<Exact>,
    pub(crate) owns_limit: bool,
    pub(crate) alpha: Exact,
    pub(crate) beta: Exact,
}

/// What an assessment changes (考核).
#[derive(Clone, Debug)]
pub(crate) struct Assess {
    pub(crate) effect: AssessEffect,
    /// From this score on, this share; descending.
    pub(crate) bands: Vec<(Exact, Exact)>,
}

/// What a violation costs (违规处理).
#[derive(Clone, Debug)]
pub(crate) struct Penalty {
    pub(crate) mode: PenaltyMode,
    pub(crate) multiple: Exact,
}

impl MoneyRules {
    pub(super) fn of(file: &PackFile, at: &Places) -> Result<MoneyRules> {
        let read = Reader { file, at };
        let rules = MoneyRules {
            formula: read.formula()?,
            ratio: read.ratio()?,
            clamp: file.fund.negative == FundNegative::Zero,
            v3_correct: read.v3_correct()?,
            split: file.fund.split,
            order: read.order()?,
            k_may_exceed_one: file.price.k_may_exceed_one.unwrap_or(false),
            reference_price: read.reference_price()?,
            allocate: file.round.allocate,
            residual: file.round.residual,
            pv_decimals: read.pv_decimals()?,
            reserve: read.reserve()?,
            changes: file
                .budget
                .change
                .as_ref()
                .map_or_else(Vec::new, |change| change.in_year.clone()),
            carveouts: file.budget.carveout.clone().unwrap_or_default(),
            key: read.key()?,
            merge: read.merge()?,
            addons: read.addons()?,
            special: read.special()?,
            cap: read.cap()?,
            region: read.region()?,
            corridor: read.corridor()?,
            assess: read.assess()?,
            penalty: read.penalty()?,
            steps: file.clear.steps.clone(),
        };
        read.check_steps(&rules)?;
        Ok(rules)
    }
}

struct Reader<'a> {
    file: &'a PackFile,
    at: &'a Places<'a>,
}

impl Reader<'_> {
    fn formula(&self) -> Result<FundFormula> {
        const KEY: &str = "fund.formula";
        let formula = self.file.fund.formula;
        let (fits, expected) = match self.file.formula_class {
            FormulaClass::V1 => (
                formula == FundFormula::None,
                "none: its points buy the fund's own money",
            ),
            FormulaClass::V2 => (formula == FundFormula::Subtract, "subtract"),
            FormulaClass::V3 | FormulaClass::V4 => (formula != FundFormula::None, "subtract or ratio"),
        };
        let class = self.file.formula_class.as_str();
        if fits {
            return Ok(formula);
        }
        Err(self.at.error(
            KEY,
            format!("class {class} goes with `{KEY}` {expected} (E_CLASS_MISMATCH)"),
        ))
    }

    fn ratio(&self) -> Result<Option<FundRatio>> {
        const KEY: &str = "fund.ratio";
        let fund = &self.file.fund;
        let grossed =
            self.file.formula_class == FormulaClass::V3 && self.file.price.model == PriceModel::Floating;
        let wanted = grossed || fund.formula == FundFormula::Ratio;
        let Some(word) = together(self.at, wanted, KEY, "fund", fund.ratio.as_deref())? else {
            return Ok(None);
        };
        let by_table = matches!(word, "group" | "hospital");
        let table = together(self.at, by_table, "fund.table", "fund", fund.table.as_deref())?;
        let ratio = match (word, word.strip_prefix("fixed:"), table) {
            ("pool_realised", ..) => FundRatio::PoolRealised,
            ("case", ..) => FundRatio::Case,
            (_, Some(text), _) => FundRatio::Fixed(self.fixed_ratio(text)?),
            (_, _, Some(file)) => FundRatio::Table(self.ratio_table(file)?),
            _ => {
                let hint = suggestion(word, ["group", "hospital", "case", "pool_realised", "fixed:0.72"]);
                let expected = "expected group, hospital, case, pool_realised or fixed:0.72";
                return Err(self
                    .at
                    .error(KEY, format!("`{KEY}` is `{word}`; {expected}{hint}")));
            }
        };
        let scalar = matches!(ratio, FundRatio::PoolRealised | FundRatio::Fixed(_));
        if grossed && fund.formula == FundFormula::Subtract && !scalar {
            let message = "`fund.ratio` grosses up the pool, so it is one share; expected pool_realised or fixed:0.72 with fund.formula = subtract";
            return Err(self.at.error(KEY, message));
        }
        Ok(Some(ratio))
    }

    fn fixed_ratio(&self, text: &str) -> Result<Exact> {
        let ratio: Option<Ratio> = text.parse().ok();
        let ratio = ratio
            .map(|ratio| share(self.at, "fund.ratio", ratio))
            .transpose()?;
        ratio.filter(|ratio| *ratio != Exact::ZERO).ok_or_else(|| {
            let message = format!(
                "`fund.ratio` is `fixed:{text}`; expected a share above 0, at most 1, e.g. fixed:0.72"
            );
            self.at.error("fund.ratio", message)
        })
    }

    fn ratio_table(&self, file: &str) -> Result<Lookup> {
        let order = self
            .file
            .fund
            .keys
            .as_ref()
            .map(|keys| ("fund.keys", keys.as_slice()));
        let keys = [Key::Group, Key::Hospital, Key::Level, Key::Insurance];
        lookup(self.at, "fund.table", file, order, &keys, ("ratio", Unit::Factor))
    }

    fn v3_correct(&self) -> Result<bool> {
        let is_v3 = self.file.formula_class == FormulaClass::V3;
        together(
            self.at,
            is_v3,
            "fund.v3_correct",
            "fund",
            self.file.fund.v3_correct,
        )
        .map(|correct| correct == Some(true))
    }

    /// The funds of a split, each of the pool's funds once.
    fn order(&self) -> Result<Vec<PoolFund>> {
        const KEY: &str = "fund.order";
        let fund = &self.file.fund;
        let order =
            together(self.at, fund.split.is_some(), KEY, "fund", fund.order.clone())?.unwrap_or_default();
        let mut given = order.clone();
        let mut wanted = self.file.pool.includes.clone();
        given.sort();
        wanted.sort();
        if fund.split.is_some() && given != wanted {
            return Err(self.at.error(
                KEY,
                format!("`{KEY}` names each fund of `pool.includes` once, and no other"),
            ));
        }
        Ok(order)
    }

    fn pv_decimals(&self) -> Result<Option<u32>> {
        let decimals = match self.file.round.pv_pay_dp {
            PvPayDp::None => None,
            PvPayDp::Two => Some(2),
            PvPayDp::Four => Some(4),
            PvPayDp::Six => Some(6),
        };
        if decimals.is_some() && self.file.price.model != PriceModel::Floating {
            let message = "`round.pv_pay_dp`: only a floating price is rounded (E_CLASS_MISMATCH)";
            return Err(self.at.error("round.pv_pay_dp", message));
        }
        Ok(decimals)
    }

    /// The price at which amounts become points; a known price leaves nothing to share by them.
    fn reference_price(&self) -> Result<Option<Exact>> {
        const KEY: &str = "pool.reference_price";
        let pool = &self.file.pool;
        let wanted = pool.amount_cases == AmountCases::PointsAtReference;
        if wanted && self.file.price.model != PriceModel::Floating {
            let message =
                "`pool.amount_cases = points_at_reference` needs a floating price (E_CLASS_MISMATCH)";
            return Err(self.at.error("pool.amount_cases", message));
        }
        let price = together(self.at, wanted, KEY, "pool", pool.reference_price)?;
        price
            .map(|price| rate_above_zero(self.at, KEY, price))
            .transpose()
    }

    fn reserve(&self) -> Result<Option<Exact>> {
        let reserve = &self.file.budget.reserve;
        let risk = reserve.kind == ReserveKind::Risk;
        let rate = together(
            self.at,
            risk,
            "budget.reserve.rate",
            "budget.reserve",
            reserve.rate,
        )?;
        rate.map(|rate| share(self.at, "budget.reserve.rate", rate))
            .transpose()
    }

    fn key(&self) -> Result<Vec<PoolKey>> {
        let key = &self.file.pool.key;
        let twice = (1..key.len()).any(|i| {
            let (before, rest) = key.split_at(i);
            rest.first().is_some_and(|part| before.contains(part))
        });
        if key.is_empty() || twice {
            return Err(self
                .at
                .error("pool.key", "`pool.key` names each part of the partition once"));
        }
        Ok(key.clone())
    }

    /// No insurance is merged twice.
    fn merge(&self) -> Result<Vec<Vec<String>>> {
        const KEY: &str = "pool.merge";
        let merge = self.file.pool.merge.clone().unwrap_or_default();
        let mut all: Vec<&String> = merge.iter().flatten().collect();
        all.sort();
        if all.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(self
                .at
                .error(KEY, format!("`{KEY}` overlaps: an insurance stands in two pools")));
        }
        Ok(merge)
    }

    fn addons(&self) -> Result<Option<Addons>> {
        const KEY: &str = "addon.items";
        let Some(table) = &self.file.addon else {
            return Ok(None);
        };
        let mut items = Vec::new();
        for item in &table.items {
            let plus = match item.sign {
                1 => true,
                -1 => false,
                other => {
                    return Err(self.at.error(
                        KEY,
                        format!("`{KEY}`: the sign of `{}` is {other}; expected 1 or -1", item.id),
                    ));
                }
            };
            if items.iter().any(|(id, _)| *id == item.id) {
                return Err(self.at.error(KEY, format!("`{KEY}` names `{}` twice", item.id)));
            }
            items.push((item.id.clone(), plus));
        }
        if table.position == AddonPosition::BeforeScale
            && self.file.price.model != PriceModel::FixedThenScaled
        {
            let message =
                "`addon.position = before_scale` needs standards that are scaled (E_CLASS_MISMATCH)";
            return Err(self.at.error("addon.position", message));
        }
        if table.position == AddonPosition::BeforeScale && table.funded_by != AddonFunding::Pool {
            let message = "`addon.funded_by`: add-ons that are scaled with the standards are the pool's money; expected pool";
            return Err(self.at.error("addon.funded_by", message));
        }
        Ok(Some(Addons {
            items,
            position: table.position,
            funded_by: table.funded_by,
        }))
    }

    fn special(&self) -> Result<Option<Special>> {
        const KEY: &str = "special.quota";
        let Some(table) = &self.file.special else {
            return Ok(None);
        };
        let in_per_cent = self.at.text(KEY).contains('%');
        if self.file.grouper.system == GrouperSystem::Dip && in_per_cent {
            let message = format!(
                "`{KEY}` is in per cent; a quota of DIP is written in per mille, e.g. \"5‰\" (E_UNIT)"
            );
            return Err(self.at.error(KEY, message));
        }
        let mut quota = HashMap::new();
        for (level, value) in super::rules::by_level(self.at, KEY, &table.quota)? {
            quota.insert(level, share(self.at, KEY, value)?);
        }
        Ok(Some(Special {
            quota,
            denominator: table.denominator,
            round: table.round,
            outcomes: table.outcome.clone(),
        }))
    }

    fn cap(&self) -> Result<Option<Cap>> {
        let clear = &self.file.clear;
        match (&clear.cap, clear.reflow) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(self.at.error(
                "clear.reflow",
                "`clear.reflow` has no meaning without `clear.cap`",
            )),
            (Some(_), None) => Err(missing(self.at, "clear", "clear.reflow")),
            (Some(CapFile { rate, .. }), Some(reflow)) => Ok(Some(Cap {
                rate: not_negative(self.at, "clear.cap.rate", *rate)?,
                reflow,
            })),
        }
    }

    fn region(&self) -> Result<Option<Region>> {
        const KEY: &str = "clear.corridor.region";
        let empty = |corridor: &super::file_money::CorridorFile| {
            corridor.region.is_none() && corridor.hospital.is_none()
        };
        if self.file.clear.corridor.as_ref().is_some_and(empty) {
            let message = "`clear.corridor` is empty; expected `region`, `hospital` or both";
            return Err(self.at.error("clear.corridor", message));
        }
        let Some(region) = self
            .file
            .clear
            .corridor
            .as_ref()
            .and_then(|corridor| corridor.region.as_ref())
        else {
            return Ok(None);
        };
        if region.basis == RegionBasis::Standards && self.file.price.model == PriceModel::Floating {
            let message = format!(
                "`{KEY}.basis = standards` needs a known price: a floating one always spends the budget (E_CLASS_MISMATCH)"
            );
            return Err(self.at.error(KEY, message));
        }
        Ok(Some(Region {
            basis: region.basis,
            over_share: share(self.at, "clear.corridor.region.over_share", region.over_share)?,
            under_keep: share(self.at, "clear.corridor.region.under_keep", region.under_keep)?,
        }))
    }

    /// Bands cover every quotient from zero: limits rise, the last is without limit.
    fn corridor(&self) -> Result<Option<Corridor>> {
        const KEY: &str = "clear.corridor.hospital.bands";
        let Some(written) = self
            .file
            .clear
            .corridor
            .as_ref()
            .and_then(|corridor| corridor.hospital.as_ref())
        else {
            return Ok(None);
        };
        let mut bands: Vec<Band> = Vec::new();
        for (index, band) in written.bands.iter().enumerate() {
            let last = index + 1 == written.bands.len();
            let to = match (band.to.as_str(), last) {
                ("inf", true) => None,
                (text, false) => Some(self.limit(KEY, text)?),
                _ => {
                    return Err(self.at.error(
                        KEY,
                        format!("`{KEY}` ends with the limit \"inf\", and only there"),
                    ));
                }
            };
            if let (Some(Some(before)), Some(to)) = (bands.last().map(|band| band.to), to)
                && !less(before, to)
            {
                return Err(self
                    .at
                    .error(KEY, format!("`{KEY}` overlap: the limits do not rise")));
            }
            bands.push(Band {
                to,
                owns_limit: band.op == LowEdge::AtOrBelow,
                alpha: number(self.at, KEY, band.alpha)?,
                beta: number(self.at, KEY, band.beta)?,
            });
        }
        if bands.is_empty() {
            return Err(self.at.error(KEY, format!("`{KEY}` is empty")));
        }
        Ok(Some(Corridor {
            balance: written.balance,
            bands,
        }))
    }

    fn limit(&self, key: &str, text: &str) -> Result<Exact> {
        let limit: Option<Ratio> = text.parse().ok();
        let limit = limit.ok_or_else(|| self.at.error(key, format!("`{key}`: `{text}` is not a limit")))?;
        not_negative(self.at, key, limit)
    }

    fn assess(&self) -> Result<Option<Assess>> {
        const KEY: &str = "assess.bands";
        let Some(table) = self.file.assess.as_ref() else {
            return Ok(None);
        };
        let wanted = table.effect != AssessEffect::Off;
        let Some(written) = together(self.at, wanted, KEY, "assess", table.bands.as_ref())? else {
            return Ok(None);
        };
        let mut bands: Vec<(Exact, Exact)> = Vec::new();
        for band in written {
            let from = not_negative(self.at, KEY, band.from)?;
            if bands.last().is_some_and(|(before, _)| !less(from, *before)) {
                return Err(self
                    .at
                    .error(KEY, format!("`{KEY}` overlap: `from` does not fall")));
            }
            bands.push((from, share(self.at, KEY, band.share)?));
        }
        if bands.last().is_none_or(|(from, _)| *from != Exact::ZERO) {
            return Err(self.at.error(
                KEY,
                format!("`{KEY}` ends with from = \"0\", so that every score has a share"),
            ));
        }
        Ok(Some(Assess {
            effect: table.effect,
            bands,
        }))
    }

    fn penalty(&self) -> Result<Option<Penalty>> {
        let Some(table) = self.file.penalty.as_ref() else {
            return Ok(None);
        };
        let many = table.mode == PenaltyMode::PointsMultiple;
        let multiple = together(self.at, many, "penalty.multiple", "penalty", table.multiple)?;
        let multiple = multiple
            .map(|value| not_negative(self.at, "penalty.multiple", value))
            .transpose()?;
        Ok(Some(Penalty {
            mode: table.mode,
            multiple: multiple.unwrap_or(Exact::ONE),
        }))
    }

    /// The steps of a clearing: fixed ones first and last in their order, the others as the pack
    /// has them; each with its rule, each rule with its step.
    fn check_steps(&self, rules: &MoneyRules) -> Result<()> {
        const KEY: &str = "clear.steps";
        use Step::{
            Addons, Assess, Budget, Cap, Carve, Confirm, Corridor, Freeze, FundPart, NetOff, Penalty, Price,
            Reflow, Residual, Scale,
        };
        let steps = &rules.steps;
        let has = |step: Step| steps.contains(&step);
        let say = |message: String| Err(self.at.error(KEY, format!("`{KEY}`: {message}")));
        let fixed = [Freeze, Budget, Carve, Price, FundPart, Residual, NetOff, Confirm];
        if let Some(step) = fixed.iter().find(|step| !has(**step)) {
            return say(format!(
                "the step `{}` is missing; every class needs it",
                step.as_str()
            ));
        }
        let twice = steps
            .iter()
            .enumerate()
            .find(|(i, step)| steps.iter().position(|s| s == *step) != Some(*i));
        if let Some((_, step)) = twice {
            return say(format!("the step `{}` stands twice", step.as_str()));
        }
        let (first, last) = (steps.get(..5), steps.get(steps.len().saturating_sub(3)..));
        if first != fixed.get(..5) || last != fixed.get(5..) {
            return say(
                "expected freeze, budget, carve, price, fund_part first and residual, net_off, confirm last"
                    .to_owned(),
            );
        }
        let reflows = rules
            .cap
            .as_ref()
            .is_some_and(|cap| cap.reflow != super::file_money::Reflow::Stay);
        let multiplies = rules
            .assess
            .as_ref()
            .is_some_and(|a| a.effect == AssessEffect::PayableMultiplier);
        let returns = rules
            .penalty
            .as_ref()
            .is_some_and(|p| p.mode == PenaltyMode::ReturnFund);
        let scales = self.file.price.model == PriceModel::FixedThenScaled;
        for (step, wanted, rule) in [
            (Scale, scales, "price.model = fixed_then_scaled"),
            (Cap, rules.cap.is_some(), "clear.cap"),
            (Reflow, reflows, "clear.reflow once or iterate"),
            (Corridor, rules.corridor.is_some(), "clear.corridor.hospital"),
            (Addons, rules.addons.is_some(), "addon"),
            (Assess, multiplies, "assess.effect = payable_multiplier"),
            (Penalty, returns, "penalty.mode = return_fund"),
        ] {
            if has(step) != wanted {
                let name = step.as_str();
                return say(format!("the step `{name}` stands exactly where `{rule}` does"));
            }
        }
        let at = |step: Step| steps.iter().position(|s| *s == step);
        if at(Reflow).is_some_and(|reflow| at(Cap).is_none_or(|cap| cap > reflow)) {
            return say("`reflow` comes after `cap`".to_owned());
        }
        self.check_addons(rules, &at)
    }

    /// The add-ons' own position and their place among the steps say the same.
    fn check_addons(&self, rules: &MoneyRules, at: &impl Fn(Step) -> Option<usize>) -> Result<()> {
        let Some(addons) = &rules.addons else {
            return Ok(());
        };
        let own = at(Step::Addons);
        let fits = match addons.position {
            AddonPosition::BeforeScale => own < at(Step::Scale),
            AddonPosition::AfterScale => {
                own > at(Step::Scale) && at(Step::Cap).is_none_or(|cap| own < Some(cap))
            }
            AddonPosition::AfterCap => own > at(Step::Cap) && own > at(Step::Scale),
        };
        if fits {
            return Ok(());
        }
        let message = "`addon.position` and the place of `addons` in `clear.steps` differ";
        Err(self.at.error("addon.position", message))
    }
}

impl Step {
    /// The word of the language.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Step::Freeze => "freeze",
            Step::Budget => "budget",
            Step::Carve => "carve",
            Step::Price => "price",
            Step::FundPart => "fund_part",
            Step::Scale => "scale",
            Step::Cap => "cap",
            Step::Reflow => "reflow",
            Step::Corridor => "corridor",
            Step::Addons => "addons",
            Step::Assess => "assess",
            Step::Penalty => "penalty",
            Step::Residual => "residual",
            Step::NetOff => "net_off",
            Step::Confirm => "confirm",
        }
    }
}

/// Limits at which neighbouring bands do not meet: a fen more of claim changes the pay by more.
pub(crate) fn corridor_jumps(corridor: &Corridor) -> Vec<String> {
    let at = |band: &Band, to: Exact| band.alpha.mul(to)?.add(band.beta);
    let mut warnings = Vec::new();
    for pair in corridor.bands.windows(2) {
        let [below, above] = pair else { continue };
        let Some(to) = below.to else { continue };
        let (Ok(left), Ok(right)) = (at(below, to), at(above, to)) else {
            continue;
        };
        if left != right {
            let show = |value: Exact| value.show(4).unwrap_or_default();
            warnings.push(format!(
                "the corridor jumps at claim = {} of due: pay is {} of due below and {} above",
                show(to),
                show(left),
                show(right)
            ));
        }
    }
    warnings
}
