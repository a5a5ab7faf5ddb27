//! Packs `grouping-tables/` into one file that is compiled into the binary, so that an installed
//! binary works anywhere; each table is deflated by itself, so that only those asked for are
//! unpacked. Layout: see `tables::library`.
#![allow(clippy::print_stdout, reason = "a build script speaks to cargo so")]

use std::io::Write;
use std::path::{Path, PathBuf};

fn main() -> std::io::Result<()> {
    let tables = Path::new("grouping-tables");
    println!("cargo::rerun-if-changed=grouping-tables");
    println!("cargo::rerun-if-changed=src/build/pack_tables.rs");
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
