//! A million grouped stays: put in order, made into weights, drawn again, made into indicators.
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dianzhi::diagnostics::Place;
use dianzhi::points::calibration::{
    Bootstrap, CalibrationPlan, Estimator, Made, SeenStay, Stays, StaysReader, Steps, calibrate_stays,
};
use dianzhi::scenarios::performance::{IndicatorPlan, Reference, indicators};
use dianzhi::scenarios::{Discharged, Discharges};

const CASES: u64 = 1_000_000;
const HOSPITALS: u64 = 100;
const GROUPS: u64 = 800;
const DEPARTMENTS: u64 = 30;
const DRAWS: u32 = 20;

fn named(letter: char, count: u64) -> Vec<String> {
    (0..count).map(|number| format!("{letter}{number:03}")).collect()
}

/// The same numbers in every run, spread by factors without a common divisor.
fn stays(cases: u64) -> Stays {
    let (groups, hospitals) = (named('G', GROUPS), named('H', HOSPITALS));
    let departments = named('D', DEPARTMENTS);
    let of = |names: &[String], number: u64| names.get(number as usize % names.len()).cloned().unwrap();
    let mut reader = StaysReader::new(0, 0);
    for number in 0..cases {
        let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        let group = of(&groups, spread % GROUPS * (spread % 7 + 1) / 7);
        reader.add(&SeenStay {
            group: &group,
            mdc: &group[..2],
            adrg: &group[..3],
            hospital: &of(&hospitals, spread / 3),
            department: &of(&departments, spread / 5),
            cost: i64::try_from(100_000 + spread % 3_000_017).unwrap(),
            los: Some(u32::try_from(spread % 29 + 1).unwrap() * 100),
            year: Some(2022),
            died: spread % 211 == 0,
            ..SeenStay::default()
        });
    }
    reader.finish()
}

fn plan() -> CalibrationPlan {
    let text = include_str!("../scenarios/calibration.toml");
    let text = text.split("[uncertainty]").next().unwrap();
    CalibrationPlan::parse(&Place::file(Path::new("calibration.toml")), text).unwrap()
}

fn drawn(stays: &Stays, made: &Made, threads: usize) {
    let bootstrap = Bootstrap {
        seed: 1,
        draws: DRAWS,
        level: 0.95,
        small: 30,
    };
    let of = (&Estimator::Arithmetic, &Steps::default());
    bootstrap
        .run((stays, &made.kept), of, &made.groups, threads)
        .unwrap();
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("calibrate");
    group.sample_size(10).throughput(Throughput::Elements(CASES));
    let stays = stays(CASES);
    let plan = plan();
    group.bench_function("weights_and_quality", |bench| {
        bench.iter(|| calibrate_stays(&stays, &plan, None, 1).unwrap());
    });
    let made = calibrate_stays(&stays, &plan, None, 1).unwrap();
    for threads in [1, 2] {
        group.bench_function(format!("twenty_draws_on_{threads}_threads"), |bench| {
            bench.iter(|| drawn(&stays, &made, threads));
        });
    }
    let text = include_str!("../scenarios/indicators.toml");
    let asked = IndicatorPlan::parse(&Place::file(Path::new("indicators.toml")), text).unwrap();
    let discharges: Discharges = stays
        .hospitals
        .iter()
        .flat_map(|hospital| {
            stays.departments.iter().map(move |of| {
                (
                    (hospital.clone(), of.clone()),
                    Discharged {
                        all: 400,
                        grouped: 400,
                    },
                )
            })
        })
        .collect();
    group.bench_function("indicators", |bench| {
        bench.iter(|| {
            let reference = Reference::of(&stays, &asked.reference);
            indicators(&stays, &discharges, made.last(), (&reference, &asked))
        });
    });
    group.finish();
}

criterion_group!(calibrate, benches);
criterion_main!(calibrate);
