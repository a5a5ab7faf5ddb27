//! Laws of any clearing: whatever the class, the shares, the steps and the cases, the books close
//! to the fen.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod money;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use dianzhi::budget::{More, PoolCase, PoolMoney, PoolSettlement, settle};
use dianzhi::points::{Cut, Kind, Pack, Payment, PricingCase, Stay, score};
use dianzhi::units::{Exact, Fen, Points};
use money::*;
use proptest::prelude::*;

const FIRST: &str = "\"freeze\", \"budget\", \"carve\", \"price\", \"fund_part\"";
const LAST: &str = "\"residual\", \"net_off\", \"confirm\"";

fn steps(between: &[&str]) -> String {
    let between: String = between.iter().map(|step| format!("\"{step}\", ")).collect();
    format!("[{FIRST}, {between}{LAST}]")
}

/// A pack with edits, given as `key = value` lines.
fn with(base: &str, edits: &[(&str, &str)], between: &[&str]) -> Pack {
    let mut all: Vec<(&str, Option<String>)> = vec![("clear.steps", Some(steps(between)))];
    all.extend(edits.iter().map(|(key, value)| (*key, Some((*value).to_owned()))));
    pack_of(base, &all)
}

const V1: [(&str, &str); 3] = [
    ("formula_class", "\"V1\""),
    ("pool.basis", "\"fund\""),
    ("fund.formula", "\"none\""),
];

fn v1(edits: &[(&str, &str)], between: &[&str]) -> Pack {
    with(SAMPLE, &[&V1[..], edits].concat(), between)
}

fn v3(formula: &str, ratio: &str, correct: &str) -> Pack {
    let (formula, ratio) = (quoted(formula), quoted(ratio));
    let edits = [
        ("formula_class", "\"V3\""),
        ("pool.basis", "\"ratio_grossed\""),
        ("fund.formula", formula.as_str()),
        ("fund.ratio", ratio.as_str()),
        ("fund.v3_correct", correct),
    ];
    with(SAMPLE, &edits, &[])
}

fn addon(position: &'static str, funded_by: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![
        ("addon.meta", "\"doc\""),
        (
            "addon.items",
            "[{ id = \"drug\", sign = 1 }, { id = \"outside\", sign = -1 }]",
        ),
        ("addon.position", position),
        ("addon.funded_by", funded_by),
    ]
}

fn own<'a>(edits: &[(&'a str, &'a str)], doc: &'a str) -> Vec<(&'a str, &'a str)> {
    edits
        .iter()
        .map(|(key, value)| (*key, if *value == "\"doc\"" { doc } else { *value }))
        .collect()
}

const CAP: (&str, &str) = ("clear.cap", "{ of = \"claim\", rate = \"110%\", per = \"fund\" }");
const CORRIDOR: (&str, &str) = (
    "clear.corridor",
    "{ hospital = { balance = \"fund\", bands = [{ to = \"0.85\", op = \"<\", alpha = \"1\", beta = \"0\" }, { to = \"inf\", op = \"<\", alpha = \"0.2\", beta = \"0.8\" }] } }",
);
const ASSESS: [(&str, &str); 2] = [
    ("assess.meta", "\"doc\""),
    (
        "assess.bands",
        "[{ from = \"90\", share = \"100%\" }, { from = \"0\", share = \"80%\" }]",
    ),
];

/// Packs whose points float, then packs whose standards are fixed.
type Packs = (Vec<(&'static str, Pack)>, Vec<(&'static str, Pack)>);

static PACKS: LazyLock<Packs> = LazyLock::new(packs);

fn packs() -> Packs {
    let penalty = |mode: &'static str| vec![("penalty.meta", "\"doc\""), ("penalty.mode", mode)];
    let sample = |edits: &[(&'static str, &'static str)]| own(edits, "\"invented\"");
    let harbin = |edits: &[(&'static str, &'static str)]| own(edits, "\"assumed\"");
    let floating = vec![
        ("V1", v1(&[], &[])),
        ("V1 at a rounded price", v1(&[("round.pv_pay_dp", "\"4\"")], &[])),
        ("V1 with a corridor", v1(&[CORRIDOR], &["corridor"])),
        (
            "V1 with a multiplier",
            v1(
                &sample(&[&ASSESS[..], &[("assess.effect", "\"payable_multiplier\"")]].concat()),
                &["assess"],
            ),
        ),
        (
            "V1 with points deducted",
            v1(
                &sample(&[&ASSESS[..], &[("assess.effect", "\"points_deduction\"")]].concat()),
                &[],
            ),
        ),
        (
            "V1 with violations",
            v1(&sample(&penalty("\"zero_points\"")), &[]),
        ),
        (
            "V1 with refunds",
            v1(&sample(&penalty("\"return_fund\"")), &["penalty"]),
        ),
        (
            "V1 with add-ons of the pool",
            v1(&sample(&addon("\"after_cap\"", "\"pool\"")), &["addons"]),
        ),
        (
            "V1 with add-ons of their own",
            v1(&sample(&addon("\"after_cap\"", "\"carve_out\"")), &["addons"]),
        ),
        (
            "V1 with a reserve",
            v1(&[("budget.reserve", "{ kind = \"risk\", rate = \"5%\" }")], &[]),
        ),
        ("V2", with(SAMPLE, &[], &[])),
        ("V2 clamped", with(SAMPLE, &[("fund.negative", "\"zero\"")], &[])),
        ("V3 grossed", v3("subtract", "fixed:0.72", "false")),
        ("V3 corrected", v3("subtract", "fixed:0.72", "true")),
        ("V3 realised", v3("subtract", "pool_realised", "false")),
        ("V3 by shares", v3("ratio", "fixed:0.72", "false")),
        ("V3 by the pool's share", v3("ratio", "pool_realised", "false")),
        ("V3 by each bill", v3("ratio", "case", "false")),
    ];
    let reflow = |how: &'static str| vec![CAP, ("clear.reflow", how)];
    let fixed = vec![
        ("V4 fixed", with(HARBIN, &[("price.model", "\"fixed\"")], &[])),
        ("V4 scaled", with(HARBIN, &[], &["scale"])),
        ("V4 capped", with(HARBIN, &reflow("\"stay\""), &["scale", "cap"])),
        (
            "V4 flowing back",
            with(HARBIN, &reflow("\"once\""), &["scale", "cap", "reflow"]),
        ),
        (
            "V4 flowing back on and on",
            with(HARBIN, &reflow("\"iterate\""), &["scale", "cap", "reflow"]),
        ),
        (
            "V4 capped, then scaled",
            with(HARBIN, &reflow("\"stay\""), &["cap", "scale"]),
        ),
        (
            "V4 with a reserve's add-ons",
            with(
                HARBIN,
                &harbin(&addon("\"after_scale\"", "\"reserve\"")),
                &["scale", "addons"],
            ),
        ),
        (
            "V4 with add-ons scaled",
            with(
                HARBIN,
                &harbin(&addon("\"before_scale\"", "\"pool\"")),
                &["addons", "scale"],
            ),
        ),
        (
            "V4 by shares",
            with(
                HARBIN,
                &[("fund.formula", "\"ratio\""), ("fund.ratio", "\"fixed:0.72\"")],
                &["scale"],
            ),
        ),
        (
            "V4 with a corridor",
            with(HARBIN, &[CORRIDOR], &["scale", "corridor"]),
        ),
    ];
    (floating, fixed)
}

#[derive(Clone, Debug)]
struct Draw {
    hospital: usize,
    points: i64,
    paid: u8,
    claim: i64,
    nonfund: i64,
    drug: i64,
}

fn draws() -> impl Strategy<Value = Vec<Draw>> {
    let points = prop_oneof![1 => Just(0_i64), 6 => 1..3_000_000_i64];
    let draw = (
        0..6_usize,
        points,
        0..12_u8,
        1..900_000_i64,
        0..900_000_i64,
        0..50_000_i64,
    );
    let draw = draw.prop_map(|(hospital, points, paid, claim, nonfund, drug)| Draw {
        hospital,
        points,
        paid,
        claim,
        nonfund,
        drug,
    });
    prop::collection::vec(draw, 1..40)
}

const HOSPITALS: [&str; 6] = ["H4", "H1", "H6", "H2", "H5", "H3"];

/// What the borrowed parts of cases are made of.
struct Made {
    ids: Vec<String>,
    addons: Vec<[(&'static str, Fen); 2]>,
}

fn made(draws: &[Draw]) -> Made {
    Made {
        ids: (0..draws.len())
            .map(|i| format!("C{:03}", (i * 37 + 11) % 997))
            .collect(),
        addons: draws
            .iter()
            .map(|draw| {
                [
                    ("drug", Fen::new(draw.drug)),
                    ("outside", Fen::new(draw.drug / 3)),
                ]
            })
            .collect(),
    }
}

fn cases<'a>(draws: &[Draw], made: &'a Made, floats: bool, with_addons: bool) -> Vec<PoolCase<'a>> {
    let each = draws.iter().zip(&made.ids).zip(&made.addons);
    each.map(|((draw, id), addons)| PoolCase {
        cost: Fen::new(draw.claim + draw.nonfund),
        claim: Fen::new(draw.claim),
        nonfund: Fen::new(draw.nonfund),
        more: More {
            addons: if with_addons { addons } else { &[] },
            ..More::default()
        },
        ..pool_case(
            id,
            HOSPITALS[draw.hospital],
            match (draw.paid, floats) {
                (0, _) => Payment::ByItem,
                (1, _) => Payment::Amount(Fen::new(draw.claim)),
                (2, _) => Payment::Nothing,
                (_, true) => Payment::Points(Points::new(i128::from(draw.points) * 100_000_000)),
                (_, false) => Payment::Standard(Exact::new(i128::from(draw.points) * 2, 3).unwrap()),
            },
        )
    })
    .collect()
}

/// A settlement, or `None` where the pool has money and nothing to share it by, or too little.
fn settled(name: &str, pack: &Pack, amount: i64, cases: &[PoolCase]) -> Option<PoolSettlement> {
    let scores: Vec<(&str, Exact)> = HOSPITALS
        .iter()
        .enumerate()
        .map(|(i, h)| (*h, Exact::integer(85 + 2 * i as i128)))
        .collect();
    let punished: Vec<&str> = cases.iter().step_by(3).map(|case| case.id).collect();
    let money = PoolMoney {
        budget: Fen::new(amount),
        assessments: &scores,
        violations: if name.contains("violations") || name.contains("refunds") {
            &punished
        } else {
            &[]
        },
        reserve_left: Fen::new(1_000_000),
        ..PoolMoney::default()
    };
    match settle(pack, "p", money, cases) {
        Ok(settled) => Some(settled),
        Err(error) => {
            let said = error.to_string();
            let expected = ["is to be shared", "to share", "cannot be shared"];
            assert!(expected.iter().any(|part| said.contains(part)), "{name}: {said}");
            None
        }
    }
}

fn sum(amounts: impl Iterator<Item = Fen>) -> Fen {
    amounts.sum()
}

fn line(lines: &[(&'static str, Fen)], name: &str) -> Fen {
    lines
        .iter()
        .find(|(known, _)| *known == name)
        .map_or(Fen::ZERO, |(_, amount)| *amount)
}

fn each_pack(draws: &[Draw], amount: i64, check: impl Fn(&str, &Pack, &PoolSettlement, &[PoolCase])) {
    let made = made(draws);
    let (floating, fixed) = &*PACKS;
    for (floats, packs) in [(true, floating), (false, fixed)] {
        for (name, pack) in packs {
            let cases = cases(draws, &made, floats, name.contains("add-ons"));
            if let Some(settled) = settled(name, pack, amount, &cases) {
                check(name, pack, &settled, &cases);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    /// Sources = uses; hospitals = what the pool gave; cases = hospital, by kind too; each step
    /// begins where the one before it ended.
    #[test]
    fn the_books_close(draws in draws(), amount in 0..90_000_000_i64) {
        each_pack(&draws, amount, |name, _, settled, cases| {
            assert_eq!(sum(settled.sources.iter().map(|s| s.1)), sum(settled.uses.iter().map(|u| u.1)), "{name}");
            assert_eq!(settled.difference, Fen::ZERO, "{name}");
            assert!(settled.sources.iter().chain(&settled.uses).skip(1).filter(|(item, _)| !item.ends_with("_cases")).all(|(_, amount)| !amount.is_negative()), "{name}");
            let given = sum(settled.uses.iter().filter(|(item, _)| item.ends_with("_cases")).map(|u| u.1));
            assert_eq!(sum(settled.hospitals.iter().map(|h| h.due)), given, "{name}");
            for hospital in &settled.hospitals {
                let own = cases.iter().zip(&settled.cases).filter(|(case, _)| case.hospital == hospital.hospital);
                assert_eq!(sum(own.map(|(_, due)| due.due)), hospital.due, "{name}");
                assert_eq!(sum(hospital.kinds.iter().map(|kind| kind.due)), hospital.due, "{name}");
                assert!(hospital.steps.windows(2).all(|pair| pair[0].after == pair[1].before), "{name}: {:?}", hospital.steps);
            }
        });
    }

    /// The laws of the classes, before caps and corridors: what the points buy is the fund.
    #[test]
    fn points_buy_the_fund(draws in draws(), amount in 0..90_000_000_i64) {
        each_pack(&draws, amount, |name, _, settled, _| {
            let closes = ["V1", "V2", "V3 corrected", "V3 realised", "V3 by shares", "V3 by the pool's share", "V3 by each bill"];
            if closes.contains(&name) {
                assert_eq!(line(&settled.sources, "gap_funding"), Fen::ZERO, "{name}");
                if settled.point_value.is_some() {
                    assert_eq!(line(&settled.uses, "unallocated"), Fen::ZERO, "{name}");
                }
            }
        });
    }

    /// No order or batch of rows changes an amount.
    #[test]
    fn order_changes_nothing(draws in draws(), amount in 0..90_000_000_i64, by in 0..30_usize) {
        each_pack(&draws, amount, |name, pack, settled_, cases| {
            let mut turned = cases.to_vec();
            turned.rotate_left(by.min(cases.len()));
            let of = |settled: &PoolSettlement, cases: &[PoolCase]| -> BTreeMap<String, Fen> {
                cases.iter().zip(&settled.cases).map(|(case, due)| (case.id.to_owned(), due.due)).collect()
            };
            if name.contains("violations") || name.contains("refunds") {
                return; // which cases are punished goes by their place here
            }
            let again = settled(name, pack, amount, &turned).unwrap();
            assert_eq!(&again.hospitals, &settled_.hospitals, "{name}");
            assert_eq!(of(&again, &turned), of(settled_, cases), "{name}");
        });
    }

    /// More points of one hospital never raise what another is due: they meet in the price only.
    #[test]
    fn hospitals_meet_in_the_price_only(draws in draws(), amount in 0..90_000_000_i64, more in 1..1_000_000_i64) {
        let made = made(&draws);
        let before = cases(&draws, &made, true, false);
        let Some(at) = before.iter().position(|case| matches!(case.payment, Payment::Points(_))) else { return Ok(()) };
        let mut after = before.clone();
        if let Payment::Points(points) = after[at].payment {
            after[at].payment = Payment::Points(points + Points::new(i128::from(more) * 100_000_000));
        }
        for (name, pack) in [("V1", v1(&[], &[])), ("V2", with(SAMPLE, &[], &[])), ("V3", v3("subtract", "pool_realised", "false"))] {
            let (Some(a), Some(b)) = (settled(name, &pack, amount, &before), settled(name, &pack, amount, &after)) else { continue };
            for (one, two) in a.hospitals.iter().zip(&b.hospitals) {
                if one.hospital == before[at].hospital {
                    prop_assert!(two.due >= one.due - Fen::new(1), "{}: its own points pay it", name);
                } else {
                    // largest remainders may move a single fen
                    prop_assert!(two.due <= one.due + Fen::new(1), "{}: {:?} {:?}", name, one.due, two.due);
                }
            }
        }
    }

    /// Flowing back on and on: nobody above the cap, and nothing is left while somebody is below.
    #[test]
    fn what_flows_back_finds_everybody_below(draws in draws(), amount in 0..90_000_000_i64) {
        each_pack(&draws, amount, |name, _, settled, cases| {
            if !name.contains("on and on") {
                return;
            }
            for hospital in &settled.hospitals {
                let sharing = cases.iter().filter(|case| case.hospital == hospital.hospital && matches!(case.payment, Payment::Standard(_)));
                let cap = sum(sharing.map(|case| case.claim)).exact().mul(decimal("1.1")).unwrap().fen_half_away().unwrap();
                assert!(hospital.due - hospital.amount_due <= cap);
            }
        });
    }

    /// Within one kind, pay does not fall when cost rises.
    #[test]
    fn pay_rises_with_cost_within_a_kind(costs in prop::collection::vec(1..9_000_000_i64, 2..20), weight in 1..400_u32) {
        let weights = weights(&format!("*,1,,8000,yes,local,\nG,{}.{:02},,{}.00,yes,local,\n", weight / 100, weight % 100, 80 * weight));
        let mut costs = costs;
        costs.sort_unstable();
        for (base, edits) in [(SAMPLE, &[("outlier.high_pay", "\"excess_coef\"")][..]), (SAMPLE, &[]), (HARBIN, &[]), (HARBIN, &[("outlier.low_pay", "\"base_x_ratio\"")])] {
            let between: &[&str] = if base == SAMPLE { &[] } else { &["scale"] };
            let pack = with(base, edits, between);
            let mut last: BTreeMap<Kind, Exact> = BTreeMap::new();
            for cost in &costs {
                let case = PricingCase { pool: "employee", ..case("G", Fen::new(*cost)) };
                let scored = score(&pack, &weights, &case).unwrap();
                let pay = match scored.payment {
                    Payment::Points(points) => points.exact().unwrap(),
                    Payment::Standard(fen) => fen,
                    Payment::Amount(fen) => fen.exact(),
                    Payment::ByItem | Payment::Nothing => continue,
                };
                if let Some(before) = last.insert(scored.kind, pay) {
                    prop_assert!(before.compare(pay).is_le(), "{:?} at {}", scored.kind, cost);
                }
            }
        }
    }
}

/// Stays of one person and illness: within the days, at the same hospital, not planned.
#[test]
fn readmissions_are_cut_as_the_rule_says() {
    let rule = |how: &str, stay: &str, within: &str| {
        let cut = format!("{{ how = \"{how}\", stay = \"{stay}\" }}");
        let within = quoted(within);
        let edits = [
            ("readmit.meta", "\"invented\""),
            ("readmit.days", "10"),
            ("readmit.match", "\"group\""),
            ("readmit.within", within.as_str()),
            ("readmit.cut", cut.as_str()),
            ("readmit.exempt", "[\"planned\"]"),
        ];
        with(SAMPLE, &edits, &[])
    };
    let stay = |id, person, hospital, admitted, discharged| Stay {
        id,
        person,
        hospital,
        group: "G",
        adrg: "A",
        diagnosis: "D",
        admitted,
        discharged,
        purposes: &[],
    };
    let stays = [
        stay("1", "P", "H1", 0, 5),
        stay("2", "P", "H1", 15, 20),
        stay("3", "P", "H1", 31, 33),
        stay("4", "P", "H2", 34, 35),
        stay("5", "Q", "H1", 16, 20),
    ];
    for (how, of, within, expected) in [
        ("half", "first", "hospital", vec![(0, Cut::Half)]),
        ("zero", "second", "hospital", vec![(1, Cut::Zero)]),
        ("flag", "second", "region", vec![(1, Cut::Flag), (3, Cut::Flag)]),
        (
            "merge",
            "second",
            "region",
            vec![(1, Cut::Merge(0)), (3, Cut::Merge(2))],
        ),
    ] {
        assert_eq!(
            rule(how, of, within).readmissions(&stays),
            expected,
            "{how} {of} {within}"
        );
    }
    let mut planned = stays;
    planned[1].purposes = &["planned"];
    assert_eq!(rule("half", "first", "hospital").readmissions(&planned), []);
    let weights = weights("G,1,,10000,yes,local,\n");
    let mut scored = score(
        &rule("half", "first", "hospital"),
        &weights,
        &case("G", yuan("10000")),
    )
    .unwrap();
    let before = scored.points.unwrap();
    scored.cut(Cut::Half, 4).unwrap();
    assert_eq!(scored.points.unwrap().units() * 2, before.units());
}
