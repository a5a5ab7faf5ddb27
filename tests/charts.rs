//! Pages with charts: what stands in them, and that a browser draws them and their switches work.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use dianzhi::diagnostics::Lang;
use dianzhi::reports::{Cell, Chart, Column, Draw, Section, Table, chart_page};

/// A table of one text column and numbers, from `name|1|2` lines; an empty cell stays empty.
fn table(name: &str, columns: &str, rows: &str) -> Table {
    let columns = columns.split('|').map(|name| Column::plain(name, name));
    let mut table = Table::new(name, columns.collect());
    for row in rows.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let cells = row.split('|').map(|cell| match cell {
            "" => Cell::Empty,
            cell if cell.parse::<f64>().is_ok() => Cell::Number(cell.to_owned()),
            cell => Cell::text(cell),
        });
        table.rows.push(cells.collect());
    }
    table
}

fn chart(title: &str, draw: Draw, x: &str, ys: &[&str]) -> Chart {
    Chart::new(title, draw, x, ys)
}

/// Each form of chart over a table of its own.
fn every_form() -> Vec<(Table, Chart, &'static str)> {
    let pair = |x: &str, y: &str| Some((x.to_owned(), y.to_owned()));
    let line = vec![
        pair("-3", "-2.9"),
        pair("0", "0.1"),
        None,
        pair("1", "1"),
        pair("3", "3.1"),
    ];
    let grid: Vec<String> = (-3..=3)
        .flat_map(|x| (-3..=3).map(move |y| format!("{x}|{y}|{}", 100 + x - y)))
        .collect();
    let bands = vec![("p5", "p95"), ("p25", "p75")];
    vec![
        (
            table(
                "winners",
                "bin|三级|二级",
                "loss > 5 %|2|0\nloss 1–5 %|5|1\nabout the same|20|8\ngain|3|7",
            ),
            chart(
                "bars",
                Draw::Bars {
                    stacked: true,
                    lying: false,
                },
                "bin",
                &["三级", "二级"],
            ),
            "winners.csv",
        ),
        (
            table(
                "groups",
                "group|delta",
                "FM19 <经皮冠状动脉支架植入>|-120345.67\nES25|88000.1\nBR21|-3.5",
            ),
            chart(
                "lying bars",
                Draw::Bars {
                    stacked: false,
                    lying: true,
                },
                "group",
                &["delta"],
            ),
            "groups.csv",
        ),
        (
            table(
                "lorenz",
                "share_of_cost|share_of_pay",
                "0|0\n0.2|0.1\n0.5|0.42\n1|1",
            ),
            chart(
                "lines",
                Draw::Lines {
                    steps: false,
                    by: None,
                    diagonal: true,
                },
                "share_of_cost",
                &["share_of_pay"],
            ),
            "lorenz.csv",
        ),
        (
            table(
                "indices",
                "hospital|cost index|time index",
                "H1|0.9|1.1\nH2|1.2|\nH3|1.0|0.8",
            ),
            chart(
                "dots",
                Draw::Dots {
                    level: Some("1".to_owned()),
                },
                "hospital",
                &["cost index", "time index"],
            ),
            "indices.csv",
        ),
        (
            table(
                "curves",
                "scenario|share|pay",
                "baseline|0|0\nbaseline|1|1\nreform|0|0\nreform|0.5|0.4\nreform|1|1",
            ),
            chart(
                "lines by scenario",
                Draw::Lines {
                    steps: false,
                    by: Some((
                        "scenario".to_owned(),
                        vec![
                            ("baseline".to_owned(), "基线".to_owned()),
                            ("reform".to_owned(), "方案".to_owned()),
                        ],
                    )),
                    diagonal: true,
                },
                "share",
                &["pay"],
            ),
            "curves.csv",
        ),
        (
            table(
                "fan",
                "month|p5|p25|p50|p75|p95",
                "2026-01|95|98|100|103|106\n2026-02|93|97|100|104|108\n2026-03|90|96|101|106|113",
            ),
            chart("fan", Draw::Fan { bands }, "month", &["p50"]),
            "fan.csv",
        ),
        (
            table(
                "waterfall",
                "step|change|total",
                "baseline||732045176\nbudget|3331294|735376470\nupcoding|-3059716|732316754\nreform||732316754",
            ),
            chart("waterfall", Draw::Waterfall, "step", &["change", "total"]),
            "waterfall.csv",
        ),
        (
            table(
                "tornado",
                "key|low|high",
                "volume|119.3|112.4\nbudget|112.2|119.2\nlevel|116.8|114.7",
            ),
            chart(
                "tornado",
                Draw::Tornado {
                    base: "115.743079".to_owned(),
                },
                "key",
                &["low", "high"],
            ),
            "tornado.csv",
        ),
        (
            table("heat", "volume|budget|pv", &grid.join("\n")),
            chart(
                "heat",
                Draw::Heat {
                    over: Some(("P = P0".to_owned(), line)),
                },
                "volume",
                &["budget", "pv"],
            ),
            "heat.csv",
        ),
        (
            table(
                "crosswalk",
                "old|new|cases",
                "FM19|FM19|900\nFM19|FM29|100\nES25|ES25|400\nES25|FM29|3",
            ),
            chart("flow", Draw::Flow, "old", &["new", "cases"]),
            "crosswalk.csv",
        ),
        (
            table(
                "hospitals",
                "cases|margin|points",
                "100|0.9|1000\n5000|1.05|90000\n800|1.2|7000",
            ),
            chart(
                "points",
                Draw::Points {
                    level: Some("1".to_owned()),
                    over: Some(("the line".to_owned(), vec![pair("0", "0.9"), pair("5000", "1.1")])),
                },
                "cases",
                &["margin", "points"],
            ),
            "hospitals.csv",
        ),
    ]
}

fn page(lang: Lang) -> String {
    let forms = every_form();
    let sections: Vec<Section<'_>> = forms
        .iter()
        .map(|(table, chart, file)| Section {
            heading: table.name.clone(),
            notes: vec!["a note & more".to_owned()],
            charts: vec![chart.clone()],
            table,
            file,
        })
        .collect();
    chart_page("every form", &[], &sections, lang).unwrap()
}

#[test]
fn a_page_stands_alone_and_names_its_tables() {
    let html = page(Lang::En);
    assert_eq!(html.matches("<figure data-chart=").count(), every_form().len());
    for (_, _, file) in every_form() {
        assert!(html.contains(&format!("also in {file}")), "{file}");
    }
    assert!(
        !html.contains("src=\"http") && !html.contains("href=\"http"),
        "asks the network"
    );
    assert!(
        html.contains("FM19 \\u003c经皮冠状动脉支架植入>"),
        "a cell may not end the script"
    );
    assert!(page(Lang::Zh).contains("数据表：4行，见winners.csv"));
}

#[test]
fn a_chart_of_a_column_that_is_not_there_is_told() {
    let (table, _, file) = every_form().remove(0);
    let section = Section {
        heading: String::new(),
        notes: Vec::new(),
        charts: vec![chart("odd", Draw::Waterfall, "bin", &["change"])],
        table: &table,
        file,
    };
    let error = chart_page("", &[], &[section], Lang::En).unwrap_err();
    assert_eq!(
        error.to_string(),
        "chart `odd`: table `winners` has no column `change`"
    );
}

/// Presses both switches and notes what became of the page.
const PRESS: &str = "<script>
document.getElementById('tables').click();
document.getElementById('patterns').click();
var open = document.querySelectorAll('details[open]').length;
var marks = Array.from(document.querySelectorAll('figure')).map(function (figure) {
  return figure.dataset.chart + '=' + figure.querySelectorAll('svg path').length;
});
document.body.setAttribute('data-tried', open + ' ' + document.querySelectorAll('pattern').length + ' ' + marks.join(' '));
</script></body>";

#[test]
fn a_browser_draws_every_form() {
    let Some(browser) = browser() else {
        eprintln!("!! no chromium here: whether charts draw was NOT tried");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    fs::write(&file, page(Lang::Zh).replace("</body>", PRESS)).unwrap();
    let dom = dumped(&browser, folder.path(), &file);
    let tried = dom
        .split("data-tried=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let tried = tried.unwrap_or_else(|| panic!("the page's scripts did not run"));
    let forms = every_form().len();
    assert!(dom.contains(&format!("data-drawn=\"{forms}\"")), "{tried}");
    let mut words = tried.split(' ');
    let opened = words.next().unwrap();
    assert_eq!(opened, forms.to_string(), "tables opened: {tried}");
    let patterns: u32 = words.next().unwrap().parse().unwrap();
    assert!(patterns > 0, "patterns: {tried}");
    for mark in words {
        let (_, paths) = mark.split_once('=').unwrap();
        assert!(paths.parse::<u32>().unwrap() > 1, "{mark} of {tried}");
    }
}

fn browser() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find_map(|folder| {
        let mut files = names.iter().map(|name| folder.join(name));
        files.find(|file| file.is_file())
    })
}

/// The page as the browser has it once its scripts ran.
fn dumped(browser: &Path, folder: &Path, file: &Path) -> String {
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
        ])
        .args(["--disable-dev-shm-usage", "--window-size=1024,900", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(file)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}
