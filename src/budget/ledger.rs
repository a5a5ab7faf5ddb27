//! The pool's cases in their one order: by hospital code, then by case id (病例台账).

use super::PoolCase;
use crate::diagnostics::{Error, Result};
use crate::points::{FormulaClass, Payment};
use crate::units::{Exact, Fen, Points};

/// No case has more points, or a standard of more fen, than this many units of 10⁻¹²: sums of
/// any number of cases then stay far inside 128 bits.
const LARGEST_UNITS: u128 = 1_000_000_000_000_000_000_000_000;

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
    /// Points, or fen of the standard, in units of 10⁻¹²; zero where it is paid by amount.
    pub(super) units: i128,
}

impl<'a> Account<'a> {
    /// Every entry, sharing ones first.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry<'a>> {
        self.sharing
            .iter()
            .chain(self.amounts.iter().map(|(entry, _)| entry))
    }

    pub(super) fn units(&self) -> i128 {
        self.sharing.iter().map(|entry| entry.units).sum()
    }

    pub(super) fn amount_due(&self) -> Result<Fen> {
        total(self.amounts.iter().map(|(_, due)| *due))
    }
}

/// Opens the accounts of a pool (建立台账).
pub(super) fn open<'a>(
    class: FormulaClass,
    pool: &str,
    cases: &'a [PoolCase<'a>],
) -> Result<Vec<Account<'a>>> {
    let mut sorted: Vec<(usize, &PoolCase)> = cases.iter().enumerate().collect();
    sorted.sort_unstable_by_key(|(_, case)| (case.hospital, case.id));
    refuse_twice(pool, cases)?;
    let mut accounts: Vec<Account> = Vec::new();
    for (position, case) in sorted {
        let (units, amount) = stake(class, case)
            .map_err(|message| Error::new(format!("pool `{pool}`, case `{}`: {message}", case.id)))?;
        let entry = Entry {
            position,
            case,
            units,
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
            match amount {
                Some(amount) => account.amounts.push((entry, amount)),
                None => account.sharing.push(entry),
            }
        }
    }
    Ok(accounts)
}

/// A second case of the same id would be paid twice, and its ties would depend on the input.
fn refuse_twice(pool: &str, cases: &[PoolCase]) -> Result<()> {
    let mut ids: Vec<&str> = cases.iter().map(|case| case.id).collect();
    ids.sort_unstable();
    match ids.windows(2).find_map(|pair| match pair {
        [a, b] if a == b => Some(*a),
        _ => None,
    }) {
        Some(id) => Err(Error::new(format!("pool `{pool}`: case `{id}` stands twice"))),
        None => Ok(()),
    }
}

/// A case's units in the pool, or the amount it is due outside it.
fn stake(class: FormulaClass, case: &PoolCase) -> std::result::Result<(i128, Option<Fen>), String> {
    for (name, amount) in [
        ("cost", case.cost),
        ("claim", case.claim),
        ("nonfund", case.nonfund),
    ] {
        in_range(name, amount)?;
    }
    let units = match (case.payment, class) {
        (Payment::ByItem, _) => return Ok((0, Some(case.claim))),
        (Payment::Amount(amount), _) => {
            in_range("amount", amount)?;
            return Ok((0, Some(amount - case.nonfund)));
        }
        (Payment::Points(points), FormulaClass::V2) => points.units(),
        (Payment::Standard(fen), FormulaClass::V4) => units_of(fen)?,
        (Payment::Points(_), FormulaClass::V4) => {
            return Err("has points, but class V4 pays standards".to_owned());
        }
        (Payment::Standard(_), FormulaClass::V2) => {
            return Err("has a standard, but class V2 pays points".to_owned());
        }
    };
    if units.unsigned_abs() > LARGEST_UNITS {
        return Err("its points or standard leave the range that can be settled".to_owned());
    }
    Ok((units, None))
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
