//! The fuzz targets without a fuzzer: every file of `fuzz/corpus` through its target, and whether
//! targets, files and folders are the same ones. What a fuzzer finds becomes a file there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[expect(
    unreachable_pub,
    reason = "a library in its own workspace, and a module here"
)]
#[path = "../../../fuzz/src/lib.rs"]
mod targets;

fn folder(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    root.join("fuzz").join(name)
}

/// The files or folders inside a folder of `fuzz`, without what ends their names.
fn inside(name: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(folder(name)).unwrap();
    let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    entries.map(|entry| stem(entry.unwrap().path())).collect()
}

#[test]
fn every_file_of_the_corpus_keeps_what_its_target_must_keep() {
    for name in inside("corpus") {
        let mut understood = 0;
        for entry in fs::read_dir(folder("corpus").join(&name)).unwrap() {
            let path = entry.unwrap().path();
            // Captured, and shown with a failure.
            println!("{}", path.display());
            understood += u32::from(targets::run(&name, &fs::read(path).unwrap()));
        }
        assert!(
            understood > 0,
            "{name}: give it something right to begin with"
        );
    }
}

#[test]
fn every_target_has_a_binary_and_a_corpus() {
    let named: BTreeSet<_> = targets::targets()
        .map(|(name, _)| name.to_owned())
        .collect();
    assert_eq!(inside("corpus"), named, "give each target a folder");
    assert_eq!(inside("fuzz_targets"), named, "give each target a binary");
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    for name in named {
        let path = format!("path = \"fuzz_targets/{name}.rs\"");
        assert!(manifest.contains(&path), "name {name} in fuzz/Cargo.toml");
    }
}
