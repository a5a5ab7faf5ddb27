//! Names the sources by a digest, for results to say what made them, and packs `grouping-tables/` into one file that is compiled into the binary, so that an installed
//! binary works anywhere; each table is deflated by itself, so that only those asked for are
//! unpacked. Layout: see `tables::library`.
#![allow(clippy::print_stdout, reason = "a build script speaks to cargo so")]

use std::io::Write;
use std::path::{Path, PathBuf};

fn main() -> std::io::Result<()> {
    let tables = Path::new("grouping-tables");
    println!("cargo::rerun-if-changed=grouping-tables");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=Cargo.toml");
    println!("cargo::rerun-if-changed=Cargo.lock");
    println!("cargo::rerun-if-env-changed=DIANZHI_COMMIT");
    println!("cargo::rustc-env=DIANZHI_SOURCE={}", digest_of_sources()?);
    let mut files = Vec::new();
    collect(tables, &mut files)?;
    files.sort();

    let out = std::env::var_os("OUT_DIR").ok_or_else(|| std::io::Error::other("OUT_DIR is not set"))?;
    let mut out = std::fs::File::create(Path::new(&out).join("grouping-tables.bin"))?;
    for file in files {
        let name = file
            .strip_prefix(tables)
            .unwrap_or(&file)
            .to_string_lossy()
            .replace('\\', "/");
        write_block(&mut out, name.as_bytes())?;
        write_block(&mut out, &deflated(&std::fs::read(&file)?)?)?;
    }
    Ok(())
}

/// A digest of every source file and of the manifest: which program this is, of a build that knows no
/// commit too. It tells versions apart, and guards against nothing.
fn digest_of_sources() -> std::io::Result<String> {
    let mut files = vec![PathBuf::from("Cargo.toml"), PathBuf::from("Cargo.lock")];
    every_file(Path::new("src"), &mut files)?;
    files.sort();
    let mut digest = Fnv(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
    for file in files {
        digest.add(file.to_string_lossy().replace('\\', "/").as_bytes());
        digest.add(&std::fs::read(&file)?);
    }
    Ok(format!("{:032x}", digest.0))
}

/// FNV-1a of 128 bits.
struct Fnv(u128);

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }
}

fn every_file(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            every_file(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "csv" || e == "toml") {
            files.push(path);
        }
    }
    Ok(())
}

fn deflated(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes)?;
    packer.finish()
}

fn write_block(out: &mut impl Write, bytes: &[u8]) -> std::io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(std::io::Error::other)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(bytes)
}
