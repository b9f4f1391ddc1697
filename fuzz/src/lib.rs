//! What every parser of outside bytes must keep, whatever it is given: it does not panic, it
//! answers with documented codes only, what it makes is not much larger than what it was given, and
//! where there is a way back, it leads back.
//!
//! Each target is a function of bytes. libFuzzer drives them (`make fuzz`); the tests of the
//! repository include these files, and run every target over `corpus/` and over changed copies of
//! it, with the usual compiler.
//!
//! * [`calls`]: what the marketplace sends, signed so that the bytes get past the signature.
//! * [`answers`]: what open APIs and authentication centres answer, and what browsers bring.
//! * [`texts`]: what stands in the fields of both, and what the merchant's application tells.
//! * [`stored`]: what is read back from the disk.
//! * [`marketplace`] has the keys that targets share.

mod answers;
mod calls;
mod marketplace;
mod stored;
mod texts;

/// One target: its name, and what it does with some bytes; it says whether they were understood, so
/// that a corpus which nobody understands any more is noticed.
pub type Target = (&'static str, fn(&[u8]) -> bool);

/// Every target.
pub fn targets() -> impl Iterator<Item = Target> {
    [
        calls::TARGETS,
        answers::TARGETS,
        texts::TARGETS,
        stored::TARGETS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// Runs the target of a name.
pub fn run(name: &str, bytes: &[u8]) -> bool {
    let (_, target) = targets()
        .find(|(known, _)| *known == name)
        .expect("every binary is named after a target");
    target(bytes)
}
