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

use dianzhi::budget::{CaseName, More, PoolCase, PoolMoney, PoolSettlement, settle};
use dianzhi::diagnostics::Place;
use dianzhi::points::{
    CaseFacts, Cut, Ending, Kind, Mark, Pack, Payment, PricingCase, ScoreError, Stay, score,
};
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
        (
            "V1, the odd fen to the reserve",
            v1(&[("round.residual", "\"to_reserve\"")], &[]),
        ),
        (
            "V1, the odd fen to the last",
            v1(&[("round.residual", "\"to_last\"")], &[]),
        ),
        (
            "V1, amounts as points",
            v1(
                &[
                    ("pool.amount_cases", "\"points_at_reference\""),
                    ("pool.reference_price", "\"20\""),
                ],
                &[],
            ),
        ),
        (
            "V2 case by case",
            with(
                SAMPLE,
                &[
                    ("round.allocate", "\"case_sum\""),
                    ("round.residual", "\"to_reserve\""),
                ],
                &[],
            ),
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
        (
            "V4 scaled, the odd fen to the last",
            with(HARBIN, &[("round.residual", "\"to_last\"")], &["scale"]),
        ),
        (
            "V4 scaled case by case",
            with(HARBIN, &[("round.allocate", "\"case_sum\"")], &["scale"]),
        ),
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
    let punished: Vec<CaseName> = cases.iter().step_by(3).map(|case| case.id.into()).collect();
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
        transferred: false,
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
        ("merge", "second", "hospital", vec![(1, Cut::Merge(0))]),
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

// ---- kinds of stays ---------------------------------------------------------------------------

/// A pack of the sample with edits, and its tables beside it.
fn with_tables(edits: &[(&str, &str)]) -> Pack {
    let folder = tempfile::TempDir::new().unwrap();
    for (name, text) in [
        ("days.csv", "hospital,level,group,points_per_day\nB,*,*,2.5\n"),
        ("day-care.csv", "group,points\nG,60\n"),
        ("traditional.csv", "group,else_group\nT,G\n"),
        ("attributes.csv", "group\nG\n"),
        ("same.csv", "group,coefficient\nS,0.8\n"),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let edits: Vec<_> = edits.iter().map(|(key, value)| (*key, Some(*value))).collect();
    let place = Place::file(&folder.path().join("policy.toml"));
    Pack::parse(&place, &edited(SAMPLE, &edits)).unwrap_or_else(|e| panic!("{e}"))
}

/// Group G: 100 points at level 3, times 1.05; T and S alike. Mean cost 10,000.
fn scored(
    pack: &Pack,
    group: &str,
    cost: &str,
    change: impl Fn(&mut PricingCase<'_>),
) -> Result<(Kind, Payment, Vec<Mark>), ScoreError> {
    let weights = weights(
        "G,1,,10000,yes,local,\nT,2,,10000,yes,local,\nS,1,,10000,yes,local,\n*,1,,10000,yes,local,\n",
    );
    let mut case = case(group, yuan(cost));
    case.los_days = Some(7);
    change(&mut case);
    score(pack, &weights, &case).map(|scored| (scored.kind, scored.payment, scored.marks.iter().collect()))
}

fn points(text: &str) -> Payment {
    Payment::Points(decimal(text).points_half_away(12).unwrap())
}

#[test]
fn incomplete_stays_have_at_most_the_base_points() {
    let pack = with_tables(&[
        (
            "case.classify",
            "[\"ungrouped\", \"unpriced\", \"incomplete\", \"outlier\"]",
        ),
        ("scope.meta", "\"invented\""),
        (
            "scope.incomplete",
            "{ when = [\"transfer_out\", \"death\"], death_hours = 24, pay = \"ratio_capped_at_base\" }",
        ),
    ]);
    let ended = |ending, hours| {
        move |case: &mut PricingCase<'_>| {
            case.facts = CaseFacts {
                ending,
                hours,
                ..CaseFacts::default()
            };
        }
    };
    let of = |cost, ending, hours| scored(&pack, "G", cost, ended(ending, hours));
    let (kind, paid, _) = of("5000", Some(Ending::TransferOut), None).unwrap();
    assert_eq!(
        (kind, paid),
        (Kind::Incomplete, points("50")),
        "cost over mean, no coefficient"
    );
    assert_eq!(
        of("15000", Some(Ending::TransferOut), None).unwrap().1,
        points("100")
    );
    for (hours, kind) in [(24, Kind::Incomplete), (25, Kind::Normal)] {
        assert_eq!(
            of("9000", Some(Ending::Death), Some(hours)).unwrap().0,
            kind,
            "{hours} hours"
        );
    }
    assert_eq!(
        of("9000", Some(Ending::LeftEarly), None).unwrap().0,
        Kind::Normal,
        "not among the pack's endings"
    );
    for (ending, what) in [
        (None, "how the stay ended"),
        (Some(Ending::Death), "the hours of a stay"),
    ] {
        let error = of("9000", ending, None).unwrap_err().to_string();
        assert!(
            error.contains("`scope.incomplete` needs") && error.contains(what),
            "{error}"
        );
    }
}

#[test]
fn bed_days_have_points_by_phase() {
    let pack = with_tables(&[
        (
            "case.method",
            "{ default = \"drg_points\", bed_day = \"bedday\" }",
        ),
        (
            "case.classify",
            "[\"bedday\", \"ungrouped\", \"unpriced\", \"outlier\"]",
        ),
        ("bedday.meta", "\"invented\""),
        ("bedday.by", "\"phase\""),
        ("bedday.table", "\"days.csv\""),
        (
            "bedday.phases",
            "[{ to_day = 30, factor = \"1\" }, { to_day = 90, factor = \"0.9\" }]",
        ),
    ]);
    // 30 days whole, 60 days at nine tenths, the days behind none
    for (days, expected) in [(10, "25"), (30, "75"), (40, "97.5"), (90, "210"), (100, "210")] {
        let at = |case: &mut PricingCase<'_>| {
            case.hospital = "B";
            case.los_days = Some(days);
        };
        let (kind, paid, _) = scored(&pack, "G", "9000", at).unwrap();
        assert_eq!((kind, paid), (Kind::BedDay, points(expected)), "{days} days");
    }
    assert_eq!(
        scored(&pack, "G", "9000", |_| ()).unwrap().0,
        Kind::Normal,
        "another hospital is not paid by the day"
    );
}

#[test]
fn day_care_newborns_and_cases_outside() {
    let care = |mode: &str, more: (&str, &str)| {
        with_tables(&[
            (
                "case.classify",
                "[\"scope\", \"daycare\", \"ungrouped\", \"unpriced\", \"outlier\"]",
            ),
            ("daycare.meta", "\"invented\""),
            ("daycare.mode", mode),
            more,
            ("scope.meta", "\"invented\""),
            (
                "scope.out",
                "{ pay = \"by_item\", hospitals = [\"X\"], insurance = [\"maternity\"] }",
            ),
            ("scope.newborn", "\"coef\""),
            ("scope.newborn_factor", "\"1.2\""),
        ])
    };
    let by_day = |case: &mut PricingCase<'_>| case.facts.day_care = true;
    let share = care("\"share_of_inpatient\"", ("daycare.share", "\"80%\""));
    assert_eq!(
        scored(&share, "G", "9000", by_day).unwrap().1,
        points("84"),
        "100 × 1.05 × 80 %"
    );
    let own = care("\"own_list\"", ("daycare.list", "\"day-care.csv\""));
    assert_eq!(scored(&own, "G", "9000", by_day).unwrap().1, points("60"));
    let (kind, paid, _) = scored(&share, "G", "9000", |case| case.facts.newborn = true).unwrap();
    assert_eq!((kind, paid), (Kind::Normal, points("126")), "105 × 1.2");
    for change in [
        |case: &mut PricingCase<'_>| case.hospital = "X",
        |case: &mut PricingCase<'_>| case.facts.insurance = "maternity",
        |case: &mut PricingCase<'_>| case.facts.not_covered = true,
    ] {
        let (kind, paid, _) = scored(&share, "G", "9000", change).unwrap();
        assert_eq!((kind, paid), (Kind::NotCovered, Payment::ByItem));
    }
}

#[test]
fn too_little_traditional_medicine_changes_the_group() {
    let pack = with_tables(&[
        (
            "case.classify",
            "[\"tcm\", \"ungrouped\", \"unpriced\", \"outlier\"]",
        ),
        ("tcm.meta", "\"invented\""),
        (
            "tcm.gate",
            "{ groups = \"traditional.csv\", min_ratio = \"60%\", else_group = \"else_group\" }",
        ),
    ]);
    let of = |part: &str| {
        scored(&pack, "T", "9000", |case| {
            case.facts.traditional = Some((yuan(part), yuan("1000")))
        })
    };
    assert_eq!(of("600").unwrap().1, points("210"), "the limit itself is enough");
    let (_, paid, marks) = of("599.99").unwrap();
    assert_eq!((paid, marks), (points("105"), vec![Mark::Regrouped]));
    assert!(
        scored(&pack, "T", "9000", |_| ())
            .unwrap_err()
            .to_string()
            .contains("`tcm.gate` needs the cost of traditional medicine")
    );
    assert_eq!(
        scored(&pack, "G", "9000", |_| ()).unwrap().1,
        points("105"),
        "other groups ask for none"
    );
}

#[test]
fn coefficients_that_groups_skip_replace_or_lack() {
    let pack = with_tables(&[
        (
            "group.attr",
            "{ no_difference = { skip = [\"level\"], at = [\"3\"], list = \"attributes.csv\" } }",
        ),
        ("group.same_price", "{ mode = \"own_coef\", list = \"same.csv\" }"),
    ]);
    assert_eq!(
        scored(&pack, "G", "9000", |_| ()).unwrap().1,
        points("100"),
        "skipped at level 3"
    );
    let at_one = |case: &mut PricingCase<'_>| case.level = dianzhi::codes::HospitalLevel::One;
    assert_eq!(scored(&pack, "G", "9000", at_one).unwrap().1, points("90"));
    assert_eq!(
        scored(&pack, "S", "9000", |_| ()).unwrap().1,
        points("80"),
        "its own in place of the hospital's"
    );
    let lenient = with_tables(&[
        ("coef.hospital", "[\"level\", \"hospital\"]"),
        (
            "coef.values",
            "{ level = { \"3\" = \"1.05\" }, hospital = { A = \"0.1\" } }",
        ),
        ("coef.missing", "\"one_with_warning\""),
        ("coef.compose", "\"base_plus_addons\""),
    ]);
    let (_, paid, marks) = scored(&lenient, "G", "9000", |_| ()).unwrap();
    assert_eq!(
        (paid, marks),
        (points("205"), vec![Mark::CoefficientAssumed]),
        "1.05 + 1, and marked"
    );
    let (_, paid, marks) = scored(&lenient, "G", "9000", |case| case.hospital = "A").unwrap();
    assert_eq!((paid, marks), (points("115"), vec![]));
}

#[test]
fn more_than_the_standard_may_wait_for_a_review() {
    let pack = with_tables(&[
        ("outlier.approval", "\"review\""),
        ("outlier.net_of_denied", "true"),
    ]);
    let (kind, paid, marks) = scored(&pack, "G", "40000", |_| ()).unwrap();
    assert_eq!(
        (kind, paid, marks),
        (Kind::High, points("105"), vec![Mark::Review])
    );
    let (_, paid, marks) = scored(&pack, "G", "40000", |case| case.facts.approved = true).unwrap();
    assert_eq!((paid, marks), (points("205"), vec![]), "100 × (4 − 3 + 1.05)");
    let denied = |case: &mut PricingCase<'_>| case.facts.denied = yuan("10000.01");
    assert_eq!(
        scored(&pack, "G", "40000", denied).unwrap().0,
        Kind::Normal,
        "what was denied does not count"
    );
}

#[test]
fn weights_without_a_named_column_are_told() {
    let pack = with_tables(&[("weight.columns", "{ \"2-3\" = \"weight\", \"1\" = \"w_low\" }")]);
    let error = pack
        .fits(&weights("*,1,,10000,yes,local,\n"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("`weight.columns` names `w_low`, but the weights have no such column"),
        "{error}"
    );
}
