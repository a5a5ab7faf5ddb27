//! Price of the points, and the fund's part of what they are worth (点值、基金应付): the four
//! classes.
//!
//! | class | money the points buy | due |
//! |---|---|---|
//! | V1 | F | points × price |
//! | V2 | F + ΣN | points × price − N |
//! | V3 | F ÷ ρ to the fen; or a preset price | points × price − N, or × ρᵢ |
//! | V4 | a fixed price | standard − N, or × ρᵢ |

use super::ledger::{Account, share_of_case, total};
use super::rounding::{Rounding, Spread};
use super::share::{Book, Line, exact, failed, split};
use crate::diagnostics::{Error, Result};
use crate::points::{FormulaClass, FundFormula, FundRatio, Pack, Residual, Step};
use crate::units::{Exact, Fen, PointValue, Points};

/// Units of 10⁻¹² fen in one fen.
const PER_FEN: i128 = Points::PER_POINT;

/// What pricing a pool gives.
pub(super) struct Priced {
    pub(super) book: Book,
    pub(super) point_value: Option<PointValue>,
}

/// Prices the points of a pool and takes the fund's part.
pub(super) fn price(pack: &Pack, pool: &str, left: Fen, accounts: &[Account]) -> Result<Priced> {
    let gross = Gross {
        pack,
        pool,
        left,
        accounts,
    };
    let mut priced = if pack.price_is_known() {
        gross.at_known_price()?
    } else {
        gross.at_floating_price()?
    };
    if pack.rules.money.clamp {
        clamp(pool, accounts, &mut priced.book)?;
    }
    for line in &mut priced.book.lines {
        line.steps.push(("fund_part", line.due, line.due));
    }
    if pack.class() == FormulaClass::V3 && pack.rules.money.v3_correct {
        correct(&gross, &mut priced.book)?;
    }
    Ok(priced)
}

/// The fund's part of every standard at the known price, before anything is scaled.
pub(super) fn unscaled(pack: &Pack, pool: &str, accounts: &[Account]) -> Result<Book> {
    let gross = Gross {
        pack,
        pool,
        left: Fen::ZERO,
        accounts,
    };
    Ok(gross.at_known_price()?.book)
}

struct Gross<'a> {
    pack: &'a Pack,
    pool: &'a str,
    left: Fen,
    accounts: &'a [Account<'a>],
}

impl Gross<'_> {
    fn nonfund(&self) -> Result<Fen> {
        total(
            self.accounts
                .iter()
                .flat_map(|a| &a.sharing)
                .map(|entry| entry.case.nonfund),
        )
    }

    fn units(&self) -> i128 {
        self.accounts.iter().map(Account::units).sum()
    }

    fn at_floating_price(&self) -> Result<Priced> {
        let units = self.units();
        let by_ratio = self.pack.rules.money.formula == FundFormula::Ratio;
        let parts = self.fund_units()?;
        let part: i128 = parts.iter().flatten().sum();
        let gross = self.money_to_buy(units, part)?;
        if gross.is_negative() {
            return Err(self.too_little());
        }
        if units <= 0 || (by_ratio && part <= 0) {
            return self.without_points(gross);
        }
        let point_value = PointValue::new(gross, Points::new(units));
        let point_value = point_value.map_err(|e| failed(self.pool, &e))?;
        let (gross, per_unit) = self.paid_price(gross, units)?;
        let (mut lines, mut residual) = self.standards(gross, per_unit)?;
        if by_ratio {
            residual = self.by_shares(&mut lines, &parts, part)?;
        } else if self.pack.rules.money.formula == FundFormula::Subtract {
            lines
                .iter_mut()
                .zip(self.accounts)
                .try_for_each(|(line, account)| subtract(line, account))?;
        }
        let mut book = book(lines);
        book.balance("reserve_drawn", "to_reserve", -residual);
        Ok(Priced {
            book,
            point_value: Some(point_value),
        })
    }

    /// What the points of each case come to, and the fen that go to the reserve.
    fn standards(&self, gross: Fen, per_unit: Exact) -> Result<(Vec<Line>, Fen)> {
        let units: Vec<Vec<i128>> = self.accounts.iter().map(case_units).collect();
        let spread = self.rounding().spread(gross, &units, per_unit);
        let spread = spread.map_err(|e| failed(self.pool, &e))?;
        let lines = match spread.cases {
            Some(cases) => cases.into_iter().map(fund_lines).collect::<Result<_>>()?,
            None => {
                let mut lines = Vec::with_capacity(self.accounts.len());
                for (units, gross) in units.iter().zip(spread.hospitals) {
                    let own = self.own_price(gross, units, per_unit)?;
                    let standards = split(gross, units.iter().copied(), own);
                    lines.push(fund_lines(standards.map_err(|e| failed(self.pool, &e))?)?);
                }
                lines
            }
        };
        Ok((lines, spread.residual))
    }

    /// The price at which a hospital's cases make its sum: the pool's, where the sum was made by the
    /// largest remainder.
    fn own_price(&self, money: Fen, units: &[i128], price: Exact) -> Result<Exact> {
        let sum: i128 = units.iter().sum();
        if self.pack.rules.money.residual == Residual::LargestRemainder || sum == 0 {
            return Ok(price);
        }
        exact(self.pool, Exact::new(money.fen().into(), sum))
    }

    const fn rounding(&self) -> Rounding {
        Rounding::of(&self.pack.rules.money)
    }

    /// The money that all points buy.
    fn money_to_buy(&self, units: i128, part: i128) -> Result<Fen> {
        let money = &self.pack.rules.money;
        let grossed = |ratio: Exact| {
            let gross = self.left.exact().div(ratio).and_then(Exact::fen_half_away);
            exact(self.pool, gross)
        };
        match (self.pack.class(), &money.ratio, money.formula) {
            (FormulaClass::V1 | FormulaClass::V4, ..) => Ok(self.left),
            (FormulaClass::V2, ..) | (_, Some(FundRatio::PoolRealised), _) => {
                total([self.left, self.nonfund()?])
            }
            (_, Some(FundRatio::Fixed(ratio)), FundFormula::Subtract) => grossed(*ratio),
            // the mean of the shares, weighted by points
            _ if units > 0 && part > 0 => grossed(exact(self.pool, Exact::new(part, units))?),
            _ => Ok(self.left),
        }
    }

    /// What is paid and at which price: the exact one, or the one the pack rounds.
    fn paid_price(&self, gross: Fen, units: i128) -> Result<(Fen, Exact)> {
        let per_unit = exact(self.pool, Exact::new(gross.fen().into(), units))?;
        let Some(decimals) = self.pack.rules.money.pv_decimals else {
            return Ok((gross, per_unit));
        };
        // yuan per point, rounded; then back to fen per unit
        let yuan = exact(
            self.pool,
            Exact::new(gross.fen().into(), 100)
                .and_then(|yuan| yuan.div(Exact::new(units, Points::PER_POINT)?)),
        )?;
        let rounded = exact(self.pool, yuan.points_half_away(decimals).and_then(Points::exact))?;
        let fen_per_yuan_point = exact(self.pool, Exact::new(100, Points::PER_POINT))?;
        let per_unit = exact(self.pool, rounded.mul(fen_per_yuan_point))?;
        let paid = exact(
            self.pool,
            per_unit.mul(Exact::integer(units)).and_then(Exact::fen_half_away),
        )?;
        Ok((paid, per_unit))
    }

    /// The fund's part of each sharing case in its units, where the pack pays shares.
    fn fund_units(&self) -> Result<Vec<Vec<i128>>> {
        let money = &self.pack.rules.money;
        let (FundFormula::Ratio, Some(ratio)) = (money.formula, &money.ratio) else {
            return Ok(Vec::new());
        };
        let realised = self.realised()?;
        let of = |account: &Account| {
            let units = account.sharing.iter().map(|entry| {
                let share = match ratio {
                    FundRatio::PoolRealised => Ok(realised),
                    ratio => share_of_case(ratio, entry.case),
                };
                let share = share.map_err(|message| {
                    Error::new(format!(
                        "pool `{}`, case `{}`: {message}",
                        self.pool, entry.case.id
                    ))
                })?;
                exact(self.pool, super::review::times(entry.stake.units, share))
            });
            units.collect::<Result<Vec<i128>>>()
        };
        self.accounts.iter().map(of).collect()
    }

    /// The fund's share of all money in the pool.
    fn realised(&self) -> Result<Exact> {
        let all = total([self.left, self.nonfund()?])?;
        if all <= Fen::ZERO {
            return Ok(Exact::ONE);
        }
        exact(self.pool, Exact::new(self.left.fen().into(), all.fen().into()))
    }

    /// Dues by each case's share: the fund's money over the fund's part of the points.
    fn by_shares(&self, lines: &mut [Line], parts: &[Vec<i128>], part: i128) -> Result<Fen> {
        let price = exact(self.pool, Exact::new(self.left.fen().into(), part))?;
        self.set_parts(lines, parts, self.left, price)
    }

    /// What each line is due of its cases' parts; what goes to the reserve is given back. Dues that
    /// are still to be scaled stay as they are.
    fn set_parts(&self, lines: &mut [Line], parts: &[Vec<i128>], money: Fen, price: Exact) -> Result<Fen> {
        let spread = if self.pack.rules.money.steps.contains(&Step::Scale) {
            let sums = parts.iter().map(|parts| parts.iter().sum::<i128>());
            split(money, sums, price).map(|hospitals| Spread {
                hospitals,
                cases: None,
                residual: Fen::ZERO,
            })
        } else {
            self.rounding().spread(money, parts, price)
        };
        let Spread {
            hospitals,
            cases,
            residual,
        } = spread.map_err(|e| failed(self.pool, &e))?;
        for ((line, parts), due) in lines.iter_mut().zip(parts).zip(&hospitals) {
            line.weights.clone_from(parts);
            line.price = match residual == Fen::ZERO && self.pack.rules.money.residual != Residual::ToLast {
                true => price,
                false => self.own_price(*due, parts, price)?,
            };
            line.due = *due;
        }
        for (line, dues) in lines.iter_mut().zip(cases.into_iter().flatten()) {
            line.hold(&dues);
        }
        Ok(residual)
    }

    /// Class V4, and V3 at a preset price: what each standard leaves for the fund.
    fn at_known_price(&self) -> Result<Priced> {
        if self.left.is_negative() {
            return Err(failed(
                self.pool,
                &format!("its cases paid by amount leave {} to share", self.left),
            ));
        }
        let mut lines = Vec::with_capacity(self.accounts.len());
        let mut parts = self.fund_units()?;
        let subtracts = parts.is_empty();
        let mut own = Vec::with_capacity(self.accounts.len());
        for account in self.accounts {
            let standard = |entry: &super::ledger::Entry| {
                exact(
                    self.pool,
                    Exact::new(entry.stake.units, PER_FEN).and_then(Exact::fen_half_away),
                )
            };
            lines.push(fund_lines(
                account.sharing.iter().map(standard).collect::<Result<_>>()?,
            )?);
            let part = |entry: &super::ledger::Entry| {
                entry.stake.units - i128::from(entry.case.nonfund.fen()) * PER_FEN
            };
            own.push(account.sharing.iter().map(part).collect());
        }
        if subtracts {
            parts = own;
        }
        let sum: i128 = parts.iter().flatten().sum();
        let price = exact(self.pool, Exact::new(1, PER_FEN))?;
        let whole = exact(self.pool, Exact::new(sum, PER_FEN).and_then(Exact::fen_half_away))?;
        let residual = self.set_parts(&mut lines, &parts, whole, price)?;
        let mut book = book(lines);
        book.balance("reserve_drawn", "to_reserve", -residual);
        Ok(Priced {
            book,
            point_value: None,
        })
    }

    fn too_little(&self) -> Error {
        let what = format!(
            "its cases paid by amount leave {} to share, less than nothing even with what others paid",
            self.left
        );
        failed(self.pool, &what)
    }

    /// An empty pool keeps its money; money without a point to share it by is an error.
    fn without_points(&self, gross: Fen) -> Result<Priced> {
        let has_cases = self.accounts.iter().any(|account| !account.sharing.is_empty());
        if has_cases && gross != Fen::ZERO {
            return Err(Error::new(format!(
                "no case of pool `{}` has points, but {} is to be shared",
                self.pool, self.left
            )));
        }
        let subtracts = self.pack.rules.money.formula == FundFormula::Subtract;
        let mut lines = Vec::with_capacity(self.accounts.len());
        for account in self.accounts {
            let mut line = fund_lines(vec![Fen::ZERO; account.sharing.len()])?;
            if subtracts {
                subtract(&mut line, account)?;
            }
            lines.push(line);
        }
        Ok(Priced {
            book: book(lines),
            point_value: None,
        })
    }
}

fn book(lines: Vec<Line>) -> Book {
    Book {
        lines,
        sources: Vec::new(),
        uses: Vec::new(),
        k: None,
        warnings: Vec::new(),
    }
}

/// A hospital whose cases are due their standards.
fn fund_lines(standards: Vec<Fen>) -> Result<Line> {
    Ok(Line {
        weights: standards.iter().map(|fen| fen.fen().into()).collect(),
        price: Exact::ONE,
        due: total(standards.iter().copied())?,
        moved: false,
        standards,
        steps: Vec::new(),
        addons: Fen::ZERO,
    })
}

/// Each case gives back what others paid for it; below zero is legal.
fn subtract(line: &mut Line, account: &Account) -> Result<()> {
    for (weight, entry) in line.weights.iter_mut().zip(&account.sharing) {
        *weight -= i128::from(entry.case.nonfund.fen());
    }
    let nonfund = total(account.sharing.iter().map(|entry| entry.case.nonfund))?;
    line.due = total([line.due, -nonfund])?;
    Ok(())
}

/// No case is due less than nothing: what that adds is a line of the books (负值归零).
fn clamp(pool: &str, accounts: &[Account], book: &mut Book) -> Result<()> {
    let before = book.due()?;
    for (line, account) in book.lines.iter_mut().zip(accounts) {
        let dues = line.cases(pool, account)?;
        let dues: Vec<Fen> = dues.into_iter().map(|due| due.max(Fen::ZERO)).collect();
        line.due = total(dues.iter().copied())?;
        line.hold(&dues);
    }
    let added = total([book.due()?, -before])?;
    book.balance("clamp", "clamp", added);
    Ok(())
}

/// Units of an account's cases.
fn case_units(account: &Account) -> Vec<i128> {
    account.sharing.iter().map(|entry| entry.stake.units).collect()
}

/// Brings dues that do not sum to the fund to it: the fund over those dues (V3 校正).
fn correct(gross: &Gross, book: &mut Book) -> Result<()> {
    let (pool, left) = (gross.pool, gross.left);
    let due = book.due()?;
    if due == left {
        return Ok(());
    }
    if due <= Fen::ZERO {
        return Err(failed(
            pool,
            &format!("its dues sum to {due}: {left} cannot be shared by them"),
        ));
    }
    let price = exact(pool, Exact::new(left.fen().into(), due.fen().into()))?;
    let rounding = gross.rounding();
    let mut dues: Vec<Vec<i128>> = Vec::with_capacity(book.lines.len());
    for (line, account) in book.lines.iter().zip(gross.accounts) {
        dues.push(match rounding.sums_cases() {
            true => line
                .cases(pool, account)?
                .iter()
                .map(|due| due.fen().into())
                .collect(),
            false => vec![line.due.fen().into()],
        });
    }
    let spread = rounding
        .spread(left, &dues, price)
        .map_err(|e| failed(pool, &e))?;
    for (line, due) in book.lines.iter_mut().zip(&spread.hospitals) {
        line.step("v3_correct", *due);
    }
    for (line, dues) in book.lines.iter_mut().zip(spread.cases.iter().flatten()) {
        line.hold(dues);
    }
    book.balance("reserve_drawn", "to_reserve", -spread.residual);
    book.k = Some(price);
    Ok(())
}
