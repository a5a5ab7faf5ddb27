//! A ledger on a PostgreSQL server: what the file does, the server does, hash by hash.
//!
//! Each test starts a server of its own with `initdb` and `pg_ctl`; without them it is skipped, loudly.
#![cfg(feature = "postgres")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod money;
mod settlers;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dianzhi::budget::{NetOff, YearOf};
use dianzhi::ledger::{Cleared, ClearingRow, Ledger};
use dianzhi::units::Fen;
use money::{SAMPLE, pack};
use settlers::{case_of, keep_year, killed_settlers_leave_whole_months, one_of_two_processes_closes, post};
use tempfile::TempDir;

/// A server in a folder of its own, stopped when it is dropped.
struct Server {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
}

/// Where the programs of the latest server from version 15 on lie.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let versions = versions.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let latest = versions.filter(|version| *version >= 15).max()?;
    let programs = PathBuf::from(format!("/usr/lib/postgresql/{latest}/bin"));
    programs.join("initdb").is_file().then_some(programs)
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    String::from_utf8_lossy(&id.stdout).trim() == "0"
}

impl Server {
    /// None, said loudly, on a machine without a server.
    fn start() -> Option<Server> {
        let Some(programs) = programs() else {
            eprintln!("SKIPPED: there is no PostgreSQL 15 or later (initdb, pg_ctl) on this machine");
            return None;
        };
        let folder = TempDir::new().unwrap();
        if is_root() {
            let owned = Command::new("chown")
                .arg("postgres")
                .arg(folder.path())
                .status()
                .unwrap();
            assert!(owned.success(), "the server refuses to be root's");
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let server = Server {
            programs,
            folder,
            port,
        };
        let data = server.data();
        server.run(
            "initdb",
            &[
                "-D", &data, "-U", "settler", "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8", "-N",
            ],
        );
        let options =
            format!("-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off");
        let log = server.folder.path().join("log").display().to_string();
        server.run(
            "pg_ctl",
            &["-D", &data, "-w", "-l", &log, "-o", &options, "start"],
        );
        Some(server)
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    /// A program of the server; it refuses to be run by root.
    fn run(&self, program: &str, arguments: &[&str]) {
        let path = self.programs.join(program);
        let mut command = match is_root() {
            true => {
                let mut command = Command::new("setpriv");
                command
                    .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
                    .arg(path);
                command
            }
            false => Command::new(path),
        };
        let done = command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(done.success(), "{program} {arguments:?}");
    }

    /// A database of its own, by its address.
    fn database(&self, name: &str) -> String {
        let port = self.port.to_string();
        self.run(
            "createdb",
            &["-h", "127.0.0.1", "-p", &port, "-U", "settler", name],
        );
        format!("postgres://settler@127.0.0.1:{port}/{name}")
    }

    fn sql(&self, name: &str, sql: &str) -> Result<u64, String> {
        let url = format!("postgres://settler@127.0.0.1:{}/{name}", self.port);
        let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
        client.execute(sql, &[]).map_err(|e| {
            e.as_db_error()
                .map_or_else(|| e.to_string(), |e| e.message().to_owned())
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let data = self.data();
        self.run("pg_ctl", &["-D", &data, "-m", "immediate", "stop"]);
    }
}

/// The same year in a file and on a server: every hash, sum and refusal is the same.
#[test]
fn the_server_keeps_what_the_file_keeps() {
    let Some(server) = Server::start() else { return };
    let folder = TempDir::new().unwrap();
    let url = server.database("year");
    let file = folder.path().join("year.ledger");
    let pack = pack(SAMPLE, &[]);
    let mut kept = Vec::new();
    for ledger in [Path::new(&url), &file] {
        let mut said: Vec<String> = Vec::new();
        let mut ledger = Ledger::open(ledger).unwrap();
        let cases = (0..500).map(|n| case_of(&format!("C{n}"), &format!("H{}", n % 7), n - 3));
        let posted = post(&mut ledger, &pack, "2026-01", cases.collect(), "a").unwrap();
        said.push(format!("{posted:?}"));
        let mut tell = |done: Result<String, dianzhi::diagnostics::Error>| {
            said.push(done.unwrap_or_else(|e| {
                e.messages()
                    .map(|(_, message)| message.to_owned())
                    .collect::<Vec<_>>()
                    .join("; ")
            }));
        };
        tell(post(&mut ledger, &pack, "2026-01", vec![], "b").map(|p| format!("{p:?}")));
        tell(
            post(&mut ledger, &pack, "2026-02", vec![case_of("C9", "H2", 1)], "b").map(|p| format!("{p:?}")),
        );
        tell(
            ledger
                .reverse("p", "2026-01", ("C9", None), ("late", "Li"))
                .map(|e| format!("{e:?}")),
        );
        tell(
            ledger
                .reverse("p", "2026-02", ("C9", None), ("wrong", "Li"))
                .map(|e| format!("{e:?}")),
        );
        tell(
            ledger
                .reverse("p", "2026-02", ("C9", None), ("wrong", "Li"))
                .map(|e| format!("{e:?}")),
        );
        tell(
            ledger
                .adjust("p", "2026-02", ("C8", Some("H1")), Fen::new(7), ("more", "Li"))
                .map(|e| format!("{e:?}")),
        );
        tell(
            ledger
                .advance("p", "H1", Fen::new(900), "2026-01-05", "Li")
                .map(|()| String::new()),
        );
        tell(
            post(&mut ledger, &pack, "2026-02", vec![case_of("D1", "H1", 20)], "c").map(|p| format!("{p:?}")),
        );
        tell(
            ledger
                .year_cases("p", "2026")
                .map(|cases| format!("{} {:?}", cases.len(), cases.last())),
        );
        tell(ledger.advances("p", "H1", "2026").map(|left| left.to_string()));
        for month in ["2026-02", "2026-13"] {
            tell(ledger.postings(month).map(|known| known.len().to_string()));
        }
        let rows = [ClearingRow {
            hospital: "H1".to_owned(),
            net: NetOff::of(YearOf {
                due: Fen::new(12),
                ..YearOf::default()
            })
            .unwrap(),
        }];
        for lock in [false, true, true] {
            let cleared = keep_year(&mut ledger, &rows, lock).unwrap();
            assert_eq!(cleared == Cleared::Prepared, !lock);
            tell(Ok(format!("{cleared:?}")));
        }
        tell(keep_year(&mut ledger, &[], false).map(|c| format!("{c:?}")));
        tell(ledger.statement("p", "2026", "H1").map(|s| format!("{s:?}")));
        kept.push(said);
    }
    assert_eq!(kept[0], kept[1]);
    assert!(
        kept[0]
            .iter()
            .any(|said| said.contains("stands in the ledger already")),
        "{:?}",
        kept[0]
    );
    // again, by whoever opens it next
    let again = Ledger::open(Path::new(&url)).unwrap();
    // January, February, and the clearing period that the lock closed
    assert_eq!(again.closed_months("p", "2026").unwrap().len(), 3);
}

#[test]
fn the_server_itself_refuses_what_would_rewrite_a_month() {
    let Some(server) = Server::start() else { return };
    let url = server.database("kept");
    let mut ledger = Ledger::open(Path::new(&url)).unwrap();
    post(
        &mut ledger,
        &pack(SAMPLE, &[]),
        "2026-01",
        vec![case_of("C1", "H1", 1)],
        "a",
    )
    .unwrap();
    for sql in [
        "UPDATE dianzhi_ledger.entry SET booked = 0",
        "DELETE FROM dianzhi_ledger.entry",
        "TRUNCATE dianzhi_ledger.entry CASCADE",
        "UPDATE dianzhi_ledger.closed_month SET hash = 'x'",
        "DELETE FROM dianzhi_ledger.hospital_month",
    ] {
        assert!(server.sql("kept", sql).unwrap_err().contains("never"), "{sql}");
    }
    server
        .sql("kept", "ALTER TABLE dianzhi_ledger.entry DISABLE TRIGGER ALL")
        .unwrap();
    server
        .sql("kept", "UPDATE dianzhi_ledger.entry SET booked = 7")
        .unwrap();
    let error = ledger.year_cases("p", "2026").unwrap_err().to_string();
    assert!(error.contains("it was changed from outside"), "{error}");
    server
        .sql("kept", "UPDATE dianzhi_ledger.ledger_version SET version = 99")
        .unwrap();
    let error = Ledger::open(Path::new(&url)).err().unwrap().to_string();
    assert!(error.contains("this ledger is of version 99"), "{error}");
}

#[test]
fn two_processes_cannot_both_close_a_month() {
    let Some(server) = Server::start() else { return };
    one_of_two_processes_closes(&server.database("two"));
}

#[test]
fn a_killed_settler_leaves_the_server_before_or_after() {
    let Some(server) = Server::start() else { return };
    killed_settlers_leave_whole_months(&|part| server.database(&format!("killed{part}")), 6);
}

#[test]
fn a_server_that_is_not_there_is_told_without_the_password() {
    let url = "postgres://settler:secret@127.0.0.1:1/none";
    let error = Ledger::open(Path::new(url)).err().unwrap().to_string();
    assert!(
        error.contains("postgres://settler@127.0.0.1:1/none") && !error.contains("secret"),
        "{error}"
    );
}
