//! What is kept of each run: by which pack and on what ground it was made, what was decided for it,
//! and who accepted that (运行、决定与受理).

use super::database::{Database, Done, Value};
use super::store::Ledger;
use crate::diagnostics::Result;

/// One run of a pool and a period (结算运行). The same pool, period, pack and input are the same run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunNote {
    /// Its id: from pool, period, hash of the pack and hash of the input.
    pub id: String,
    /// The pool.
    pub pool: String,
    /// The month, `2026-01`, or the year, `2026`.
    pub period: String,
    /// Name of the pack.
    pub pack: String,
    /// SHA-256 of the pack and its tables.
    pub pack_hash: String,
    /// SHA-256 of what its cases were made from.
    pub input_hash: String,
    /// Weakest evidence of the pack.
    pub evidence: String,
    /// Weakest evidence that was accepted.
    pub accepted: String,
    /// Who ran it, and accepted that evidence and these decisions.
    pub author: String,
    /// What was decided for it.
    pub decisions: Vec<DecisionNote>,
}

/// One decision of a run (决定).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionNote {
    /// `review`, `violation`, `assessment`, `change`, `carveout`, `reserve`, `price` or `leave_out`.
    pub kind: String,
    /// The case, hospital or kind that it is about; empty where it is about the pool.
    pub subject: String,
    /// What was decided, where the kind leaves it open.
    pub outcome: String,
    /// Number or amount.
    pub value: String,
}

impl RunNote {
    /// Writes it down once: the same run by the same author again adds nothing.
    pub(super) fn keep(&self, db: &mut Database) -> Done<()> {
        let known = "SELECT count(*) FROM run WHERE id = $1 AND author = $2 AND accepted = $3";
        let of: [Value<'_>; 3] = [(&self.id).into(), (&self.author).into(), (&self.accepted).into()];
        if db.first(known, &of, |row| row.whole(0))?.unwrap_or(0) > 0 {
            return Ok(());
        }
        let sql = "INSERT INTO run (id, pool, period, pack, pack_hash, input_hash, evidence, accepted, author) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let texts = [
            &self.id,
            &self.pool,
            &self.period,
            &self.pack,
            &self.pack_hash,
            &self.input_hash,
            &self.evidence,
            &self.accepted,
            &self.author,
        ];
        db.execute(sql, &texts.map(Value::from))?;
        for decision in &self.decisions {
            self.keep_decision(db, decision)?;
        }
        Ok(())
    }

    fn keep_decision(&self, db: &mut Database, decision: &DecisionNote) -> Done<()> {
        let sql = "INSERT INTO decision (run, pool, period, kind, subject, outcome, value, author) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let texts = [
            &self.id,
            &self.pool,
            &self.period,
            &decision.kind,
            &decision.subject,
            &decision.outcome,
            &decision.value,
            &self.author,
        ];
        db.execute(sql, &texts.map(Value::from))
    }
}

impl Ledger {
    /// The runs of a pool, oldest first, each with its decisions (运行清单).
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn runs(&self, pool: &str) -> Result<Vec<RunNote>> {
        let sql = "SELECT id, period, pack, pack_hash, input_hash, evidence, accepted, author FROM run \
                   WHERE pool = $1 ORDER BY sequence";
        let mut runs = self.ask(|db| {
            db.all(sql, &[pool.into()], |row| {
                Ok(RunNote {
                    id: row.text(0)?,
                    pool: pool.to_owned(),
                    period: row.text(1)?,
                    pack: row.text(2)?,
                    pack_hash: row.text(3)?,
                    input_hash: row.text(4)?,
                    evidence: row.text(5)?,
                    accepted: row.text(6)?,
                    author: row.text(7)?,
                    decisions: Vec::new(),
                })
            })
        })?;
        for run in &mut runs {
            run.decisions = self.ask(|db| decisions_of(db, run))?;
        }
        Ok(runs)
    }
}

fn decisions_of(db: &mut Database, run: &RunNote) -> Done<Vec<DecisionNote>> {
    let sql =
        "SELECT kind, subject, outcome, value FROM decision WHERE run = $1 AND author = $2 ORDER BY sequence";
    db.all(sql, &[(&run.id).into(), (&run.author).into()], |row| {
        Ok(DecisionNote {
            kind: row.text(0)?,
            subject: row.text(1)?,
            outcome: row.text(2)?,
            value: row.text(3)?,
        })
    })
}
