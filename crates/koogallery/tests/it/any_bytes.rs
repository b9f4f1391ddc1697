//! Whatever is sent: arbitrary bytes, and changed copies of what is right, through the targets that
//! a fuzzer drives too. What each of them must keep stands beside it, in `fuzz/src`.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use proptest::prelude::*;

#[path = "../../../../fuzz/src/answers.rs"]
mod answers;
#[path = "../../../../fuzz/src/calls.rs"]
mod calls;
#[path = "../../../../fuzz/src/marketplace.rs"]
mod marketplace;
#[path = "../../../../fuzz/src/texts.rs"]
mod texts;

/// One target: its name, and what it does with some bytes; it says whether they were understood.
type Target = (&'static str, fn(&[u8]) -> bool);

fn target() -> impl Strategy<Value = Target> {
    let targets = [calls::TARGETS, answers::TARGETS, texts::TARGETS].concat();
    prop::sample::select(targets)
}

/// What is in the corpus of a target.
fn seeds(name: &str) -> &'static [Vec<u8>] {
    type Corpus = Vec<(String, Vec<Vec<u8>>)>;
    static CORPUS: OnceLock<Corpus> = OnceLock::new();
    let corpus = CORPUS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
        let read = |path: &Path| {
            let mut paths: Vec<_> = fs::read_dir(path)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .collect();
            paths.sort();
            paths.into_iter().map(|path| fs::read(path).unwrap())
        };
        let targets = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        targets
            .map(|entry| {
                let name = entry.file_name().into_string().unwrap();
                (name, read(&entry.path()).collect())
            })
            .collect()
    });
    let found = corpus.iter().find(|(known, _)| known == name);
    &found.unwrap().1
}

/// One change of some bytes: what is taken out at a place, and what is put there.
type Edit = (prop::sample::Index, usize, Vec<u8>);

/// What breaks readers: signs of their grammars, control characters, torn UTF-8, long numbers.
fn edit() -> impl Strategy<Value = Edit> {
    let signs = prop::sample::select(vec![
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "&",
        "=",
        "%",
        "+",
        "\u{0}",
        "\u{1f}",
        "\u{7f}",
        "\u{2028}",
        "\u{fffd}",
        "\\ud800",
        "1e999",
        "-0",
        "99999999999999999999",
        "null",
        "企",
    ]);
    let new = prop_oneof![
        4 => signs.prop_map(|sign| sign.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
        1 => Just(b"[".repeat(200)),
    ];
    (any::<prop::sample::Index>(), 0..6_usize, new)
}

fn changed(seed: &[u8], edits: Vec<Edit>) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for (place, taken, new) in edits {
        let start = place.index(bytes.len().saturating_add(1));
        let end = start.saturating_add(taken).min(bytes.len());
        bytes.splice(start..end, new);
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_bytes_break_a_reader((_, target) in target(), bytes in any::<Vec<u8>>()) {
        target(&bytes);
    }

    #[test]
    fn no_change_of_what_is_right_breaks_a_reader(
        (name, target) in target(),
        seed in any::<prop::sample::Index>(),
        edits in prop::collection::vec(edit(), 0..5),
    ) {
        let seed: &Vec<u8> = seed.get(seeds(name));
        target(&changed(seed, edits));
    }

    #[test]
    fn two_halves_of_what_is_right_break_no_reader(
        (name, target) in target(),
        (one, other) in any::<(prop::sample::Index, prop::sample::Index)>(),
        (end, start) in any::<(prop::sample::Index, prop::sample::Index)>(),
    ) {
        let (one, other) = (one.get(seeds(name)), other.get(seeds(name)));
        let head = one.get(..end.index(one.len().saturating_add(1)));
        let tail = other.get(start.index(other.len().saturating_add(1))..);
        target(&[head.unwrap_or_default(), tail.unwrap_or_default()].concat());
    }
}
