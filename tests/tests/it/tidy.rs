//! Rules about the repository that no lint can check. Each says how to mend what it finds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The most lines of a source file.
const LINES_MAX: usize = 500;

/// The most lines of a file of tests, where tables stand.
const TEST_LINES_MAX: usize = 600;

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    root.to_owned()
}

/// A file of the repository, by its path from the root.
struct File {
    path: String,
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        self.has_extension("rs")
    }

    fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|it| it == extension)
    }

    fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.contains("/tests/")
    }

    /// Lines that hold a text, as places that an editor can jump to.
    fn lines_with(&self, needle: &str) -> Vec<String> {
        let lines = self.text.lines().enumerate();
        lines
            .filter(|(_, line)| line.contains(needle))
            .map(|(index, line)| format!("{}:{}: {}", self.path, index + 1, line.trim()))
            .collect()
    }
}

/// Every text file, except what is built and what git keeps for itself.
fn files() -> Vec<File> {
    let root = root();
    let (mut files, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path
                .strip_prefix(&root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            if path.is_dir() {
                if !["target", "data", ".git"].contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                files.push(File { path: name, text });
            }
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

#[track_caller]
fn assert_none(found: Vec<String>, remedy: &str) {
    assert!(found.is_empty(), "{remedy}:\n  {}", found.join("\n  "));
}

/// Finds a text in the files that a rule is about.
fn found(needle: &str, is_ruled: impl Fn(&File) -> bool) -> Vec<String> {
    let files = files().into_iter().filter(is_ruled);
    files.flat_map(|file| file.lines_with(needle)).collect()
}

/// The needles of this file would find themselves if they were written in one piece.
fn needle<const N: usize>(pieces: [&str; N]) -> String {
    pieces.concat()
}

/// What every package names: its dependencies, and those of its tests apart from them.
fn dependencies() -> BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> {
    let output = Command::new("cargo")
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let named = |of_tests: bool| {
                let all = package["dependencies"].as_array().unwrap().iter();
                all.filter(|it| (it["kind"] == "dev") == of_tests)
                    .map(|it| it["name"].as_str().unwrap().to_owned())
                    .collect()
            };
            let name = package["name"].as_str().unwrap().to_owned();
            (name, (named(false), named(true)))
        })
        .collect()
}

#[test]
fn dependencies_point_the_way_that_the_architecture_says() {
    let expected = [
        (
            "tenure",
            "api domain ingress journal koogallery login outbound projector sandbox",
        ),
        ("tenure-api", "domain journal koogallery outbound projector"),
        ("tenure-domain", ""),
        ("tenure-ingress", "domain journal koogallery"),
        ("tenure-journal", "domain"),
        ("tenure-koogallery", "domain"),
        ("tenure-login", "api domain journal koogallery"),
        ("tenure-outbound", "domain journal koogallery"),
        ("tenure-projector", "domain journal"),
        ("tenure-sandbox", ""),
        ("tenure-testkit", "domain"),
        ("tenure-tests", ""),
    ];
    let ours: Vec<_> = dependencies()
        .into_iter()
        .map(|(package, (named, _))| {
            let ours = named.iter().filter_map(|it| it.strip_prefix("tenure-"));
            (package, ours.collect::<Vec<_>>().join(" "))
        })
        .collect();
    assert_eq!(
        ours,
        expected.map(|(package, named)| (package.to_owned(), named.to_owned())),
        "move the code to where its dependencies are, or change the architecture and this list"
    );
}

#[test]
fn libraries_stop_where_the_architecture_says() {
    let allowed = [
        (
            "actix-web",
            &[
                "tenure",
                "tenure-api",
                "tenure-ingress",
                "tenure-login",
                "tenure-sandbox",
            ][..],
        ),
        ("clap", &["tenure"]),
        ("config", &["tenure"]),
        ("anyhow", &["tenure"]),
        (
            "reqwest",
            &[
                "tenure",
                "tenure-login",
                "tenure-outbound",
                "tenure-sandbox",
            ],
        ),
        (
            "rusqlite",
            &["tenure-journal", "tenure-login", "tenure-projector"],
        ),
        ("proptest", &["tenure-testkit"]),
    ];
    let packages = dependencies();
    let domain: Vec<_> = packages["tenure-domain"].0.iter().collect();
    assert_eq!(
        domain,
        ["smol_str", "thiserror"],
        "the domain is plain functions over plain data"
    );
    let mut wrong = Vec::new();
    for (package, (named, of_tests)) in &packages {
        for (library, allowed) in allowed {
            if named.contains(library) && !allowed.contains(&package.as_str()) {
                wrong.push(format!("{package} names {library}"));
            }
        }
        let may_test_sql = ["tenure-journal", "tenure-projector", "tenure-tests"];
        if of_tests.contains("rusqlite") && !may_test_sql.contains(&package.as_str()) {
            wrong.push(format!("the tests of {package} name rusqlite"));
        }
    }
    assert_none(wrong, "use what the crate that may name it offers");
}

#[test]
fn no_source_file_is_too_long() {
    let files = files();
    let lines_max = |file: &File| {
        if file.is_test() {
            TEST_LINES_MAX
        } else {
            LINES_MAX
        }
    };
    let long = files.iter().filter(|file| file.is_rust());
    let long = long
        .map(|file| (file, file.text.lines().count()))
        .filter(|(file, lines)| *lines > lines_max(file))
        .map(|(file, lines)| format!("{}: {lines} lines", file.path));
    assert_none(long.collect(), "split it by what it is about");
}

#[test]
fn modules_stand_beside_their_folder() {
    let files = files();
    let wrong = files.iter().filter(|it| it.path.ends_with("/mod.rs"));
    let wrong = wrong.map(|it| it.path.clone()).collect();
    assert_none(wrong, "name it after the folder and put it beside it");
}

#[test]
fn errors_are_lower_case_fragments_without_their_source() {
    let attribute = needle(["#[err", "or("]);
    let mut wrong = Vec::new();
    // The sandbox's open APIs repeat the marketplace's own texts.
    let is_ruled =
        |file: &File| file.is_rust() && file.path != "crates/sandbox/src/open_api/error.rs";
    for file in files().into_iter().filter(is_ruled) {
        for (index, after) in file.text.split(&attribute).enumerate().skip(1) {
            let (message, item) = after.split_once(")]").unwrap_or((after, ""));
            let message = message.trim_start().trim_start_matches('"');
            let mut letters = message.chars();
            let capital = letters.next().is_some_and(char::is_uppercase)
                && letters.next().is_some_and(char::is_lowercase);
            // An acronym may begin it.
            if capital {
                wrong.push(format!(
                    "{}: error {index}: {message:?} is a sentence",
                    file.path
                ));
            }
            if source_of(item).is_some_and(|name| message.contains(&format!("{{{name}"))) {
                wrong.push(format!(
                    "{}: error {index}: {message:?} repeats its source",
                    file.path
                ));
            }
        }
    }
    let remedy = "write a lower-case fragment, and leave the source to whoever logs the chain";
    assert_none(wrong, remedy);
}

/// The field of a variant that holds its source: by name, or as the first of a tuple.
fn source_of(item: &str) -> Option<&str> {
    let attribute = ["#[source]", "#[from]"]
        .into_iter()
        .find(|it| item.contains(it))?;
    let (_, field) = item.split_once(attribute)?;
    match field.split_once(':') {
        Some((name, _))
            if name
                .trim()
                .chars()
                .all(|it| it.is_alphanumeric() || it == '_') =>
        {
            Some(name.trim())
        },
        _ => Some("0"),
    }
}

#[test]
fn only_the_one_write_path_appends() {
    let append = needle([".app", "end("]);
    let logs = ["crates/journal/src/sqlite", "crates/journal/src/memory"];
    let wrong = found(&append, |file| {
        file.path.contains("/src/")
            && file.path != "crates/journal/src/transact.rs"
            // The sandbox has no journal: it depends on nothing of ours.
            && !file.path.starts_with("crates/sandbox/")
            && !logs.iter().any(|log| file.path.starts_with(log))
    });
    assert_none(wrong, "append through journal::transact, behind the queue");
}

#[test]
fn tests_wait_for_what_they_wait_for() {
    for pieces in [["thread::", "sleep"], ["time::", "sleep"]] {
        let wrong = found(&needle(pieces), |file| file.is_rust() && file.is_test());
        assert_none(wrong, "wait for the event itself, or move a manual clock");
    }
    let ignored = needle(["#[ig", "nore"]);
    assert_none(
        found(&ignored, File::is_rust),
        "mend the test, or remove it",
    );
}

#[test]
fn outside_text_is_parsed_into_a_type() {
    let needle = needle(["fn vali", "date"]);
    assert_none(
        found(&needle, File::is_rust),
        "parse into a type that can hold nothing else",
    );
}

#[test]
fn nothing_is_left_to_be_done() {
    for pieces in [["TO", "DO"], ["FIX", "ME"], [" XX", "X"]] {
        assert_none(found(&needle(pieces), |_| true), "do it, or open an issue");
    }
}

#[test]
fn no_path_of_one_machine_is_written_down() {
    for pieces in [["/wo", "rk/"], ["/ro", "ot/"]] {
        let wrong = found(&needle(pieces), |file| file.path != "Cargo.lock");
        assert_none(wrong, "name files from the root of the repository");
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut wrong = Vec::new();
    for file in files().iter().filter(|it| it.has_extension("md")) {
        let folder = root().join(&file.path).parent().unwrap().to_owned();
        for after in file.text.split("](").skip(1) {
            let target = after.split([')', '#', ' ']).next().unwrap();
            if !target.is_empty() && !target.contains(':') && !folder.join(target).exists() {
                wrong.push(format!("{}: {target}", file.path));
            }
        }
    }
    assert_none(wrong, "write the document, or take the link out");
}

#[test]
fn every_decision_says_what_was_rejected() {
    let headings = [
        "## Context",
        "## Decision",
        "## Consequences",
        "## Rejected ways",
    ];
    let mut wrong = Vec::new();
    for file in files() {
        let name = file.path.strip_prefix("docs/adr/").unwrap_or_default();
        if name.starts_with(|first: char| first.is_ascii_digit()) {
            for heading in headings {
                if !file.text.lines().any(|line| line.trim_end() == heading) {
                    wrong.push(format!("{}: no {heading:?}", file.path));
                }
            }
        }
    }
    assert_none(wrong, "give the decision all four parts");
}

/// Every interface and every rule of the protocol names its code, its tests and its certainty.
#[test]
fn no_row_of_the_protocol_is_without_a_test() {
    let files = files();
    let exists = |name: &str| {
        let end = format!("/{name}");
        files.iter().any(|file| file.path.ends_with(&end))
    };
    let protocol = files.iter().find(|file| file.path == "docs/PROTOCOL.md");
    let protocol = &protocol.expect("the protocol is documented").text;
    let mut tests_at = None;
    let (mut rows, mut wrong) = (0, Vec::new());
    for (index, line) in protocol.lines().enumerate() {
        let cells: Vec<_> = line.split(" | ").collect();
        if !line.starts_with("| ") {
            tests_at = None;
        } else if line.ends_with("| certainty |") {
            tests_at = cells.iter().position(|cell| *cell == "tests");
            if tests_at.is_none() {
                wrong.push(format!("line {}: no column of tests", index + 1));
            }
        } else if let Some(tests_at) = tests_at
            && !line.starts_with("| ---")
        {
            rows += 1;
            let named: Vec<_> = cells.get(tests_at).map_or_else(Vec::new, |cell| {
                let words = cell.split('`').skip(1).step_by(2);
                words.filter(|word| word.contains(".rs")).collect()
            });
            let missing = named.iter().flat_map(|name| alternatives(name));
            let missing: Vec<_> = missing.filter(|name| !exists(name)).collect();
            if named.is_empty() || !missing.is_empty() {
                wrong.push(format!("line {}: no such test: {missing:?}", index + 1));
            }
        }
    }
    assert!(rows > 80, "{rows} rows: the tables are not recognized");
    assert_none(wrong, "name a file of tests in docs/PROTOCOL.md");
}

/// The names that a name with alternatives in braces stands for.
fn alternatives(name: &str) -> Vec<String> {
    match name.split_once(['{', '}']) {
        Some((begin, rest)) => {
            let (words, end) = rest.split_once('}').unwrap_or((rest, ""));
            let words = words.split(',');
            words.map(|word| format!("{begin}{word}{end}")).collect()
        },
        None => vec![name.to_owned()],
    }
}
