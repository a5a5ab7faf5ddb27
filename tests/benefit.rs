//! Benefit shares against worked examples, and what must hold for any bill.
//!
//! The examples are rows of `tests/golden/benefit/examples.json`, each with its source; one check a
//! kind. An example brings its parameters, which are written out as a policy file and loaded like
//! any other; one that names a `policy` is run on that file too.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use dianzhi::benefit::{
    BenefitPolicy, Care, Claim, FeeLine, FeeSplit, ItemAmount, Level, Name, Payer, ShareError, Slip, Status,
    TierShare, Why, YearToDate, explain, share, split,
};
use dianzhi::diagnostics::Evidence;
use dianzhi::units::{Exact, Fen, Ratio};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use serde_json::Value;

// ---- examples -------------------------------------------------------------------------------

#[test]
fn chains() {
    for example in examples("chain") {
        check_chain(&example);
    }
}

#[test]
fn scales() {
    for example in examples("tier") {
        check_scale(&example);
    }
}

#[test]
fn changes_of_scale_inside_the_year() {
    for example in examples("on_change") {
        check_change(&example);
    }
}

#[test]
fn thresholds_from_income() {
    for example in examples("formula") {
        check_formula(&example);
    }
}

#[test]
fn claims_of_one_year_in_order() {
    for kind in ["sequence", "sequence_tier", "deductible"] {
        for example in examples(kind) {
            check_year(&example);
        }
    }
}

#[test]
fn lines_and_classes_of_items() {
    for example in examples("line") {
        let inputs = &example["inputs"];
        let line = line_of(&inputs["det_item_fee_sumamt"], inputs);
        let amounts = split(&line).unwrap();
        let expected = &example["expected"];
        assert_eq!(
            amounts.pre,
            yuan(&expected["preselfpay_amt"]),
            "{}",
            example["id"]
        );
        assert_eq!(
            amounts.scope,
            yuan(&expected["inscp_scp_amt"]),
            "{}",
            example["id"]
        );
    }
    for example in examples("item_class") {
        check_items(&example);
    }
}

#[test]
fn outpatient_bills_of_one_year() {
    for example in examples("outpatient") {
        check_outpatient(&example);
    }
    for example in examples("outpatient_major_deductible") {
        check_major(&example);
    }
}

/// Sums that must close, as printed; the slips that were reversed mirror their originals.
#[test]
fn identities_of_printed_slips() {
    for example in examples("identity") {
        let inputs = &example["inputs"];
        let sum: Fen = list(&inputs["parts"]).iter().map(yuan).sum();
        let holds = sum == yuan(&inputs["whole"]);
        assert_eq!(
            Some(holds),
            example["expected"]["holds"].as_bool(),
            "{}",
            example["id"]
        );
    }
    for example in examples("slip") {
        let printed = printed_slip(&example["inputs"]);
        printed
            .identities()
            .unwrap_or_else(|e| panic!("{}: {e}", example["id"]));
        let mirror = printed.mirror();
        mirror.identities().unwrap();
        for ((name, amount), (_, mirrored)) in printed.national().into_iter().zip(mirror.national()) {
            assert_eq!(amount + mirrored, Fen::ZERO, "{}: {name}", example["id"]);
        }
        let mut torn = printed.clone();
        torn.scope += Fen::new(1);
        assert_eq!(torn.identities().unwrap_err().name(), "IdentityBroken");
    }
}

fn printed_slip(inputs: &Value) -> Slip {
    let mut year = YearToDate::default();
    let policy = of_params(&serde_json::json!({}), &[]);
    let mut slip = share(
        &policy,
        &Bill::in_scope(Fen::ZERO, date(2021, 6, 30)).claim(),
        &mut year,
    )
    .unwrap();
    let at = |key: &str| yuan(&inputs[key]);
    (slip.total, slip.own, slip.over) = (
        at("medfee_sumamt"),
        at("fulamt_ownpay_amt"),
        at("overlmt_selfpay"),
    );
    (slip.pre, slip.scope) = (at("preselfpay_amt"), at("inscp_scp_amt"));
    (slip.person, slip.account) = (at("psn_part_amt"), at("acct_pay"));
    // the printed reversal does not say how the person was paid back
    slip.cash = if inputs["psn_cash_pay"].is_string() {
        at("psn_cash_pay")
    } else {
        slip.person
    };
    let tier = |id: &str, payer, amount| TierShare {
        id: Name::of(id),
        payer,
        base: amount,
        amount,
    };
    slip.tiers = vec![
        tier("funds", Payer::Basic, at("fund_pay_sumamt")),
        tier("hospital", Payer::Hospital, at("hosp_part_amt")),
    ];
    slip
}

fn line_of(amount: &Value, inputs: &Value) -> FeeLine {
    let selfpay = inputs["selfpay_prop"]
        .as_str()
        .or(inputs["pre"].as_str())
        .unwrap_or("0");
    FeeLine {
        amount: yuan(amount),
        out_of_list: inputs["cls"] == "03",
        quantity: Exact::ONE,
        price: Exact::ZERO,
        limit: None,
        selfpay: format!("{selfpay}%").parse::<Ratio>().unwrap(),
    }
}

fn check_items(example: &Value) {
    let parts = list(&example["inputs"]["parts"]);
    let mut rows = String::new();
    let mut items = Vec::new();
    let mut fees = FeeSplit::default();
    for (index, part) in parts.iter().enumerate() {
        let fund = 10_000 - percent(&part["person"]);
        writeln!(
            rows,
            "{{ from = 2000-01-01, class = \"c{index}\", value = \"{}.{:02}%\", {SOURCE} }},",
            fund / 100,
            fund % 100
        )
        .unwrap();
        let amounts = split(&line_of(&part["amount"], part)).unwrap();
        items.push((format!("c{index}"), amounts.scope));
        fees = fees.plus(amounts);
    }
    let params = serde_json::json!({ "deductible": "0", "basic": { "kind": "marginal", "basis": "gross",
        "position": "claim", "bands": [["none", "0"]], "adjust_pp": "0", "cap": "none", "cap_on": "payout" } });
    let mut text = params_text(&params, &[]);
    text = text.replacen(
        "[inpatient]\n",
        &format!("[inpatient]\nitem_ratio = [{rows}]\n"),
        1,
    );
    let policy = loaded(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    let bill = Bill::in_scope(Fen::ZERO, date(2020, 6, 30));
    let items: Vec<ItemAmount> = items
        .iter()
        .map(|(class, scope)| ItemAmount { class, scope: *scope })
        .collect();
    let claim = Claim {
        items: &items,
        ..fees.on(bill.claim())
    };
    let slip = share(&policy, &claim, &mut YearToDate::default()).unwrap();
    assert_eq!(
        slip.person,
        yuan(&example["expected"]["person"]),
        "{}",
        example["id"]
    );
    assert_eq!(
        slip.funds(),
        yuan(&example["expected"]["fund"]),
        "{}",
        example["id"]
    );
    let strange = [ItemAmount {
        class: "c99",
        scope: Fen::ZERO,
    }];
    let claim = Claim {
        items: &strange,
        ..claim
    };
    assert_eq!(
        share(&policy, &claim, &mut YearToDate::default())
            .unwrap_err()
            .name(),
        "UnknownWord"
    );
}

/// Hundredths of a per cent.
fn percent(value: &Value) -> i64 {
    Fen::parse_yuan(value.as_str().unwrap()).unwrap().fen()
}

fn check_outpatient(example: &Value) {
    let (inputs, params) = (&example["inputs"], &example["params"]);
    let scheme = |key: &str, or: &str| params[key].as_str().unwrap_or(or).to_owned();
    let mut text = header("", &[]);
    write!(
        text,
        "[outpatient.general]\ndeductible = [{{ from = 2000-01-01, per = \"year\", value = \"{} yuan\", {SOURCE} }}]\n\
         ratio = [{{ from = 2000-01-01, value = \"{}%\", {SOURCE} }}]\n\
         cap = [{{ from = 2000-01-01, value = \"{} yuan\", {SOURCE} }}]\n",
        scheme("deductible", "0"),
        scheme("ratio", "100"),
        scheme("cap", "none")
    )
    .unwrap();
    let mut policies = vec![loaded(&text).unwrap_or_else(|e| panic!("{e}\n{text}"))];
    policies.extend(inputs["policy"].as_str().map(shipped));
    for policy in policies {
        let mut year = YearToDate::default();
        for (bill, paid) in list(&inputs["bills"])
            .iter()
            .zip(list(&example["expected"]["paid"]))
        {
            let scope = if bill["scope"].is_string() {
                &bill["scope"]
            } else {
                &bill["calculated"]
            };
            let mut of = Bill::of(inputs, &policy);
            of.discharge = date(2021, 6, 30);
            of.set_scope(yuan(scope));
            let claim = Claim {
                care: Care::General,
                ..of.claim()
            };
            let slip = share(&policy, &claim, &mut year).unwrap();
            assert_eq!(slip.funds(), yuan(paid), "{} by {}", example["id"], policy.name());
        }
        assert_eq!(year.admissions(), 0, "a visit is no admission");
    }
}

fn check_major(example: &Value) {
    let policy = shipped("500000/resident");
    let mut year = YearToDate::default();
    let visits = list(&example["inputs"]["visits"]).iter();
    for (level, expected) in visits.zip(list(&example["expected"]["deductible"])) {
        let mut bill = Bill::in_scope(Fen::new(500_000), date(2021, 6, 30));
        bill.plan = "p1".to_owned();
        bill.level = level.as_str().unwrap().parse().unwrap();
        let claim = Claim {
            care: Care::Major,
            ..bill.claim()
        };
        let slip = share(&policy, &claim, &mut year).unwrap();
        assert_eq!(slip.deductible, yuan(expected), "{}", example["id"]);
    }
}

/// Printed examples that are wrong: as slips they are refused, or the engine gives what the rule says and
/// not what was printed.
#[test]
fn published_examples_that_do_not_add_up() {
    let read = std::fs::read_to_string("tests/golden/benefit/published.json").unwrap();
    let rows: Value = serde_json::from_str(&read).unwrap();
    assert_eq!(list(&rows).len(), 8);
    for row in list(&rows) {
        let id = text(&row["id"]);
        if let Some(printed) = row["slip"].as_object() {
            let slip = printed_shares(printed);
            let refused = slip.identities().unwrap_err();
            assert_eq!(refused.to_string(), text(&row["refused"]), "{id}");
        }
        if let Some(paid) = paid_by_rule(&id) {
            assert_ne!(paid, yuan(&row["printed"]), "{id}: {}", row["why"]);
            if !row["correct"].is_null() {
                assert_eq!(paid, yuan(&row["correct"]), "{id}: {}", row["rule"]);
            }
        }
        assert!(
            row["slip"].is_object() || paid_by_rule(&id).is_some(),
            "{id} is only recorded"
        );
    }
}

/// A printed slip: the bill, what each tier pays, what the person is said to pay.
fn printed_shares(printed: &serde_json::Map<String, Value>) -> Slip {
    let policy = of_params(&serde_json::json!({}), &[]);
    let empty = Bill::in_scope(Fen::ZERO, date(2021, 6, 30));
    let mut slip = share(&policy, &empty.claim(), &mut YearToDate::default()).unwrap();
    (slip.total, slip.scope) = (yuan(&printed["total"]), yuan(&printed["total"]));
    (slip.person, slip.cash) = (yuan(&printed["person"]), yuan(&printed["person"]));
    slip.tiers = list(&printed["tiers"])
        .iter()
        .map(|paid| TierShare {
            id: Name::of("printed"),
            payer: Payer::Basic,
            base: slip.total,
            amount: yuan(paid),
        })
        .collect();
    slip
}

/// What the rule of a printed example pays, through a policy that says the rule.
fn paid_by_rule(id: &str) -> Option<Fen> {
    let basic = |deductible: &str, bands: Value, scope: i64| {
        let params = serde_json::json!({ "deductible": deductible, "basic": { "kind": "marginal",
            "basis": "gross", "position": "claim", "bands": bands, "adjust_pp": "0", "cap": "none",
            "cap_on": "payout" } });
        let bill = Bill::in_scope(Fen::new(scope), date(2020, 6, 30));
        share(
            &of_params(&params, &[]),
            &bill.claim(),
            &mut YearToDate::default(),
        )
        .unwrap()
        .funds()
    };
    let flat = |percent: &str| serde_json::json!([["none", percent]]);
    match id {
        "N01" => Some(basic("500", flat("65"), 1_000_000)),
        "N02" => Some(basic("1100", flat("60"), 1_000_000)),
        "N04" => {
            let params = serde_json::json!({ "scale": { "basis": "gross", "kind": "marginal", "threshold": "12000",
                "bands": [["100000", "50"], ["200000", "60"], ["none", "65"]], "cap": "none" } });
            let bill = Bill::in_scope(Fen::new(20_000_000), date(2020, 6, 30));
            Some(
                share(
                    &of_params(&params, &[]),
                    &bill.claim(),
                    &mut YearToDate::default(),
                )
                .unwrap()
                .funds(),
            )
        }
        "N05" => Some(basic("650", flat("70"), 5_000_000 - 500_000 - 2_000_000)),
        "N06" => Some(basic(
            "400",
            serde_json::json!([["10000", "85"], ["none", "90"]]),
            1_000_000,
        )),
        "N07" => Some(basic("100", flat("65"), 500_000)),
        // each tier on what the one before left: the person pays 0.3 · 0.4 · 0.7
        "N03" => {
            let tier = |id: &str, ratio: &str| {
                serde_json::json!({ "id": id, "payer": "ma", "base": "scope_left", "kind": "marginal",
                    "basis": "gross", "threshold": "0", "bands": [["none", ratio]], "cap": "none" })
            };
            let params =
                serde_json::json!({ "tiers": [tier("one", "70"), tier("two", "60"), tier("three", "30")] });
            let bill = Bill::in_scope(Fen::new(1_000_000), date(2020, 6, 30));
            let slip = share(
                &of_params(&params, &[]),
                &bill.claim(),
                &mut YearToDate::default(),
            )
            .unwrap();
            assert_eq!(slip.funds() + slip.person, Fen::new(1_000_000));
            assert_eq!(slip.person, Fen::new(84_000), "not nothing, as printed");
            Some(slip.person)
        }
        _ => None,
    }
}

fn check_chain(example: &Value) {
    let (id, inputs) = (text(&example["id"]), &example["inputs"]);
    // an example without parameters of its own tests the file it names
    let own = example["params"].as_object().filter(|params| !params.is_empty());
    let mut policies: Vec<BenefitPolicy> = own
        .map(|_| of_params(&given_as_tiers(example), &[]))
        .into_iter()
        .collect();
    policies.extend(inputs["policy"].as_str().map(shipped));
    for policy in policies {
        check_chain_by(&policy, id.as_str(), example);
    }
}

/// What was paid before the tiers of the example, as tiers that pay it in full.
fn given_as_tiers(example: &Value) -> Value {
    let mut params = example["params"].clone();
    let Some(given) = example["inputs"]["given"].as_object() else {
        return params;
    };
    let mut tiers = Vec::new();
    for (id, paid) in given {
        tiers.push(serde_json::json!({ "id": format!("given_{id}"), "payer": id, "base": "scope_left", "kind": "marginal",
            "basis": "gross", "threshold": "0", "bands": [["none", "100"]], "cap": paid }));
    }
    tiers.extend(list(&params["tiers"]).iter().cloned());
    params["tiers"] = Value::Array(tiers);
    params
}

fn check_chain_by(policy: &BenefitPolicy, id: &str, example: &Value) {
    let inputs = &example["inputs"];
    let bill = Bill::of(inputs, policy);
    let explanation =
        explain(policy, &bill.claim(), &YearToDate::default()).unwrap_or_else(|e| panic!("{id}: {e}"));
    let slip = share(policy, &bill.claim(), &mut YearToDate::default()).unwrap();
    assert_eq!(slip, explanation.slip, "{id}: share and explain");
    for (what, expected) in example["expected"].as_object().unwrap() {
        let amount = match what.as_str() {
            "person" => slip.person,
            "own" => slip.own,
            "pre" => slip.pre,
            "scope" => slip.scope,
            "deposit_refund" => slip.deposit_refund.unwrap(),
            "scope_left" => slip.scope_left,
            "deductible" => slip.deductible,
            "reimbursed" => slip.reimbursed(),
            "cii_base" if slip.tiers.iter().all(|tier| tier.id.as_str() != "cii") => slip.scope_left,
            "cii_base" => tier(&slip, "cii").1,
            "basic_before_cap" => explanation
                .steps
                .iter()
                .find(|step| step.step == *what)
                .map_or(Fen::ZERO, |step| step.amount),
            id => tier(&slip, id).0,
        };
        assert_eq!(
            amount,
            yuan(expected),
            "{id} by {}: {what}\n{explanation}",
            policy.name()
        );
    }
}

fn check_scale(example: &Value) {
    let (id, inputs) = (text(&example["id"]), &example["inputs"]);
    let (before, amount) = (yuan(&inputs["cumulative_before"]), yuan(&inputs["amount"]));
    let mut policies = vec![of_params(&example["params"], &[])];
    policies.extend(inputs["policy"].as_str().map(shipped));
    for policy in policies {
        let bill = Bill::of(inputs, &policy);
        let claim = bill.claim();
        let scale = policy.cii_scale(&claim).unwrap().unwrap();
        let paid = scale.pays(before, amount).unwrap();
        assert_eq!(
            paid,
            yuan(&example["expected"]["paid"]),
            "{id} by {}",
            policy.name()
        );
    }
}

fn check_change(example: &Value) {
    let (id, inputs) = (text(&example["id"]), &example["inputs"]);
    let policy = of_params(&example["params"], &[]);
    let mut year = YearToDate::default();
    let mut paid = |amount: &Value, discharge| {
        let bill = Bill::in_scope(yuan(amount), discharge);
        tier(&share(&policy, &bill.claim(), &mut year).unwrap(), "cii").0
    };
    let before = paid(&inputs["cumulative_before"], date(2020, 6, 30));
    assert_eq!(before, yuan(&inputs["paid_before"]), "{id}: before the change");
    let after = paid(&inputs["amount"], date(2020, 12, 1));
    assert_eq!(
        after,
        yuan(&example["expected"]["paid"]),
        "{id}: after the change"
    );
}

fn check_formula(example: &Value) {
    let (id, inputs) = (text(&example["id"]), &example["inputs"]);
    let (from, year) = (text(&inputs["from_date"]), &inputs["income_year"]);
    let source = r#"evidence = "assumption""#;
    let threshold = format!(r#"[{{ from = {from}, formula = "floor_yuan(income[{year}]/2)", {source} }}]"#);
    let mut text_of = header(
        &format!(
            "income = {{ {year} = \"{} yuan\", {source} }}",
            text(&inputs["income"])
        ),
        &["cii"],
    );
    let any_bands = r#"[["none", "60%"]]"#;
    cii_section(
        &mut text_of,
        "difference",
        false,
        &threshold,
        any_bands,
        "none",
        ("gross", "marginal"),
    );
    write!(
        text_of,
        "[cii.tilt]\ncategories = [{{ from = {from}, value = [\"dibao\"], {source} }}]\n\
         threshold = [{{ from = {from}, formula = \"half(cii.ordinary.threshold)\", {source} }}]\n\
         bands = [{{ from = {from}, value = {any_bands}, {source} }}]\n\
         cap = [{{ from = {from}, value = \"none\", {source} }}]\n"
    )
    .unwrap();
    let policy = loaded(&text_of).unwrap_or_else(|e| panic!("{id}: {e}"));
    for (what, categories) in [("threshold", vec![]), ("tilt_threshold", vec!["dibao"])] {
        let mut bill = Bill::in_scope(Fen::ZERO, from.parse().unwrap());
        bill.categories = categories.into_iter().map(str::to_owned).collect();
        let claim = bill.claim();
        let threshold = policy.cii_scale(&claim).unwrap().unwrap().threshold();
        if let Some(expected) = example["expected"].get(what) {
            assert_eq!(threshold, yuan(expected).exact(), "{id}: {what}");
        }
    }
}

fn check_year(example: &Value) {
    let (id, inputs, expected) = (text(&example["id"]), &example["inputs"], &example["expected"]);
    let mut year = YearToDate::default();
    match text(&example["kind"]).as_str() {
        "sequence" => {
            let policy = shipped(&text(&inputs["policy"]));
            for (claim, paid) in list(&inputs["claims"]).iter().zip(list(&expected["basic"])) {
                let mut bill = Bill::of(inputs, &policy);
                bill.discharge = text(&claim["discharge"]).parse().unwrap();
                bill.set_scope(yuan(&claim["scope"]));
                let slip = share(&policy, &bill.claim(), &mut year).unwrap();
                assert_eq!(tier(&slip, "basic").0, yuan(paid), "{id}: {}", claim["id"]);
            }
        }
        "sequence_tier" => {
            let policy = of_params(&example["params"], &[]);
            let mut total = Fen::ZERO;
            for (amount, paid) in list(&inputs["amounts"]).iter().zip(list(&expected["paid"])) {
                let bill = Bill::in_scope(yuan(amount), date(2020, 6, 30));
                let slip = share(&policy, &bill.claim(), &mut year).unwrap();
                assert_eq!(tier(&slip, "cii").0, yuan(paid), "{id}");
                total += tier(&slip, "cii").0;
            }
            assert_eq!(total, yuan(&expected["year_total"]), "{id}");
        }
        "deductible" => {
            let params = &example["params"];
            let limit = format!("\"{} yuan\"", text(&params["yearly_limit"]));
            let policy = of_params(
                &serde_json::json!({ "deductible": params["base"], "basic": { "kind": "marginal", "basis": "gross",
                    "position": "claim", "bands": [["none", "60"]], "adjust_pp": "0", "cap": "none", "cap_on": "payout" } }),
                &[("deductible_limit", &limit)],
            );
            for used in list(&inputs["used"]) {
                let bill = Bill::in_scope(yuan(used), date(2020, 6, 30));
                let slip = share(&policy, &bill.claim(), &mut year).unwrap();
                assert_eq!(slip.deductible, yuan(used), "{id}: an earlier admission");
            }
            let bill = Bill::in_scope(Fen::new(1_000_000), date(2020, 6, 30));
            let slip = share(&policy, &bill.claim(), &mut year).unwrap();
            assert_eq!(slip.deductible, yuan(&expected["deductible"]), "{id}");
        }
        kind => panic!("{id}: no check for {kind}"),
    }
}

// ---- what a slip says -----------------------------------------------------------------------

#[test]
fn explanation_names_parameter_clause_and_counters() {
    let policy = shipped("500000/resident");
    let mut bill = Bill::in_scope(Fen::new(1_000_000), date(2021, 1, 1));
    (bill.plan, bill.level) = ("p1".to_owned(), Level::Two);
    let explanation = explain(&policy, &bill.claim(), &YearToDate::default()).unwrap();
    let step = explanation
        .steps
        .iter()
        .find(|step| step.step == "basic_before_cap")
        .unwrap();
    let ratio = step
        .params
        .iter()
        .find(|param| param.path.starts_with("inpatient.ratio"))
        .unwrap();
    assert_eq!(ratio.path, "inpatient.ratio.p1.L2");
    assert_eq!(ratio.value, "65%");
    assert_eq!(
        (ratio.from, ratio.clause.as_deref()),
        (Some(date(2021, 1, 1)), Some("二(五)"))
    );
    let basic = explanation
        .steps
        .iter()
        .find(|step| step.step == "basic")
        .unwrap();
    let paid = basic
        .counters
        .iter()
        .find(|counter| counter.id == "basic_paid")
        .unwrap();
    assert_eq!((paid.before, paid.after), (0, 630_500));
    assert!(explanation.slip.draft);
    assert_eq!(explanation.slip.evidence, Evidence::Assumption);
    // the tail tier of 2021 has no row: said, not silently dropped
    assert_eq!(explanation.slip.skipped[0].tier.as_str(), "tilt");
    assert_eq!(explanation.slip.skipped[0].why, Why::NotInForce);
}

#[test]
fn claims_that_are_not_settled() {
    type Change = fn(&mut Bill);
    let resident = shipped("500000/resident");
    let settle = |policy: &BenefitPolicy, change: Change| {
        let mut bill = Bill::in_scope(Fen::new(1_000_000), date(2021, 6, 30));
        bill.plan = "p1".to_owned();
        change(&mut bill);
        let mut year = YearToDate::default();
        let outcome = share(policy, &bill.claim(), &mut year);
        assert!(
            outcome.is_ok() || year == YearToDate::default(),
            "an error moves no counter"
        );
        outcome.map_err(|e| e.to_string())
    };
    let poor = |bill: &mut Bill| bill.categories = vec!["dibao".to_owned()];
    let cases: [(Change, &str); 6] = [
        (
            |b| b.discharge = date(2018, 12, 31),
            "`rules.dates` has no value on 2018-12-31",
        ),
        (
            |b| b.categories = vec!["dibao".to_owned()],
            "`assist.tiers.ma_later.threshold` is needed, but its value on 2021-06-30 is unknown",
        ),
        (
            |b| b.plan = "p3".to_owned(),
            "`p3` is no plan of this policy; expected one of p1, p2; did you mean `p1`?",
        ),
        (
            |b| b.total += Fen::new(1),
            "total = own + over + pre + scope does not hold: 10000.01 is not 10000.00",
        ),
        (
            |b| b.set_scope(Fen::new(-1)),
            "`total` is -0.01 yuan, but the claim reverses nothing; expected 0 or more",
        ),
        (
            |b| b.categories = vec!["rich".to_owned()],
            "`rich` is no category of this policy; expected one of extreme_poor, orphan, dibao, return_poor, \
             registered_poor, illness_poor, dibao_edge, ordinary",
        ),
    ];
    for (change, message) in cases {
        assert_eq!(settle(&resident, change).unwrap_err(), message);
    }
    let slip = settle(&resident.skip_unknown_tiers(true), poor).unwrap();
    let said: Vec<String> = slip.skipped.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "assist: `assist.tiers.ma_later.threshold` is unknown",
            "tilt: no row is in force on the day"
        ]
    );
    let employee = shipped("sample-region/employee");
    let no_status = settle(&employee, |bill| bill.plan = String::new()).unwrap_err();
    assert_eq!(
        no_status,
        "`inpatient.bands` depends on the status, which the claim does not say"
    );
}

#[test]
fn counters_belong_to_one_year() {
    let policy = shipped("sample-region/resident");
    let mut year = YearToDate::default();
    for discharge in [date(2021, 12, 31), date(2022, 1, 1)] {
        let mut bill = Bill::in_scope(Fen::new(1_000_000), discharge);
        bill.plan = "p1".to_owned();
        let outcome = share(&policy, &bill.claim(), &mut year);
        let other = ShareError::OtherYear {
            counters: 2021,
            claim: 2022,
        };
        assert_eq!(outcome.err(), (discharge.year() == 2022).then_some(other));
    }
    assert_eq!(year.admissions(), 1);
}

#[test]
fn a_risen_threshold_is_paid_off_once_under_consumed() {
    let at = |threshold: &str| {
        serde_json::json!({ "basis": "gross", "kind": "marginal", "threshold": threshold,
        "bands": [["none", "60"]], "cap": "none" })
    };
    let params = serde_json::json!({ "on_change": "consumed", "allow_negative": false, "old": at("13193"), "new": at("14460") });
    let policy = of_params(&params, &[]);
    let mut year = YearToDate::default();
    let claims = [(1_400_000, 6), (100_000, 12), (100_000, 12)];
    let paid = claims.map(|(scope, month)| {
        let bill = Bill::in_scope(Fen::new(scope), date(2020, month, 1));
        tier(&share(&policy, &bill.claim(), &mut year).unwrap(), "cii")
            .0
            .fen()
    });
    // 1267 yuan more are owed: 1000 of them by the second claim, 267 by the third
    assert_eq!(paid, [48_420, 0, 43_980]);
}

#[test]
fn overlay_changes_only_what_it_names() {
    let (below, above) = (shipped("500000/resident"), shipped("sample-region/resident"));
    assert_eq!(above.name(), "sample-region/resident");
    assert_eq!(above.files().len(), 3);
    assert!(above.files()[2].path.ends_with("national.toml"));
    assert!(above.files()[0].path.ends_with("500000/resident.toml"));
    assert!(above.is_draft() && above.weakest_evidence() == Evidence::Assumption);
    assert_eq!(
        above
            .replaced()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        [
            "`rules.chain`: the value from 2019-01-01 to 2020-12-31 gives way",
            "`assist.tiers`: the value from 2021-01-01 gives way",
            "`tail.tiers`: the value from 2023-01-01 gives way",
        ]
    );
    let mut bill = Bill::in_scope(Fen::new(5_000_000), date(2021, 6, 30));
    (bill.plan, bill.categories) = ("p2".to_owned(), vec!["ordinary".to_owned()]);
    let settle = |policy| share(policy, &bill.claim(), &mut YearToDate::default()).unwrap();
    assert_eq!(settle(&below).person, settle(&above).person);
}

/// What the national bounds cannot judge, and terms that are not better, are told.
#[test]
fn doubts_of_a_file_are_told() {
    let city = shipped("500000/resident");
    let told = |what: &str| {
        city.warnings()
            .iter()
            .any(|warning| warning.to_string().contains(what))
    };
    assert!(
        told("`cii.ordinary.threshold` from 2024-01-01 to 2025-12-31 is not checkable"),
        "{:?}",
        city.warnings()
    );
    let text = std::fs::read_to_string("tests/golden/benefit/good/banded.toml").unwrap();
    let policy = loaded(&text).unwrap();
    let told = policy.warnings();
    assert!(
        told.len() == 1
            && told[0]
                .to_string()
                .starts_with("national bounds were not checked: "),
        "{told:?}"
    );
    let worse = text.replacen("\"20000 yuan\", \"65%\"", "\"20000 yuan\", \"10%\"", 1);
    let policy = loaded(&worse).unwrap();
    assert!(
        policy.warnings()[1]
            .to_string()
            .starts_with("`cii.tilt` pays less than `cii.ordinary` on "),
        "{:?}",
        policy.warnings()
    );
}

/// Each file's first line is what loading it says; `DIANZHI_BLESS=1` writes that line anew.
#[test]
fn load_errors_say_where_and_what() {
    let mut seen = 0;
    for entry in std::fs::read_dir("tests/golden/benefit/bad").unwrap() {
        let path = entry.unwrap().path();
        let content = std::fs::read_to_string(&path).unwrap();
        let (expected, rest) = content.split_once('\n').unwrap();
        let said = BenefitPolicy::load(&path)
            .map(|policy| policy.name().to_owned())
            .unwrap_err()
            .to_string();
        let said = said
            .strip_prefix(&format!("{}:", path.display()))
            .unwrap_or(&said)
            .trim_start();
        let said = format!("# {said}");
        if std::env::var_os("DIANZHI_BLESS").is_some() {
            std::fs::write(&path, format!("{said}\n{rest}")).unwrap();
        } else {
            assert_eq!(said, expected, "{}", path.display());
        }
        seen += 1;
    }
    assert!(seen >= 30, "only {seen} files");
}

// ---- what must hold for any bill ------------------------------------------------------------

/// A bill by numbers, so that any combination is legal.
fn any_bill() -> impl Strategy<Value = Bill> {
    let amounts = (
        0_i64..20_000_000,
        0_i64..5_000_000,
        0_i64..5_000_000,
        0_i64..60_000_000,
    );
    let person = (
        prop::sample::select(vec!["p1", "p2"]),
        0_usize..3,
        proptest::sample::subsequence(CATEGORIES.to_vec(), 0..3),
    );
    (amounts, person, any::<bool>(), any::<bool>(), 1_i8..=12).prop_map(
        |((own, over, pre, scope), (plan, level, categories), minor, tumour, month)| Bill {
            plan: plan.to_owned(),
            level: LEVELS[level],
            categories: categories.into_iter().map(str::to_owned).collect(),
            status: None,
            minor,
            diagnoses: vec![if tumour { "C34.900" } else { "J18.900" }.to_owned()],
            deposit: Fen::ZERO,
            discharge: date(2020, month, 15),
            total: Fen::new(own + over + pre + scope),
            own: Fen::new(own),
            over: Fen::new(over),
            pre: Fen::new(pre),
            scope: Fen::new(scope),
        },
    )
}

/// The same bills under the employee scheme.
fn for_employee(mut bill: Bill, retired: bool) -> Bill {
    bill.plan.clear();
    bill.categories.clear();
    bill.status = Some(if retired { Status::Retired } else { Status::Active });
    bill
}

const CATEGORIES: [&str; 8] = [
    "extreme_poor",
    "orphan",
    "dibao",
    "return_poor",
    "registered_poor",
    "illness_poor",
    "dibao_edge",
    "ordinary",
];
const LEVELS: [Level; 3] = [Level::One, Level::Two, Level::Three];

fn assert_slip_closes(slip: &Slip) {
    let by_payer: Fen = Payer::ALL.into_iter().map(|payer| slip.fund(payer)).sum();
    assert_eq!(by_payer + slip.person, slip.total);
    assert_eq!(slip.own + slip.over + slip.pre + slip.scope, slip.total);
    assert!(slip.person >= Fen::ZERO && slip.deductible <= slip.scope);
    for tier in &slip.tiers {
        assert!(tier.amount >= Fen::ZERO && tier.amount <= tier.base, "{tier:?}");
    }
}

proptest! {
    #[test]
    fn payers_and_person_make_the_total(bills in prop::collection::vec(any_bill(), 1..8), year in 2020_i16..=2022, retired: bool) {
        let (resident, employee) = (shipped_once(0), shipped_once(1));
        let (mut of_resident, mut of_employee) = (YearToDate::default(), YearToDate::default());
        for mut bill in bills {
            bill.discharge = date(year, bill.discharge.month(), 15);
            let before = of_resident.clone();
            let slip = share(resident, &bill.claim(), &mut of_resident).unwrap();
            assert_slip_closes(&slip);
            assert_eq!(explain(resident, &bill.claim(), &before).unwrap().slip, slip);
            let bill = for_employee(bill, retired);
            assert_slip_closes(&share(employee, &bill.claim(), &mut of_employee).unwrap());
        }
    }

    #[test]
    fn a_split_year_pays_what_the_whole_would(parts in prop::collection::vec(0_i64..4_000_000, 1..12), poor: bool) {
        let policy = shipped_once(2);
        let mut year = YearToDate::default();
        let bills: Vec<Bill> = parts.iter().map(|part| {
            let mut bill = Bill::in_scope(Fen::new(*part), date(2020, 6, 30));
            if poor { bill.categories = vec!["poor".to_owned()]; }
            bill
        }).collect();
        let mut paid = Fen::ZERO;
        for bill in &bills {
            paid += share(policy, &bill.claim(), &mut year).unwrap().fund(Payer::Cii);
        }
        let claim = bills[0].claim();
        let scale = policy.cii_scale(&claim).unwrap().unwrap();
        assert_eq!(paid, scale.total(Fen::new(parts.iter().sum())).unwrap());
    }

    /// 2020 is left out: there a total over 30 000 yuan opens another row of assistance, and
    /// with it a step down for the person.
    #[test]
    fn more_scope_never_costs_the_person_less(bill in any_bill(), more in 0_i64..10_000_000, year in 2021_i16..=2022, retired: bool) {
        let grown = |mut bill: Bill| {
            bill.set_scope(bill.scope + Fen::new(more));
            bill
        };
        let mut resident = bill.clone();
        resident.discharge = date(year, 6, 30);
        resident.total = resident.scope + resident.own + resident.over + resident.pre;
        for (index, bill) in [(0, resident), (1, for_employee(bill, retired))] {
            let person = |bill: &Bill| share(shipped_once(index), &bill.claim(), &mut YearToDate::default()).unwrap().person;
            assert!(person(&grown(bill.clone())) >= person(&bill));
        }
    }

    /// A scale rises without jumps and never pays more than the amount.
    #[test]
    fn scales_rise_and_stay_below_the_amount(low in 0_i64..60_000_000, more in 0_i64..30_000_000, poor: bool) {
        let policy = shipped_once(2);
        let mut bill = Bill::in_scope(Fen::ZERO, date(2020, 6, 30));
        if poor { bill.categories = vec!["poor".to_owned()]; }
        let claim = bill.claim();
        let scale = policy.cii_scale(&claim).unwrap().unwrap();
        let (one, two) = (scale.total(Fen::new(low)).unwrap(), scale.total(Fen::new(low + more)).unwrap());
        assert!(one <= Fen::new(low) && one <= two);
        assert!(two - one <= Fen::new(more + 1), "a jump between {low} and {}", low + more);
    }

    /// Nothing in, nothing out: no payer, no counter but the admission.
    #[test]
    fn an_empty_bill_gives_an_empty_slip(month in 1_i8..=12, level in 0_usize..3) {
        let mut bill = Bill::in_scope(Fen::ZERO, date(2022, month, 15));
        (bill.plan, bill.level) = ("p1".to_owned(), LEVELS[level]);
        let mut year = YearToDate::default();
        let slip = share(shipped_once(0), &bill.claim(), &mut year).unwrap();
        assert!(slip.national().iter().all(|(_, amount)| *amount == Fen::ZERO));
        assert_eq!(year.admissions(), 1);
    }

    #[test]
    fn any_bytes_give_a_policy_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = loaded_bytes(&bytes);
    }

    /// A real file with a piece cut out, doubled or moved: far nearer to legal than noise.
    #[test]
    fn a_torn_file_gives_a_policy_or_an_error(at in 0_usize..9_000, length in 0_usize..400, to in 0_usize..9_000) {
        let mut bytes = std::fs::read("scenarios/benefit/500000/resident.toml").unwrap();
        let at = at.min(bytes.len());
        let piece: Vec<u8> = bytes.drain(at..(at + length).min(bytes.len())).collect();
        let to = to.min(bytes.len());
        bytes.splice(to..to, piece);
        let _ = loaded_bytes(&bytes);
    }
}

/// Policies read once for all cases: resident, employee, and one scale with bands and a tilt.
fn shipped_once(index: usize) -> &'static BenefitPolicy {
    static POLICIES: std::sync::OnceLock<[BenefitPolicy; 3]> = std::sync::OnceLock::new();
    let policies = POLICIES.get_or_init(|| {
        let banded = BenefitPolicy::load(Path::new("tests/golden/benefit/good/banded.toml")).unwrap();
        [
            shipped("sample-region/resident"),
            shipped("sample-region/employee"),
            banded,
        ]
    });
    &policies[index]
}

// ---- reading examples -----------------------------------------------------------------------

/// Kinds are checked one by one; together they are all of the file.
const KINDS: [(&str, usize); 14] = [
    ("chain", 33),
    ("tier", 16),
    ("on_change", 9),
    ("formula", 6),
    ("outpatient", 3),
    ("item_class", 2),
    ("identity", 2),
    ("slip", 2),
    ("deductible", 1),
    ("line", 1),
    ("sequence", 1),
    ("sequence_tier", 1),
    ("reversal_replay", 1),
    ("outpatient_major_deductible", 1),
];

#[test]
fn every_example_has_its_check() {
    let all = all_examples();
    assert_eq!(all.len(), KINDS.iter().map(|(_, count)| count).sum::<usize>());
    for example in &all {
        assert!(
            KINDS.iter().any(|(kind, _)| example["kind"] == *kind),
            "{}",
            example["id"]
        );
    }
}

fn all_examples() -> Vec<Value> {
    let read = std::fs::read_to_string("tests/golden/benefit/examples.json").unwrap();
    list(&serde_json::from_str::<Value>(&read).unwrap()).to_vec()
}

fn examples(kind: &str) -> Vec<Value> {
    let mut examples = all_examples();
    examples.retain(|example| example["kind"] == kind);
    let count = KINDS.iter().find(|(known, _)| *known == kind).unwrap().1;
    assert_eq!(examples.len(), count, "{kind}");
    examples
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn yuan(value: &Value) -> Fen {
    value
        .as_str()
        .map_or(Fen::ZERO, |text| Fen::parse_yuan(text).unwrap())
}

fn tier(slip: &Slip, id: &str) -> (Fen, Fen) {
    let tier = slip.tiers.iter().find(|tier| tier.id.as_str() == id);
    tier.map_or((Fen::ZERO, Fen::ZERO), |tier| (tier.amount, tier.base))
}

/// A claim that owns its words.
#[derive(Clone, Debug)]
struct Bill {
    plan: String,
    level: Level,
    categories: Vec<String>,
    status: Option<Status>,
    minor: bool,
    diagnoses: Vec<String>,
    deposit: Fen,
    discharge: Date,
    total: Fen,
    own: Fen,
    over: Fen,
    pre: Fen,
    scope: Fen,
}

impl Bill {
    fn in_scope(scope: Fen, discharge: Date) -> Bill {
        Bill {
            plan: String::new(),
            level: Level::One,
            categories: Vec::new(),
            status: None,
            minor: false,
            diagnoses: Vec::new(),
            deposit: Fen::ZERO,
            discharge,
            total: scope,
            own: Fen::ZERO,
            over: Fen::ZERO,
            pre: Fen::ZERO,
            scope,
        }
    }

    fn of(inputs: &Value, policy: &BenefitPolicy) -> Bill {
        let discharge = inputs["discharge"]
            .as_str()
            .unwrap_or("2020-06-30")
            .parse()
            .unwrap();
        let amounts = &inputs["amounts"];
        let mut bill = Bill::in_scope(yuan(&amounts["scope"]), discharge);
        bill.own = yuan(&amounts["own"]) + yuan(&amounts["out_of_scope"]);
        (bill.pre, bill.over) = (yuan(&amounts["pre"]), yuan(&amounts["over"]));
        if amounts.is_object() {
            bill.total = yuan(&amounts["total"]);
        }
        if !policy.plans().is_empty() {
            bill.plan = inputs["plan"].as_str().unwrap_or("p1").to_owned();
        }
        // levels of places without their own file are words of the page
        let level = inputs["level"].as_str().and_then(Level::of_word);
        bill.level = level.unwrap_or(Level::One);
        if let Some(lines) = inputs["lines"].as_array() {
            let split_all = lines
                .iter()
                .map(|line| split(&line_of(&line["amount"], line)).unwrap());
            let fees = split_all.fold(FeeSplit::default(), FeeSplit::plus);
            (bill.own, bill.over, bill.pre, bill.scope) = (fees.own, fees.over, fees.pre, fees.scope);
            bill.total = fees.total();
        }
        if inputs["deposit"].is_string() {
            bill.deposit = yuan(&inputs["deposit"]);
        }
        bill.categories = inputs["category"]
            .as_str()
            .map(str::to_owned)
            .into_iter()
            .collect();
        bill.minor = inputs["age"] == "minor";
        bill.status = match inputs["status"].as_str() {
            Some("active") => Some(Status::Active),
            Some("retired") => Some(Status::Retired),
            _ => None,
        };
        if let Some(diagnoses) = inputs["diagnoses"].as_array() {
            bill.diagnoses = diagnoses.iter().map(text).collect();
        }
        bill
    }

    fn set_scope(&mut self, scope: Fen) {
        self.total += scope - self.scope;
        self.scope = scope;
    }

    /// Leaks the lists of words: a test's bills are few.
    fn claim(&self) -> Claim<'_> {
        let words = |words: &[String]| -> &'static [&'static str] {
            let leaked = words
                .iter()
                .map(|word| &*Box::leak(word.clone().into_boxed_str()))
                .collect::<Vec<_>>();
            leaked.leak()
        };
        Claim {
            id: "test",
            plan: &self.plan,
            level: self.level,
            categories: words(&self.categories),
            status: self.status,
            minor: Some(self.minor),
            diagnoses: words(&self.diagnoses),
            discharge: self.discharge,
            total: self.total,
            own: self.own,
            over: self.over,
            pre: self.pre,
            scope: self.scope,
            deposit: self.deposit,
            ..Claim::default()
        }
    }
}

fn shipped(name: &str) -> BenefitPolicy {
    let path = PathBuf::from(format!("scenarios/benefit/{name}.toml"));
    BenefitPolicy::load(&path).unwrap_or_else(|e| panic!("{e}"))
}

fn loaded(text: &str) -> dianzhi::diagnostics::Result<BenefitPolicy> {
    loaded_bytes(text.as_bytes())
}

fn loaded_bytes(bytes: &[u8]) -> dianzhi::diagnostics::Result<BenefitPolicy> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.toml");
    std::fs::write(&path, bytes).unwrap();
    BenefitPolicy::load(&path)
}

// ---- an example's parameters as a policy file ------------------------------------------------

const SOURCE: &str = r#"evidence = "assumption""#;

/// The policy that an example's `params` describe.
fn of_params(params: &Value, more_inpatient: &[(&str, &str)]) -> BenefitPolicy {
    let out = params_text(params, more_inpatient);
    loaded(&out).unwrap_or_else(|e| panic!("{e}\n{out}"))
}

fn params_text(params: &Value, more_inpatient: &[(&str, &str)]) -> String {
    let has = |key: &str| params.get(key).is_some_and(|value| !value.is_null());
    let mut chain: Vec<String> = Vec::new();
    chain.extend(has("basic").then(|| "basic".to_owned()));
    chain.extend((has("cii") || has("scale") || has("old")).then(|| "cii".to_owned()));
    let tiers = params["tiers"].as_array().cloned().unwrap_or_default();
    chain.extend(tiers.iter().map(|tier| text(&tier["id"])));
    let chain: Vec<&str> = chain.iter().map(String::as_str).collect();
    let mut out = header("", &chain);
    if has("basic") {
        inpatient_section(&mut out, params, more_inpatient);
    }
    if let Some(scale) = ["cii", "scale"]
        .into_iter()
        .find(|key| has(key))
        .map(|key| &params[key])
    {
        let threshold = format!(
            "[{{ from = 2000-01-01, value = {}, {SOURCE} }}]",
            amount(&scale["threshold"])
        );
        one_scale(&mut out, scale, "difference", false, &threshold);
    }
    if has("old") {
        let threshold = format!(
            "[{{ from = 2000-01-01, to = 2020-10-31, value = {}, {SOURCE} }}, {{ from = 2020-11-01, value = {}, {SOURCE} }}]",
            amount(&params["old"]["threshold"]),
            amount(&params["new"]["threshold"])
        );
        let negative = params["allow_negative"].as_bool().unwrap();
        one_scale(
            &mut out,
            &params["new"],
            &text(&params["on_change"]),
            negative,
            &threshold,
        );
    }
    for tier in &tiers {
        tail_tier(&mut out, tier);
    }
    out
}

fn header(more: &str, chain: &[&str]) -> String {
    format!(
        "file = {{ schema = 1, place = \"test\", scheme = \"test\", status = \"draft\", checked_on = 2026-01-01, \
         identity_order = {CATEGORIES:?} }}\n{more}\n[rules]\n\
         chain = [{{ from = 2000-01-01, value = {chain:?}, {SOURCE} }}]\n\
         dates = [{{ from = 2000-01-01, param_date = {{ all = \"discharge\" }}, year_crossing = \"whole_by_discharge\", {SOURCE} }}]\n"
    )
}

fn inpatient_section(out: &mut String, params: &Value, more: &[(&str, &str)]) {
    let basic = &params["basic"];
    let deductible = match &params["deductible"] {
        Value::String(_) => format!("value = {}", amount(&params["deductible"])),
        percent => format!(
            "percent_of = {{ reference = {}, ratio = \"{}%\" }}",
            amount(&percent["reference"]),
            text(&percent["ratio"])
        ),
    };
    let change = text(&basic["adjust_pp"]);
    let (basis, kind, position) = (&basic["basis"], &basic["kind"], &basic["position"]);
    write!(
        out,
        "[inpatient]\nscale = {{ basis = {basis}, kind = {kind}, position = {position} }}\n\
         deductible = [{{ from = 2000-01-01, per = \"admission\", {deductible}, {SOURCE} }}]\n\
         deductible_nth = [{{ from = 2000-01-01, value = [{{ n = 1, factor = \"100%\" }}], {SOURCE} }}]\n\
         bands = [{{ from = 2000-01-01, value = {}, {SOURCE} }}]\n\
         ratio_adjust = [{{ from = 2000-01-01, change = \"+{change}pp\", {SOURCE} }}]\n\
         cap = [{{ from = 2000-01-01, on = {}, value = {}, {SOURCE} }}]\n",
        bands(&basic["bands"]),
        basic["cap_on"],
        amount(&basic["cap"]),
    )
    .unwrap();
    for (key, value) in more {
        writeln!(
            out,
            "{key} = [{{ from = 2000-01-01, value = {value}, {SOURCE} }}]"
        )
        .unwrap();
    }
}

fn one_scale(out: &mut String, scale: &Value, on_change: &str, negative: bool, threshold: &str) {
    let (basis, kind) = (text(&scale["basis"]), text(&scale["kind"]));
    let (bands, cap) = (bands(&scale["bands"]), text(&scale["cap"]));
    cii_section(out, on_change, negative, threshold, &bands, &cap, (&basis, &kind));
}

fn cii_section(
    out: &mut String,
    on_change: &str,
    negative: bool,
    threshold: &str,
    bands: &str,
    cap: &str,
    (basis, kind): (&str, &str),
) {
    let cap = amount(&Value::String(cap.to_owned()));
    write!(
        out,
        "[cii]\nrules = [{{ from = 2000-01-01, base = [\"scope_left\"], over_cap = \"included\", \
         on_change = \"{on_change}\", allow_negative = {negative}, {SOURCE} }}]\n\
         [cii.ordinary]\nscale = {{ basis = \"{basis}\", kind = \"{kind}\" }}\nthreshold = {threshold}\n\
         bands = [{{ from = 2000-01-01, value = {bands}, {SOURCE} }}]\n\
         cap = [{{ from = 2000-01-01, value = {cap}, {SOURCE} }}]\n"
    )
    .unwrap();
}

fn tail_tier(out: &mut String, tier: &Value) {
    write!(
        out,
        "[[tail.tiers]]\nid = {}\nfrom = 2000-01-01\nbase = {}\nkind = {}\nbasis = {}\nthreshold = {}\nbands = {}\n\
         cap = {}\ncap_unit = \"person\"\ncap_period = \"year\"\npayer = {}\n{SOURCE}\n",
        tier["id"],
        tier["base"],
        tier["kind"],
        tier["basis"],
        amount(&tier["threshold"]),
        bands(&tier["bands"]),
        amount(&tier["cap"]),
        tier["payer"],
    )
    .unwrap();
}

fn amount(value: &Value) -> String {
    match text(value).as_str() {
        "none" => "\"none\"".to_owned(),
        yuan => format!("\"{yuan} yuan\""),
    }
}

fn bands(value: &Value) -> String {
    let band = |band: &Value| format!("[{}, \"{}%\"]", amount(&band[0]), text(&band[1]));
    format!(
        "[{}]",
        list(value).iter().map(band).collect::<Vec<_>>().join(", ")
    )
}
