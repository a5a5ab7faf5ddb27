//! The pool's cases in their one order: by hospital code, then by case id (病例台账).

use super::PoolCase;
use crate::diagnostics::{Error, Result};
use crate::points::{FundFormula, FundRatio, Pack, Payment};
use crate::units::{Exact, Fen, Points};

/// No case has more points, or a standard of more fen, than this many units of 10⁻¹²: sums of
/// any number of cases then stay far inside 128 bits.
const LARGEST_UNITS: u128 = 1_000_000_000_000_000_000_000_000;

/// What a case brings to its pool.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stake {
    /// Points, or fen of the standard, in units of 10⁻¹²; zero where it is paid by amount.
    pub(super) units: i128,
    /// What it is due outside the points.
    pub(super) amount: Option<Fen>,
    pub(super) in_violation: bool,
    /// Its amount goes back to the fund once the pool is shared.
    pub(super) returned: bool,
    /// Add-ons, with their signs.
    pub(super) addons: Fen,
}

/// One hospital's cases.
pub(super) struct Account<'a> {
    pub(super) hospital: &'a str,
    /// Cases that share the pool, by id.
    pub(super) sharing: Vec<Entry<'a>>,
    /// Cases paid by amount, with that amount.
    pub(super) amounts: Vec<(Entry<'a>, Fen)>,
}

/// One case in its account.
pub(super) struct Entry<'a> {
    /// Its place in the caller's list.
    pub(super) position: usize,
    pub(super) case: &'a PoolCase<'a>,
    pub(super) stake: Stake,
}

impl<'a> Account<'a> {
    /// Every entry, sharing ones first.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry<'a>> {
        self.sharing
            .iter()
            .chain(self.amounts.iter().map(|(entry, _)| entry))
    }

    pub(super) fn units(&self) -> i128 {
        self.sharing.iter().map(|entry| entry.stake.units).sum()
    }

    /// What amount cases are due in the end: with their add-ons, without what goes back.
    pub(super) fn final_amounts(&self) -> impl Iterator<Item = Fen> {
        self.amounts.iter().map(|(entry, due)| {
            if entry.stake.returned {
                Fen::ZERO
            } else {
                *due + entry.stake.addons
            }
        })
    }

    pub(super) fn amount_due(&self) -> Result<Fen> {
        total(self.amounts.iter().map(|(_, due)| *due))
    }

    /// What the pool's funds paid by items for the cases that share.
    pub(super) fn claim(&self) -> Result<Fen> {
        total(self.sharing.iter().map(|entry| entry.case.claim))
    }

    pub(super) fn addons(&self) -> Result<Fen> {
        total(self.entries().map(|entry| entry.stake.addons))
    }
}

/// What every case brings, in the caller's order.
pub(super) fn stakes(pack: &Pack, pool: &str, cases: &[PoolCase]) -> Result<Vec<Stake>> {
    refuse_twice(pool, cases)?;
    let stake = |case: &PoolCase| {
        let mut stake = stake(pack, case)?;
        stake.addons = addons(pack, case)?;
        if let Some(penalty) = pack.rules.money.penalty.as_ref().filter(|_| case.more.late) {
            super::review::violate(penalty, &mut stake).map_err(|e| e.to_string())?;
        }
        Ok(stake)
    };
    let of = |case: &PoolCase| {
        stake(case)
            .map_err(|message: String| Error::new(format!("pool `{pool}`, case `{}`: {message}", case.id)))
    };
    cases.iter().map(of).collect()
}

/// Opens the accounts of a pool (建立台账).
pub(super) fn open<'a>(cases: &'a [PoolCase<'a>], stakes: &[Stake]) -> Vec<Account<'a>> {
    let mut sorted: Vec<(usize, (&PoolCase, &Stake))> = cases.iter().zip(stakes).enumerate().collect();
    sorted.sort_unstable_by_key(|(_, (case, _))| key(case));
    let mut accounts: Vec<Account> = Vec::new();
    for (position, (case, stake)) in sorted {
        let entry = Entry {
            position,
            case,
            stake: *stake,
        };
        if accounts
            .last()
            .is_none_or(|account| account.hospital != case.hospital)
        {
            accounts.push(Account {
                hospital: case.hospital,
                sharing: Vec::new(),
                amounts: Vec::new(),
            });
        }
        if let Some(account) = accounts.last_mut() {
            match stake.amount {
                Some(amount) => account.amounts.push((entry, amount)),
                None => account.sharing.push(entry),
            }
        }
    }
    accounts
}

/// What makes a case itself: hospital, number, day of discharge.
const fn key<'a>(case: &PoolCase<'a>) -> (&'a str, &'a str, &'a str) {
    (case.hospital, case.id, case.more.discharge)
}

/// A second case of one key would be paid twice, and its ties would depend on the input.
fn refuse_twice(pool: &str, cases: &[PoolCase]) -> Result<()> {
    let mut keys: Vec<_> = cases.iter().map(key).collect();
    keys.sort_unstable();
    let twice = keys.windows(2).find_map(|pair| match pair {
        [a, b] if a == b => Some(*a),
        _ => None,
    });
    let Some((hospital, id, day)) = twice else {
        return Ok(());
    };
    let day = match day {
        "" => String::new(),
        day => format!(", discharged on {day},"),
    };
    Err(Error::new(format!(
        "pool `{pool}`: case `{id}` of hospital `{hospital}`{day} stands twice"
    )))
}

/// A case's units in the pool, or the amount it is due outside it.
fn stake(pack: &Pack, case: &PoolCase) -> std::result::Result<Stake, String> {
    for (name, amount) in [
        ("cost", case.cost),
        ("claim", case.claim),
        ("nonfund", case.nonfund),
    ] {
        in_range(name, amount)?;
    }
    let class = pack.class();
    let by_amount = |amount| Stake {
        amount: Some(amount),
        ..Stake::default()
    };
    let units = match (case.payment, pack.price_is_known()) {
        (Payment::Nothing, _) => return Ok(by_amount(Fen::ZERO)),
        (Payment::ByItem | Payment::Amount(_), _) if pack.rules.money.reference_price.is_some() => {
            points_at_reference(pack, case)?
        }
        (Payment::ByItem, _) => return Ok(by_amount(case.claim)),
        (Payment::Amount(amount), _) => {
            in_range("amount", amount)?;
            return fund_part_of(pack, case, amount).map(by_amount);
        }
        (Payment::Points(points), false) => points.units(),
        (Payment::Standard(fen), true) => units_of(fen)?,
        (Payment::Points(_), true) => {
            return Err(format!("has points, but class {} pays standards", class.as_str()));
        }
        (Payment::Standard(_), false) => {
            return Err(format!(
                "has a standard, but class {} pays points",
                class.as_str()
            ));
        }
    };
    if units.unsigned_abs() > LARGEST_UNITS {
        return Err("its points or standard leave the range that can be settled".to_owned());
    }
    Ok(Stake {
        units,
        ..Stake::default()
    })
}

/// The points of an amount at the pack's price: of the whole bill where points buy whole bills, of
/// the fund's part where they buy the fund's money.
fn points_at_reference(pack: &Pack, case: &PoolCase) -> std::result::Result<i128, String> {
    let money = &pack.rules.money;
    let bill = match case.payment {
        Payment::Amount(amount) => amount,
        _ => case.claim + case.nonfund,
    };
    in_range("amount", bill)?;
    let part = match money.formula {
        FundFormula::None => bill - case.nonfund,
        FundFormula::Subtract | FundFormula::Ratio => bill,
    };
    let price = money.reference_price.unwrap_or(Exact::ONE);
    let points = part
        .exact()
        .div(price)
        .and_then(|points| points.points_half_away(12));
    points.map(Points::units).map_err(|e| e.to_string())
}

/// The fund's part of a fixed amount: its share where the pack pays a share, else what others
/// did not pay. The share of a whole pool is not known before the amounts have left it.
fn fund_part_of(pack: &Pack, case: &PoolCase, amount: Fen) -> std::result::Result<Fen, String> {
    let money = &pack.rules.money;
    match (money.formula, &money.ratio) {
        (FundFormula::Ratio, Some(ratio)) if !matches!(ratio, FundRatio::PoolRealised) => {
            let share = share_of_case(ratio, case)?;
            let due = amount.exact().mul(share).and_then(Exact::fen_half_away);
            due.map_err(|e| e.to_string())
        }
        _ => Ok(amount - case.nonfund),
    }
}

/// The fund's share of a case's standard.
pub(super) fn share_of_case(ratio: &FundRatio, case: &PoolCase) -> std::result::Result<Exact, String> {
    match ratio {
        FundRatio::Fixed(share) => Ok(*share),
        FundRatio::Table(_) => case
            .more
            .fund_ratio
            .ok_or_else(|| "has no `fund_ratio`, which the pack's `fund.table` gives".to_owned()),
        FundRatio::Case => {
            let bill = case.claim + case.nonfund;
            if bill <= Fen::ZERO {
                return Err(
                    "has no bill whose fund share could be taken: claim and nonfund sum to zero".to_owned(),
                );
            }
            Exact::new(case.claim.fen().into(), bill.fen().into()).map_err(|e| e.to_string())
        }
        FundRatio::PoolRealised => Ok(Exact::ONE),
    }
}

/// A case's add-ons, each with the pack's sign.
fn addons(pack: &Pack, case: &PoolCase) -> std::result::Result<Fen, String> {
    let mut sum = Fen::ZERO;
    for (id, amount) in case.more.addons {
        in_range(id, *amount)?;
        let items = pack
            .rules
            .money
            .addons
            .as_ref()
            .map(|addons| addons.items.as_slice());
        let item = items.unwrap_or_default().iter().find(|(known, _)| known == id);
        match item {
            Some((_, true)) => sum += *amount,
            Some((_, false)) => sum -= *amount,
            None => {
                return Err(format!(
                    "has the add-on `{id}`, which the pack's `addon.items` does not name"
                ));
            }
        }
    }
    Ok(sum)
}

fn in_range(name: &str, amount: Fen) -> std::result::Result<(), String> {
    let largest = Fen::LARGEST_INPUT;
    if amount > largest || amount < -largest {
        return Err(format!(
            "`{name}` is {amount}; at most {largest} yuan are settled for a case"
        ));
    }
    Ok(())
}

/// A standard in units of 10⁻¹² fen, rounded half away from zero; it is exact for every rate and
/// number of points with twelve decimals between them.
fn units_of(fen: Exact) -> std::result::Result<i128, String> {
    let units = fen.points_half_away(12).map_err(|e| e.to_string())?;
    Ok(Points::units(units))
}

/// A sum that fails rather than overflows.
pub(super) fn total(amounts: impl IntoIterator<Item = Fen>) -> Result<Fen> {
    let sum: i128 = amounts.into_iter().map(|amount| i128::from(amount.fen())).sum();
    let fen = i64::try_from(sum).map_err(|_| Error::new("a sum leaves the range of money"))?;
    Ok(Fen::new(fen))
}
