//! Settlements in a form that is kept (留存形式), and a book made again from them.
//!
//! What is kept of an event never changes: its slips, the movements it made, and the new slips of
//! settlements it replayed. A book made again has the counters and slips it had, whatever the
//! policy says by then: nothing is computed anew.

use std::borrow::Cow;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::bill::Bill;
use super::book::{Book, KeptMove, Outcome};
use super::counters::CiiScaleId;
use super::file::OnChange;
use super::name::Name;
use super::policy::BenefitPolicy;
use super::slip::{Payer, Skipped, Slip, TierShare, Uncovered, Why};
use crate::diagnostics::Evidence;
use crate::units::Fen;

/// One event as kept (留存记录): three texts of JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptEvent {
    /// Its slips, one a year.
    pub slips: String,
    /// Its movements: settlement, kind, year, and counters with unit, before, after.
    pub postings: String,
    /// The slips of settlements it replayed.
    pub replayed: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct SlipForm<'a> {
    year: i16,
    /// Total, own, over, pre, scope, deductible, person, scope left, account, family, cash.
    amounts: [i64; 11],
    refund: Option<i64>,
    tiers: Vec<(Cow<'a, str>, Cow<'a, str>, i64, i64)>,
    /// Tier, and the unknown path if that is why.
    skipped: Vec<(Cow<'a, str>, Option<Cow<'a, str>>)>,
    regime: Option<Cow<'a, str>>,
    evidence: Cow<'a, str>,
    draft: bool,
    scale: Option<(String, bool)>,
    /// First day without cover, and what was spent from it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uncovered: Option<(String, i64)>,
}

/// Counter, whose, before, after.
type MoveForm<'a> = (Cow<'a, str>, Cow<'a, str>, i64, i64);

/// Settlement, kind, year, movements.
type PostingForm<'a> = (Cow<'a, str>, Cow<'a, str>, i16, Vec<MoveForm<'a>>);

fn forms<'s>(slips: &'s [(i16, Slip)], scales: &[Option<CiiScaleId>]) -> Vec<SlipForm<'s>> {
    let scales = scales.iter().copied().chain(std::iter::repeat(None));
    let pairs = slips.iter().zip(scales);
    pairs
        .map(|((year, slip), scale)| SlipForm::of(*year, slip, scale))
        .collect()
}

impl Outcome<'_> {
    /// What is kept of the event (留存).
    ///
    /// # Errors
    /// What cannot be written as JSON.
    pub fn kept(&self, policy: &BenefitPolicy) -> Result<KeptEvent, String> {
        let say = |e: serde_json::Error| e.to_string();
        let replayed: Vec<(&str, Vec<SlipForm<'_>>)> = self
            .replayed
            .iter()
            .map(|(id, slips, scales)| (*id, forms(slips, scales)))
            .collect();
        Ok(KeptEvent {
            slips: serde_json::to_string(&forms(&self.slips, &self.scales)).map_err(say)?,
            postings: serde_json::to_string(&self.posting_forms(policy)).map_err(say)?,
            replayed: match replayed.is_empty() {
                true => None,
                false => Some(serde_json::to_string(&replayed).map_err(say)?),
            },
        })
    }

    fn posting_forms(&self, policy: &BenefitPolicy) -> Vec<PostingForm<'_>> {
        let mut forms: Vec<PostingForm<'_>> = Vec::new();
        for (settlement, kind, year, moves) in self.kept_moves(policy) {
            let moves = moves.into_iter().map(|moved| {
                let unit = if moved.of_family { "family" } else { "person" };
                (moved.counter, unit.into(), moved.before, moved.after)
            });
            forms.push((settlement.into(), kind.as_str().into(), year, moves.collect()));
        }
        forms
    }
}

impl<'a> Book<'a> {
    /// Puts an event back that was kept (恢复台账), in the order of events.
    ///
    /// # Errors
    /// Texts that were not made by [`Outcome::kept`], or name a counter the policy does not know.
    pub fn restore(&mut self, bill: Bill<'a>, kept: &KeptEvent) -> Result<(), String> {
        let say = |e: serde_json::Error| format!("what was kept of `{}` cannot be read: {e}", bill.id);
        let slips: Vec<SlipForm<'_>> = serde_json::from_str(&kept.slips).map_err(say)?;
        let postings: Vec<PostingForm<'_>> = serde_json::from_str(&kept.postings).map_err(say)?;
        let replayed: Vec<(String, Vec<SlipForm<'_>>)> = match &kept.replayed {
            Some(text) => serde_json::from_str(text).map_err(say)?,
            None => Vec::new(),
        };
        let mut moves = Vec::new();
        for (settlement, kind, year, moved) in postings {
            let moved = moved.into_iter().map(|(counter, _, before, after)| KeptMove {
                counter: Cow::Owned(counter.into_owned()),
                of_family: false,
                before,
                after,
            });
            moves.push((settlement.into_owned(), kind.into_owned(), year, moved.collect()));
        }
        let restored = slips
            .into_iter()
            .map(SlipForm::back)
            .collect::<Result<Vec<_>, String>>()?;
        let mut again = Vec::new();
        for (id, slips) in replayed {
            let slips = slips
                .into_iter()
                .map(SlipForm::back)
                .collect::<Result<Vec<_>, String>>()?;
            again.push((id, slips));
        }
        self.put_again(bill, restored, moves, again)
    }
}

impl<'a> SlipForm<'a> {
    fn of(year: i16, slip: &'a Slip, scale: Option<CiiScaleId>) -> SlipForm<'a> {
        let tier = |tier: &TierShare| {
            let (base, amount) = (tier.base.fen(), tier.amount.fen());
            (tier.id.as_str().into(), tier.payer.as_str().into(), base, amount)
        };
        let skipped = |skipped: &'a Skipped| {
            let path = match &skipped.why {
                Why::NotInForce => None,
                Why::Unknown { path } => Some(path.as_str().into()),
            };
            (skipped.tier.as_str().into(), path)
        };
        SlipForm {
            year,
            amounts: [
                slip.total,
                slip.own,
                slip.over,
                slip.pre,
                slip.scope,
                slip.deductible,
                slip.person,
                slip.scope_left,
                slip.account,
                slip.family_account,
                slip.cash,
            ]
            .map(Fen::fen),
            refund: slip.deposit_refund.map(Fen::fen),
            tiers: slip.tiers.iter().map(tier).collect(),
            skipped: slip.skipped.iter().map(skipped).collect(),
            regime: slip.regime.map(Cow::Borrowed),
            evidence: slip.evidence.as_str().into(),
            draft: slip.draft,
            scale: scale.map(|scale| (scale.day.to_string(), scale.tilt)),
            uncovered: slip
                .uncovered
                .map(|part| (part.from.to_string(), part.amount.fen())),
        }
    }

    fn back(self) -> Result<(i16, Slip, Option<CiiScaleId>), String> {
        let [
            total,
            own,
            over,
            pre,
            scope,
            deductible,
            person,
            scope_left,
            account,
            family_account,
            cash,
        ] = self.amounts.map(Fen::new);
        let mut tiers = Vec::new();
        for (id, payer, base, amount) in self.tiers {
            let payer = Payer::ALL.into_iter().find(|known| known.as_str() == payer);
            tiers.push(TierShare {
                id: Name::of(&id),
                payer: payer.ok_or("a payer this program does not know")?,
                base: Fen::new(base),
                amount: Fen::new(amount),
            });
        }
        let skipped = self.skipped.into_iter().map(|(tier, path)| Skipped {
            tier: Name::of(&tier),
            why: path.map_or(Why::NotInForce, |path| Why::Unknown {
                path: path.into_owned(),
            }),
        });
        let uncovered = match &self.uncovered {
            None => None,
            Some((from, amount)) => Some(Uncovered {
                from: from.parse::<Date>().map_err(|e| e.to_string())?,
                amount: Fen::new(*amount),
            }),
        };
        let slip = Slip {
            uncovered,
            total,
            own,
            over,
            pre,
            scope,
            deductible,
            tiers,
            person,
            scope_left,
            account,
            family_account,
            cash,
            deposit_refund: self.refund.map(Fen::new),
            regime: self.regime.as_deref().and_then(OnChange::word),
            skipped: skipped.collect(),
            evidence: evidence(&self.evidence)?,
            draft: self.draft,
        };
        let scale = match self.scale {
            None => None,
            Some((day, tilt)) => Some(CiiScaleId {
                day: day.parse::<Date>().map_err(|e| e.to_string())?,
                tilt,
            }),
        };
        Ok((self.year, slip, scale))
    }
}

fn evidence(word: &str) -> Result<Evidence, String> {
    let all = [
        Evidence::Official,
        Evidence::Local,
        Evidence::Secondary,
        Evidence::Assumption,
    ];
    let found = all.into_iter().find(|known| known.as_str() == word);
    found.ok_or_else(|| format!("`{word}` is no evidence"))
}
