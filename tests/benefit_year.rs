//! The year of a person: counters as movements, reversals, replays, cover and category by day;
//! and every input that must be refused, by the name of its error.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::Path;

use dianzhi::benefit::{
    Area, BenefitPolicy, Bill, Book, BookRules, Care, Condition, Cover, Facility, FeeSplit, Held,
    InsuredPerson, LateBill, Level, MovementKind, Outcome, Reversal, ShareError, Status, Voucher,
};
use dianzhi::diagnostics::Lang;
use dianzhi::units::Fen;
use hashbrown::HashMap;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use serde_json::Value;

// ---- refused inputs ---------------------------------------------------------------------------

/// Every input to refuse is refused under the name it should have: files here, bills below.
#[test]
fn inputs_that_must_be_refused() {
    let rows = json("rejected");
    assert_eq!(rows.len(), 25);
    for row in rows {
        let (id, expected) = (row["id"].as_str().unwrap(), row["error"].as_str().unwrap());
        let name = match row["where"].as_str().unwrap() {
            "load" => load_error(&row),
            _ => run_error(id),
        };
        assert_eq!(name, expected, "{id}");
    }
}

/// The name at the end of the message, of a file laid over the smallest one, under the national
/// bounds.
fn load_error(row: &Value) -> String {
    let folder = tempfile::tempdir().unwrap();
    let golden = Path::new("tests/golden/benefit/good/minimal.toml");
    let national = Path::new("scenarios/benefit/national.toml");
    for place in ["good", "bad"] {
        std::fs::create_dir(folder.path().join(place)).unwrap();
    }
    std::fs::copy(golden, folder.path().join("good/minimal.toml")).unwrap();
    std::fs::copy(national, folder.path().join("national.toml")).unwrap();
    let path = folder.path().join("bad/minimal.toml");
    let status = row["status"].as_str().unwrap_or("draft");
    let head = format!(
        "file = {{ schema = 1, extends = \"good/minimal\", place = \"bad\", status = \"{status}\", checked_on = 2026-11-21 }}\n"
    );
    std::fs::write(&path, head + row["toml"].as_str().unwrap()).unwrap();
    let said = match BenefitPolicy::load(&path) {
        Ok(policy) => panic!("{row}: loaded as {}", policy.name()),
        Err(error) => error.to_string(),
    };
    // a file and a line, whatever is wrong
    let place = said.split(": ").next().unwrap();
    assert!(place.contains(".toml:"), "{said}");
    let name = said
        .rsplit_once(" [")
        .map(|(_, name)| name.trim_end_matches(']').to_owned());
    name.unwrap_or_else(|| panic!("no name: {said}"))
}

/// The error of the bill that the row of that id describes.
fn run_error(id: &str) -> String {
    let policy = city();
    let mut bill = stay("a", date(2021, 6, 30), 1_000_000);
    let mut persons = None;
    let mut before = Vec::new();
    match id {
        "X17" => bill.discharge = date(2018, 12, 31),
        "X18" => bill.categories = "dibao",
        "X19" => persons = Some(person(&[cover("resident", date(2021, 7, 1), date(2021, 12, 31))])),
        "X20" => bill.total += Fen::new(1),
        "X21" => {
            bill.total = Fen::new(-1);
            bill.fees.scope = Fen::new(-1);
        }
        "X22" => {
            before.push(stay("a", date(2021, 6, 30), 1_000_000));
            bill = back("b", &before[0]);
            bill.fees.scope += Fen::new(1);
            bill.total += Fen::new(1);
        }
        "X23" => {
            before.push(stay("a", date(2021, 6, 30), 1_000_000));
            before.push(stay("later", date(2021, 7, 30), 1_000_000));
            bill = back("b", &before[0]);
        }
        "X24" => {
            before.push(stay("a", date(2021, 6, 30), 1_000_000));
            before.push(back("b", &before[0]));
            bill = back("c", &before[0]);
        }
        "X25" => {
            let year = (date(2021, 1, 1), date(2021, 12, 31));
            let covers = [
                cover("resident", year.0, year.1),
                cover("employee", year.0, year.1),
            ];
            persons = Some(person(&covers));
        }
        other => panic!("no bill for {other}"),
    }
    let mut book = Book::new(&policy, persons.as_ref(), BookRules::default());
    for earlier in before {
        book.settle(earlier).unwrap();
    }
    book.settle(bill).unwrap_err().name().to_owned()
}

#[test]
fn cover_ends_waiting_and_age_are_of_the_day() {
    let policy = city();
    let year = (date(2021, 1, 1), date(2021, 12, 31));
    let mut waiting = cover("resident", year.0, year.1);
    waiting.benefits_from = Some(date(2021, 4, 1));
    let mut persons = person(&[waiting]);
    let insured = persons.get_mut("p").unwrap();
    insured.birth = Some(date(2003, 6, 30));
    let mut book = Book::new(&policy, Some(&persons), BookRules::default());
    let early = book.settle(stay("a", date(2021, 3, 31), 1_000_000)).unwrap_err();
    assert_eq!(
        early.to_string(),
        "the person is not covered on 2021-03-31: the waiting period lasts to 2021-03-31"
    );
    // seventeen until the day before the birthday: five points more
    let minor = book.settle(stay("b", date(2021, 6, 29), 1_000_000)).unwrap();
    let grown = book.settle(stay("c", date(2021, 6, 30), 1_000_000)).unwrap();
    assert_eq!(paid(&minor, "basic"), Fen::new(990_000 * 85 / 100));
    assert_eq!(paid(&grown, "basic"), Fen::new(990_000 * 80 / 100));
}

// ---- reversals and replays --------------------------------------------------------------------

/// Reversing the first of two settlements: alone, and with the second replayed.
#[test]
fn reversal_alone_and_with_replay() {
    let example = json("examples")
        .into_iter()
        .find(|row| row["kind"] == "reversal_replay")
        .unwrap();
    let expected = &example["expected"];
    let policy = only_cii();
    let base = |claim: &Value| {
        stay_of(
            claim["id"].as_str().unwrap(),
            claim["discharge"].as_str().unwrap(),
            claim["base"].as_str().unwrap(),
        )
    };
    let claims = example["inputs"]["claims"].as_array().unwrap();
    for (rule, key) in [
        (Reversal::MirrorOnly, "mirror_only"),
        (Reversal::MirrorAndReplay, "mirror_and_replay"),
    ] {
        let rules = BookRules {
            reversal: rule,
            ..BookRules::default()
        };
        let mut book = Book::new(&policy, None, rules);
        for claim in claims {
            let outcome = book.settle(base(claim)).unwrap();
            let id = claim["id"].as_str().unwrap();
            assert_eq!(paid(&outcome, "cii"), yuan(&expected["paid_before"][id]), "{id}");
        }
        let outcome = book.settle(back("R", &base(&claims[0]))).unwrap();
        let want = &expected[key];
        assert_eq!(
            book.counter("p", 2021, "cii_base"),
            yuan(&want["state_cii_base"]).fen(),
            "{key}"
        );
        assert_eq!(
            book.counter("p", 2021, "cii_paid"),
            yuan(&want["state_cii_paid"]).fen(),
            "{key}"
        );
        match want["voucher"].as_object() {
            None => assert!(outcome.vouchers.is_empty()),
            Some(voucher) => {
                let said = &outcome.vouchers[0];
                assert_eq!(said.settlement, voucher["claim"].as_str().unwrap());
                let payers = [
                    ("cii", yuan(&voucher["cii"])),
                    ("person", yuan(&voucher["person"])),
                ];
                assert_eq!(said.payers, payers);
            }
        }
        assert_state_is_the_sum(&mut book);
    }
}

#[test]
fn mirrors_turn_every_sign() {
    let policy = city();
    let mut book = Book::new(&policy, None, BookRules::default());
    let bill = stay("a", date(2021, 6, 30), 7_654_321);
    let posted = book.settle(bill.clone()).unwrap();
    let mirrored = book.settle(back("b", &bill)).unwrap();
    for ((name, amount), (_, other)) in posted.slips[0]
        .1
        .national()
        .into_iter()
        .zip(mirrored.slips[0].1.national())
    {
        assert_eq!(amount, -other, "{name}");
    }
    assert!(
        mirrored
            .movements(&policy)
            .iter()
            .all(|moved| moved.kind == MovementKind::Mirror)
    );
    for name in policy.counters() {
        assert_eq!(book.counter("p", 2021, name), 0, "{name}");
    }
    // the id is taken, also after its reversal
    assert_eq!(book.settle(bill).unwrap_err().name(), "SettledBefore");
}

#[test]
fn nothing_before_the_lock_is_reversed() {
    let policy = city();
    let rules = BookRules {
        open_from: Some(date(2021, 7, 1)),
        ..BookRules::default()
    };
    let mut book = Book::new(&policy, None, rules);
    let bill = stay("a", date(2021, 6, 30), 1_000_000);
    book.settle(bill.clone()).unwrap();
    let refused = book.settle(back("b", &bill)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "`a` lies before 2021-07-01, and all before that day is closed"
    );
    let none = book
        .settle(Bill {
            reverses: Some("nobody"),
            ..back("b", &bill)
        })
        .unwrap_err();
    assert_eq!(none.name(), "NoSuchSettlement");
}

/// A bill that arrives late, under both settings.
#[test]
fn late_bills() {
    let policy = only_cii();
    let paid_with = |late| {
        let mut book = Book::new(
            &policy,
            None,
            BookRules {
                late,
                ..BookRules::default()
            },
        );
        book.settle(stay("second", date(2021, 3, 1), 1_000_000)).unwrap();
        let outcome = book.settle(stay("first", date(2021, 2, 1), 1_000_000)).unwrap();
        assert_eq!(book.counter("p", 2021, "cii_paid"), 332_400);
        (paid(&outcome, "cii").fen(), outcome.vouchers.len())
    };
    // the threshold falls on what came first: in the ledger, or in the year
    assert_eq!(paid_with(LateBill::AsArrived), (332_400, 0));
    assert_eq!(paid_with(LateBill::Replay), (0, 1));
}

// ---- terms of a stay --------------------------------------------------------------------------

#[test]
fn yearly_quota_is_spent_first_and_never_ends() {
    let policy = city();
    let mut book = Book::new(&policy, None, BookRules::default());
    let visit = |id: &'static str, day: Date, scope: i64| Bill {
        care: Care::General,
        ..stay(id, day, scope)
    };
    // 80 yuan of 2019 are granted with the first visit and outlive the year
    let first = book.settle(visit("a", date(2019, 5, 1), 3_000)).unwrap();
    assert_eq!(paid(&first, "quota"), Fen::new(3_000));
    assert_eq!(book.counter("p", 2019, "quota_left"), 5_000);
    let second = book.settle(visit("b", date(2021, 5, 1), 15_000)).unwrap();
    assert_eq!(
        (paid(&second, "quota"), paid(&second, "general")),
        (Fen::new(5_000), Fen::new(6_000))
    );
    // in 2020 the quota is unknown: such a visit is not settled
    let unknown = book.settle(visit("c", date(2020, 5, 1), 15_000)).unwrap_err();
    assert_eq!(unknown.name(), "UnknownValueUsed");
}

#[test]
fn care_out_of_the_area() {
    let policy = linyi("371300/resident");
    let at = |area, referral| Bill {
        area,
        referral,
        plan: "p1",
        ..stay("a", date(2023, 6, 30), 1_000_000)
    };
    let settle = |bill| Book::new(&policy, None, BookRules::default()).settle(bill);
    let slip = settle(at(Area::Outside, true)).unwrap().slips.remove(0).1;
    // 10 % borne first, then as a hospital of level 3: 600 yuan and 55 %
    assert_eq!(
        (slip.pre, slip.scope, slip.deductible),
        (Fen::new(100_000), Fen::new(900_000), Fen::new(60_000))
    );
    assert_eq!(slip.fund(dianzhi::benefit::Payer::Basic), Fen::new(462_000));
    let slip = settle(at(Area::Outside, false)).unwrap().slips.remove(0).1;
    assert_eq!(slip.scope, Fen::new(600_000));
    // the rule of the other city is unknown: such a bill waits
    let city = city();
    let refused = Book::new(&city, None, BookRules::default())
        .settle(at(Area::Province, true))
        .unwrap_err();
    assert_eq!(refused.name(), "UnknownValueUsed");
}

#[test]
fn special_drugs_are_a_ledger_of_their_own() {
    let policy = linyi("371300/resident");
    let drug = |id: &'static str, month, fee: i64, categories| {
        let mut bill = stay(id, date(2023, month, 30), 100_000);
        bill.fees.own = Fen::new(fee);
        bill.total += Fen::new(fee);
        bill.special_drug = Fen::new(fee);
        Bill {
            plan: "p1",
            categories,
            ..bill
        }
    };
    let mut book = Book::new(&policy, None, BookRules::default());
    let first = book.settle(drug("a", 4, 1_500_000, "ordinary")).unwrap();
    let second = book.settle(drug("b", 6, 1_500_000, "ordinary")).unwrap();
    assert_eq!(
        (paid(&first, "special_drug"), paid(&second, "special_drug")),
        (Fen::ZERO, Fen::new(800_000))
    );
    let mut poor = Book::new(&policy, None, BookRules::default());
    let outcome = poor.settle(drug("a", 4, 1_500_000, "dibao")).unwrap();
    assert_eq!(
        paid(&outcome, "special_drug"),
        Fen::new(1_200_000),
        "no threshold"
    );
}

#[test]
fn family_shares_the_cap_of_assistance() {
    let policy = linyi("371300/resident");
    let mut book = Book::new(&policy, None, BookRules::default());
    let member = |person: &'static str, id: &'static str, day| Bill {
        person,
        family: "f",
        plan: "p1",
        categories: "extreme_poor",
        ..stay(id, day, 30_000_000)
    };
    let first = book.settle(member("p", "a", date(2023, 4, 30))).unwrap();
    let second = book.settle(member("q", "b", date(2023, 5, 30))).unwrap();
    // 30 000 yuan a year and family
    assert_eq!(paid(&first, "ma"), Fen::new(3_000_000));
    assert_eq!(paid(&second, "ma"), Fen::ZERO);
    assert!(
        second
            .movements(&policy)
            .iter()
            .all(|moved| !moved.movement.of_family)
    );
    assert!(
        first
            .movements(&policy)
            .iter()
            .any(|moved| moved.movement.of_family)
    );
}

/// What one of the family claimed comes off what another one is paid: reversed or late, it is replayed
/// for both; and a book made again from what was kept goes on in the same way.
#[test]
fn a_shared_cap_is_replayed_for_the_whole_family() {
    let policy = linyi("371300/resident");
    let member = |person: &'static str, id: &'static str, month| Bill {
        person,
        family: "f",
        categories: "extreme_poor",
        hospital: "H1",
        ..stay(id, date(2023, month, 1), 30_000_000)
    };
    let bills = [member("p", "a", 4), member("q", "b", 5)];
    let after = |rules, bills: &[Bill<'static>], last: Bill<'static>| {
        let mut book = Book::new(&policy, None, rules);
        let mut again = Book::new(&policy, None, rules);
        for bill in bills {
            let kept = book.settle(bill.clone()).unwrap().kept(&policy).unwrap();
            again.restore(bill.clone(), &kept).unwrap();
        }
        let outcome = book.settle(last.clone());
        let outcome_again = again.settle(last);
        let vouchers = |outcome: &Result<Outcome<'_>, ShareError>| match outcome {
            Ok(outcome) => outcome.vouchers.clone(),
            Err(_) => Vec::new(),
        };
        assert_eq!(vouchers(&outcome), vouchers(&outcome_again), "a book made again");
        for person in ["p", "q"] {
            for name in policy.counters() {
                let counter = |book: &Book<'_>| book.counter(person, 2023, name);
                assert_eq!(counter(&book), counter(&again), "{person} {name}");
            }
        }
        (vouchers(&outcome), outcome.err().map(|error| error.name()))
    };
    let with = |reversal, late| BookRules {
        reversal,
        late,
        ..BookRules::default()
    };
    let ma = |vouchers: &[Voucher], id: &str| {
        let of = vouchers.iter().find(|voucher| voucher.settlement == id);
        let payers = of.map_or(&[][..], |voucher| voucher.payers.as_slice());
        payers
            .iter()
            .find(|(payer, _)| *payer == "ma")
            .map_or(0, |(_, sum)| sum.fen())
    };
    // taken back, the first one's 30 000 yuan fall to the second, less what re-assistance then does not pay
    let taken_back = with(Reversal::MirrorAndReplay, LateBill::AsArrived);
    let (vouchers, _) = after(taken_back, &bills, back("R", &bills[0]));
    assert_eq!(ma(&vouchers, "b"), 2_368_500);
    // an earlier bill that arrives late takes them
    let late = with(Reversal::RefuseIfLater, LateBill::Replay);
    let (vouchers, _) = after(late, &bills[1..], bills[0].clone());
    assert_eq!(ma(&vouchers, "b"), -2_368_500);
    // nothing was taken from the cap after it: the second one's claim stands without it
    let refuse = with(Reversal::RefuseIfLater, LateBill::AsArrived);
    assert_eq!(after(refuse, &bills, back("R", &bills[0])).1, None);
    let small = Bill {
        fees: FeeSplit {
            scope: Fen::new(1_500_000),
            ..FeeSplit::default()
        },
        total: Fen::new(1_500_000),
        ..bills[0].clone()
    };
    let both = [small.clone(), bills[1].clone()];
    assert_eq!(
        after(refuse, &both, back("R", &small)).1,
        Some("LaterClaimsExist")
    );
}

/// Cover that ends inside a stay: what was spent later is the person's, by the days of the lines.
#[test]
fn days_after_cover_has_ended_are_not_paid() {
    let policy = city();
    let persons = person(&[cover("resident", date(2021, 1, 1), date(2021, 6, 10))]);
    let scope = |scope: i64| FeeSplit {
        scope: Fen::new(scope),
        ..FeeSplit::default()
    };
    let mut bill = Bill {
        admission: Some(date(2021, 6, 5)),
        ..stay("a", date(2021, 6, 15), 1_000_000)
    };
    let settle =
        |bill: &Bill<'static>| Book::new(&policy, Some(&persons), BookRules::default()).settle(bill.clone());
    let refused = settle(&bill).unwrap_err();
    assert_eq!(
        (refused.name(), refused.to_string().as_str()),
        (
            "CoverEnded",
            "cover ended on 2021-06-10, before the discharge on 2021-06-15; expected fee lines by day, since \
             later days are not paid"
        )
    );
    bill.by_day = BTreeMap::from([
        (date(2021, 6, 9), scope(600_000)),
        (date(2021, 6, 11), scope(400_000)),
    ]);
    let outcome = settle(&bill).unwrap();
    let slip = &outcome.slips[0].1;
    // as if the covered days were the stay, and the others out of the list
    assert_eq!((slip.scope, slip.own), (Fen::new(600_000), Fen::new(400_000)));
    assert_eq!(paid(&outcome, "basic"), Fen::new(590_000 * 80 / 100));
    assert_eq!(slip.person, Fen::new(1_000_000 - 472_000));
    assert_eq!(
        slip.left_out(Lang::En)[0],
        "days from 2021-06-11 on are not covered: 4000.00 to the person"
    );
    let before = Bill {
        admission: Some(date(2021, 6, 11)),
        ..bill
    };
    assert_eq!(settle(&before).unwrap_err().name(), "NoCoverage");
}

/// A rule that asks for the age needs it; where none asks, nobody does.
#[test]
fn an_age_nobody_said_counts_as_none() {
    let unsaid = Bill {
        minor: None,
        ..stay("a", date(2021, 6, 30), 1_000_000)
    };
    let settle = |policy: &BenefitPolicy| {
        let outcome = Book::new(policy, None, BookRules::default()).settle(unsaid.clone());
        outcome.map(|outcome| paid(&outcome, "basic"))
    };
    assert_eq!(
        settle(&city()).unwrap_err().to_string(),
        "`inpatient.ratio_adjust` depends on the age, which the claim does not say"
    );
    assert!(settle(&minimal_changed(&[])).is_ok());
}

/// Both diseases on two bills of a year have the cap of both; taken back, the one has its own again.
#[test]
fn two_diseases_on_two_bills() {
    let policy = linyi("371300/resident");
    let mut book = Book::new(&policy, None, BookRules::default());
    let visit = |id: &'static str, condition, month| Bill {
        care: Care::TwoDisease,
        conditions: vec![condition],
        ..stay(id, date(2022, month, 1), 100_000)
    };
    let first = visit("a", Condition::Hypertension, 1);
    let rows = [
        (first.clone(), 30_000),
        (visit("b", Condition::Hypertension, 2), 0),
        (visit("c", Condition::Diabetes, 3), 30_000),
        (visit("d", Condition::Hypertension, 4), 0),
    ];
    for (bill, expected) in rows {
        let id = bill.id;
        assert_eq!(
            paid(&book.settle(bill).unwrap(), "two_disease"),
            Fen::new(expected),
            "{id}"
        );
    }
    let mut other = Book::new(&policy, None, BookRules::default());
    other.settle(first.clone()).unwrap();
    other.settle(back("R", &first)).unwrap();
    let alone = other.settle(visit("e", Condition::Diabetes, 5)).unwrap();
    assert_eq!(
        paid(&alone, "two_disease"),
        Fen::new(30_000),
        "one disease has one cap"
    );
    let again = other.settle(visit("f", Condition::Diabetes, 6)).unwrap();
    assert_eq!(paid(&again, "two_disease"), Fen::ZERO);
}

#[test]
fn stays_over_the_turn_of_the_year() {
    let parts = |crossing: &str, bill: Bill<'static>| {
        let policy = minimal_with("whole_by_discharge", crossing);
        let mut book = Book::new(&policy, None, BookRules::default());
        let outcome = book.settle(bill);
        outcome.map(|outcome| {
            let slips = outcome.slips.into_iter();
            slips
                .map(|(year, slip)| (year, slip.total.fen(), slip.deductible.fen()))
                .collect::<Vec<_>>()
        })
    };
    let split = |scope: i64| FeeSplit {
        scope: Fen::new(scope),
        ..FeeSplit::default()
    };
    let mut bill = stay("a", date(2022, 1, 5), 1_000_000);
    bill.admission = Some(date(2021, 12, 20));
    bill.settlement = Some(date(2022, 1, 6));
    bill.by_year = BTreeMap::from([(2021, split(700_000)), (2022, split(300_000))]);
    assert_eq!(
        parts("whole_by_discharge", bill.clone()).unwrap(),
        [(2022, 1_000_000, 30_000)]
    );
    assert_eq!(
        parts("whole_by_settlement", bill.clone()).unwrap(),
        [(2022, 1_000_000, 30_000)]
    );
    for crossing in ["split_by_line_date", "forced_yearend"] {
        let records = parts(crossing, bill.clone()).unwrap();
        assert_eq!(
            records,
            [(2021, 700_000, 30_000), (2022, 300_000, 0)],
            "{crossing}"
        );
    }
    let no_choice = parts("patient_choice", bill.clone()).unwrap_err();
    assert_eq!(no_choice.name(), "NotSaid");
    let chosen = Bill {
        chosen_year: Some(2021),
        ..bill.clone()
    };
    assert_eq!(
        parts("patient_choice", chosen).unwrap(),
        [(2021, 1_000_000, 30_000)]
    );
    let without_lines = Bill {
        by_year: BTreeMap::new(),
        ..bill
    };
    assert_eq!(
        parts("split_by_line_date", without_lines).unwrap_err().name(),
        "NotSaid"
    );
}

/// A category gained in the year: the tilt scale from that day, or for the whole year.
#[test]
fn tilt_onward_and_for_the_whole_year() {
    let paid_with = |span: &str| {
        let text = std::fs::read_to_string("tests/golden/benefit/good/banded.toml").unwrap();
        let text = text.replacen(
            "allow_negative = false",
            &format!("allow_negative = false, tilt_span = \"{span}\""),
            1,
        );
        let policy = loaded(&text, "banded");
        let mut whole_year = cover("banded", date(2020, 1, 1), date(2020, 12, 31));
        whole_year.plan.clear();
        let mut persons = person(&[whole_year]);
        let held = Held {
            what: "poor".to_owned(),
            from: date(2020, 7, 1),
            to: date(2020, 12, 31),
        };
        persons.get_mut("p").unwrap().categories.push(held);
        let mut book = Book::new(&policy, Some(&persons), BookRules::default());
        let bill = Bill {
            plan: "",
            ..stay("a", date(2020, 3, 1), 2_000_000)
        };
        paid(&book.settle(bill).unwrap(), "cii")
    };
    assert!(paid_with("whole_year") > paid_with("onward"));
}

// ---- forms of a rule --------------------------------------------------------------------------

/// Name, keys, and two lists of amounts.
type Case<'a> = (&'a str, &'a [(&'a str, String)], &'a [i64], &'a [i64]);

/// One form of a rule a row: what is changed in the smallest policy, the in-scope cost of stays in
/// order, and what basic insurance pays of each. 300 yuan and 60 % where nothing is changed.
#[test]
fn forms_of_deductible_scale_and_cap() {
    let source = "evidence = \"assumption\"";
    let row = |key: &str, value: &str| format!("{key} = [{{ from = 2020-01-01, {value}, {source} }}]");
    let deductible = "deductible = [{ from = 2020-01-01, per = \"admission\", value = \"300 yuan\", evidence = \"assumption\" }]";
    let ratio = "ratio = [{ from = 2020-01-01, value = \"60%\", evidence = \"assumption\" }]";
    let cap = "cap = [{ from = 2020-01-01, on = \"payout\", value = \"none\", evidence = \"assumption\" }]";
    let scale = "basis = \"gross\", kind = \"marginal\", position = \"claim\"";
    let bands = |edge: &str| {
        row(
            "bands",
            &format!("value = [[\"{edge}\", \"50%\"], [\"none\", \"60%\"]]"),
        )
    };
    let cases: [Case<'_>; 12] = [
        ("plain", &[], &[1_000, 1_000], &[42_000, 42_000]),
        (
            "a year's deductible",
            &[(
                deductible,
                row("deductible", "per = \"year\", value = \"300 yuan\""),
            )],
            &[200, 1_000],
            &[0, 54_000],
        ),
        (
            "a part of the in-scope cost",
            &[(
                deductible,
                row(
                    "deductible",
                    "per = \"admission\", percent_of_scope = { ratio = \"10%\", min = \"100 yuan\", max = \"500 yuan\" }",
                ),
            )],
            &[500, 2_000, 10_000],
            &[24_000, 108_000, 570_000],
        ),
        (
            "a limit on the year's deductibles",
            &[(
                cap,
                format!("{cap}\n{}", row("deductible_limit", "value = \"400 yuan\"")),
            )],
            &[1_000, 1_000, 1_000],
            &[42_000, 54_000, 60_000],
        ),
        (
            "a cap on what is paid",
            &[(cap, row("cap", "on = \"payout\", value = \"500 yuan\""))],
            &[1_000, 1_000],
            &[42_000, 8_000],
        ),
        (
            "a cap on what is counted",
            &[(cap, row("cap", "on = \"base\", value = \"1500 yuan\""))],
            &[1_000, 1_000],
            &[42_000, 12_000],
        ),
        (
            "a floor",
            &[(
                cap,
                format!("{cap}\n{}", row("floor", "base = \"scope\", ratio = \"50%\"")),
            )],
            &[1_000, 10_000],
            &[50_000, 582_000],
        ),
        (
            "bands",
            &[(ratio, bands("1000 yuan"))],
            &[2_000],
            &[35_000 + 60_000],
        ),
        (
            "bands of the year",
            &[
                (ratio, bands("1000 yuan")),
                ("position = \"claim\"", "position = \"year\"".to_owned()),
            ],
            &[800, 1_000],
            &[25_000, 42_000],
        ),
        (
            "bands above the deductible",
            &[
                (ratio, bands("1000 yuan")),
                ("\"gross\"", "\"excess\"".to_owned()),
            ],
            &[2_000],
            &[50_000 + 42_000],
        ),
        (
            "one ratio for all, the edge inside",
            &[
                (ratio, bands("1000 yuan")),
                (
                    scale,
                    "basis = \"gross\", kind = \"slab\", edge = \"upper_in\", position = \"claim\""
                        .to_owned(),
                ),
            ],
            &[1_000, 1_001],
            &[35_000, 42_060],
        ),
        (
            "one ratio for all, the edge outside",
            &[
                (ratio, bands("1000 yuan")),
                (
                    scale,
                    "basis = \"gross\", kind = \"slab\", edge = \"upper_out\", position = \"claim\""
                        .to_owned(),
                ),
            ],
            &[1_000],
            &[42_000],
        ),
    ];
    for (name, changes, stays, expected) in cases {
        let policy = minimal_changed(changes);
        let mut book = Book::new(&policy, None, BookRules::default());
        let ids = ["a", "b", "c"];
        let outcomes = stays
            .iter()
            .zip(ids)
            .map(|(scope, id)| book.settle(stay(id, date(2021, 6, 30), scope * 100)).unwrap());
        let paid: Vec<i64> = outcomes.map(|outcome| paid(&outcome, "basic").fen()).collect();
        assert_eq!(paid, expected, "{name}");
    }
}

#[test]
fn accounts_pay_before_cash() {
    let rows =
        "[account]\npays = [{ from = 2020-01-01, value = [\"scope\"], evidence = \"assumption\" }]\n[cii]\n";
    let first =
        "[rules]\ntreat_first = [{ from = 2020-01-01, value = [\"poor\"], evidence = \"assumption\" }]\n";
    let policy = minimal_changed(&[("[cii]\n", rows.to_owned()), ("[rules]\n", first.to_owned())]);
    let settle = |categories| {
        let mut bill = Bill {
            categories,
            ..stay("a", date(2021, 6, 30), 100_000)
        };
        (bill.account, bill.family_account, bill.deposit) =
            (Fen::new(20_000), Fen::new(10_000), Fen::new(30_000));
        bill.fees.own = Fen::new(5_000);
        bill.total += Fen::new(5_000);
        Book::new(&policy, None, BookRules::default())
            .settle(bill)
            .unwrap()
            .slips
            .remove(0)
            .1
    };
    let slip = settle("ordinary");
    // 420 paid of 1000 in scope; accounts may pay what is left of that, never what is out of the list
    assert_eq!(
        (slip.account, slip.family_account, slip.cash),
        (Fen::new(20_000), Fen::new(10_000), Fen::new(33_000))
    );
    assert_eq!(slip.deposit_refund, Some(Fen::new(-3_000)));
    assert_eq!(
        settle("poor").deposit_refund,
        Some(Fen::new(30_000)),
        "treated first, pays later"
    );
}

#[test]
fn deductibles_of_employees() {
    let policy = linyi("371300/employee");
    let mut book = Book::new(&policy, None, BookRules::default());
    let at = |id, hospital, facility| Bill {
        plan: "",
        level: Level::Three,
        status: Some(Status::Active),
        hospital,
        facility,
        ..stay(id, date(2025, 3, 1), 1_000_000)
    };
    let mut deductible = |id, hospital, facility| {
        book.settle(at(id, hospital, facility))
            .map(|outcome| outcome.slips[0].1.deductible.fen())
    };
    assert_eq!(
        deductible("a", "H1", Facility::Tcm).unwrap(),
        64_000,
        "800 less 20 %"
    );
    assert_eq!(
        deductible("b", "H2", Facility::General).unwrap(),
        40_000,
        "the second half"
    );
    assert_eq!(deductible("c", "H3", Facility::Psychiatric).unwrap(), 0);
    // whether the disease is on the list that drops it is unknown
    assert_eq!(
        deductible("d", "H1", Facility::General).unwrap_err().name(),
        "UnknownValueUsed"
    );
}

#[test]
fn tilt_as_a_change_of_the_ordinary_scale() {
    let tilt = "[cii.tilt]\ncategories = [{ from = 2020-01-01, value = [\"poor\"], evidence = \"assumption\" }]\n\
                threshold = [{ from = 2020-01-01, formula = \"half(cii.ordinary.threshold)\", evidence = \"assumption\" }]\n\
                bands = [{ from = 2020-01-01, on_ordinary = \"+5pp\", evidence = \"assumption\" }]\n\
                cap = [{ from = 2020-01-01, value = \"none\", evidence = \"assumption\" }]\n[cii.ordinary]\n";
    let policy = minimal_changed(&[
        ("[\"basic\", \"cii\"]", "[\"cii\"]".to_owned()),
        ("[cii.ordinary]\n", tilt.to_owned()),
    ]);
    let bill = Bill {
        categories: "poor",
        ..stay("a", date(2021, 6, 30), 2_000_000)
    };
    let outcome = Book::new(&policy, None, BookRules::default())
        .settle(bill)
        .unwrap();
    assert_eq!(paid(&outcome, "cii"), Fen::new(830_050));
}

/// Of two kinds of care each has the cap of a tier whose cap is kept by kind.
#[test]
fn caps_by_kind_of_care_and_thresholds_of_income() {
    let tiers = "[[tail.tiers]]\nid = \"top\"\nfrom = 2020-01-01\nbase = \"scope_left\"\nratio = \"50%\"\n\
                 threshold_of_income = { year = 2019, ratio = \"1%\" }\ncap = \"100 yuan\"\ncap_unit = \"kind\"\n\
                 cap_period = \"year\"\npayer = \"commercial\"\nevidence = \"assumption\"\n\
                 [outpatient]\nchain = [{ from = 2020-01-01, value = [\"top\"], evidence = \"assumption\" }]\n\
                 general.ratio = [{ from = 2020-01-01, value = \"0%\", evidence = \"assumption\" }]\n\
                 general.cap = [{ from = 2020-01-01, value = \"none\", evidence = \"assumption\" }]\n[cii]\n";
    let policy = minimal_changed(&[
        ("[\"basic\", \"cii\"]", "[\"basic\", \"cii\", \"top\"]".to_owned()),
        ("[cii]\n", tiers.to_owned()),
    ]);
    let mut book = Book::new(&policy, None, BookRules::default());
    // 40 % of 1 000 and the deductible are left: half of what is above 289.20
    let first = book.settle(stay("a", date(2021, 3, 1), 100_000)).unwrap();
    assert_eq!(paid(&first, "top"), Fen::new(10_000));
    let visit = Bill {
        care: Care::General,
        ..stay("b", date(2021, 4, 1), 40_000)
    };
    assert_eq!(paid(&book.settle(visit).unwrap(), "top"), Fen::new(5_540));
    let third = book.settle(stay("c", date(2021, 5, 1), 100_000)).unwrap();
    assert_eq!(paid(&third, "top"), Fen::ZERO, "the cap of stays is used up");
}

// ---- what must hold for any history -----------------------------------------------------------

proptest! {
    /// State = Σ movements; post then mirror = start; the sum of a voucher is nothing.
    #[test]
    fn any_history_keeps_its_books(bills in prop::collection::vec((0_i64..9_000_000, 1_i8..=12, any::<bool>()), 1..10), rule in 0_usize..3, late: bool) {
        let policy = only_cii_and_basic();
        let rules = BookRules {
            reversal: [Reversal::RefuseIfLater, Reversal::MirrorOnly, Reversal::MirrorAndReplay][rule],
            late: if late { LateBill::Replay } else { LateBill::AsArrived },
            open_from: None,
        };
        let ids: Vec<String> = (0..bills.len()).map(|index| format!("s{index}")).collect();
        let backs: Vec<String> = (0..bills.len()).map(|index| format!("r{index}")).collect();
        let mut book = Book::new(policy, None, rules);
        let mut sums: BTreeMap<String, i64> = BTreeMap::new();
        let mut posted: Vec<Bill<'_>> = Vec::new();
        for (index, (scope, month, reverse)) in bills.iter().enumerate() {
            let bill = Bill { id: &ids[index], ..stay("", date(2021, *month, 15), *scope) };
            let outcome = book.settle(bill.clone()).unwrap();
            add(&mut sums, policy, &outcome);
            posted.push(bill);
            if *reverse {
                match book.settle(Bill { id: &backs[index], ..back("", &posted[index / 2]) }) {
                    Ok(outcome) => add(&mut sums, policy, &outcome),
                    Err(error) => prop_assert!(matches!(error, ShareError::LaterClaimsExist { .. } | ShareError::AlreadyReversed { .. }), "{error}"),
                }
            }
        }
        for name in policy.counters() {
            prop_assert_eq!(book.counter("p", 2021, name), sums.get(&**name).copied().unwrap_or_default(), "{}", name);
        }
    }

    /// With replay of late bills the order of arrival does not matter.
    #[test]
    fn replayed_late_bills_make_arrival_indifferent(bills in prop::collection::vec((0_i64..9_000_000, 1_i8..=12), 1..7), turn in 0_usize..7) {
        let policy = only_cii_and_basic();
        let ids: Vec<String> = (0..bills.len()).map(|index| format!("s{index}")).collect();
        let run = |order: &[usize]| {
            let rules = BookRules { late: LateBill::Replay, ..BookRules::default() };
            let mut book = Book::new(policy, None, rules);
            for index in order {
                let (scope, month) = bills[*index];
                book.settle(Bill { id: &ids[*index], ..stay("", date(2021, month, 15), scope) }).unwrap();
            }
            policy.counters().iter().map(|name| book.counter("p", 2021, name)).collect::<Vec<i64>>()
        };
        let straight: Vec<usize> = (0..bills.len()).collect();
        let mut turned = straight.clone();
        turned.rotate_left(turn % bills.len());
        let back: Vec<usize> = straight.iter().rev().copied().collect();
        let whole = run(&straight);
        prop_assert_eq!(&run(&turned), &whole);
        prop_assert_eq!(&run(&back), &whole);
    }

    /// Flat ratio, no deductible: any order gives the same year.
    #[test]
    fn flat_rules_are_free_of_order(bills in prop::collection::vec(0_i64..9_000_000, 1..8)) {
        let text = std::fs::read_to_string("tests/golden/benefit/good/minimal.toml").unwrap();
        let text = text.replace("300 yuan", "0 yuan").replace("[\"basic\", \"cii\"]", "[\"basic\"]");
        let policy = loaded(&text, "flat");
        let ids: Vec<String> = (0..bills.len()).map(|index| format!("s{index}")).collect();
        let run = |order: &mut dyn Iterator<Item = usize>| {
            let mut book = Book::new(&policy, None, BookRules::default());
            for index in order {
                let bill = Bill { id: &ids[index], ..stay("", date(2021, 6, 15), bills[index]) };
                book.settle(bill).unwrap();
            }
            book.counter("p", 2021, "basic_paid")
        };
        let straight = run(&mut (0..bills.len()));
        prop_assert_eq!(run(&mut (0..bills.len()).rev()), straight);
    }
}

fn add(sums: &mut BTreeMap<String, i64>, policy: &BenefitPolicy, outcome: &Outcome<'_>) {
    for moved in outcome.movements(policy) {
        *sums.entry(moved.movement.counter.to_string()).or_default() += moved.movement.delta();
    }
    for (_, slip) in &outcome.slips {
        slip.identities().unwrap();
    }
    for voucher in &outcome.vouchers {
        assert_eq!(
            voucher.payers.iter().map(|(_, amount)| *amount).sum::<Fen>(),
            Fen::ZERO
        );
    }
}

// ---- helpers ----------------------------------------------------------------------------------

fn json(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(format!("tests/golden/benefit/{name}.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn yuan(value: &Value) -> Fen {
    Fen::parse_yuan(value.as_str().unwrap()).unwrap()
}

fn city() -> BenefitPolicy {
    BenefitPolicy::load(Path::new("scenarios/benefit/500000/resident.toml")).unwrap()
}

/// A shipped file whose unknown tiers are left out.
fn linyi(name: &str) -> BenefitPolicy {
    let policy = BenefitPolicy::load(Path::new(&format!("scenarios/benefit/{name}.toml"))).unwrap();
    policy.skip_unknown_tiers(true)
}

/// The smallest policy with pieces of its text changed.
fn minimal_changed(changes: &[(&str, String)]) -> BenefitPolicy {
    let mut text = std::fs::read_to_string("tests/golden/benefit/good/minimal.toml").unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    loaded(&text, "minimal")
}

fn loaded(text: &str, name: &str) -> BenefitPolicy {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("{name}.toml"));
    std::fs::write(&path, text).unwrap();
    BenefitPolicy::load(&path).unwrap_or_else(|e| panic!("{e}"))
}

fn minimal_with(from: &str, to: &str) -> BenefitPolicy {
    let text = std::fs::read_to_string("tests/golden/benefit/good/minimal.toml").unwrap();
    loaded(&text.replacen(from, to, 1), "minimal")
}

/// One yearly scale: threshold 14 460, 60 %, no basic insurance.
fn only_cii() -> BenefitPolicy {
    minimal_with("[\"basic\", \"cii\"]", "[\"cii\"]")
}

fn only_cii_and_basic() -> &'static BenefitPolicy {
    static POLICY: std::sync::OnceLock<BenefitPolicy> = std::sync::OnceLock::new();
    POLICY.get_or_init(|| minimal_with("300 yuan", "300 yuan"))
}

fn stay(id: &'static str, discharge: Date, scope: i64) -> Bill<'static> {
    Bill {
        id,
        person: "p",
        plan: "p1",
        level: Level::One,
        minor: Some(false),
        discharge,
        total: Fen::new(scope),
        fees: FeeSplit {
            scope: Fen::new(scope),
            ..FeeSplit::default()
        },
        ..Bill::default()
    }
}

fn stay_of(id: &str, discharge: &str, scope: &str) -> Bill<'static> {
    let id: &'static str = Box::leak(id.to_owned().into_boxed_str());
    stay(
        id,
        discharge.parse().unwrap(),
        Fen::parse_yuan(scope).unwrap().fen(),
    )
}

/// The bill that takes another one back.
fn back<'a>(id: &'a str, of: &Bill<'a>) -> Bill<'a> {
    let fees = FeeSplit {
        own: -of.fees.own,
        over: -of.fees.over,
        pre: -of.fees.pre,
        scope: -of.fees.scope,
    };
    Bill {
        id,
        reverses: Some(of.id),
        total: -of.total,
        fees,
        ..of.clone()
    }
}

fn cover(scheme: &str, from: Date, to: Date) -> Cover {
    Cover {
        scheme: scheme.to_owned(),
        plan: "p1".to_owned(),
        from,
        to,
        benefits_from: None,
    }
}

fn person(covers: &[Cover]) -> HashMap<String, InsuredPerson> {
    let insured = InsuredPerson {
        covers: covers.to_vec(),
        ..InsuredPerson::default()
    };
    HashMap::from_iter([("p".to_owned(), insured)])
}

fn paid(outcome: &Outcome<'_>, tier: &str) -> Fen {
    let slips = outcome.slips.iter().flat_map(|(_, slip)| &slip.tiers);
    slips
        .filter(|share| &*share.id == tier)
        .map(|share| share.amount)
        .sum()
}

fn assert_state_is_the_sum(book: &mut Book<'_>) {
    assert_eq!(book.counter("p", 2021, "admissions"), 1, "one of two stands");
}
