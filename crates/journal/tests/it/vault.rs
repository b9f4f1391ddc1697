//! Sealing and opening, destroying for good, and the file that the keys are in.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Barrier};

use proptest::collection::vec;
use proptest::prelude::*;
use rusqlite::{Connection, OptionalExtension};
use tempfile::TempDir;
use tenure_domain::{Digest, SealKey, Sealed, TenantId};
use tenure_journal::ManualClock;
use tenure_journal::vault::{
    DataKey, MasterKey, Opened, Owner, PLAIN_BYTES_MAX, Vault, VaultError,
};

use crate::samples::{merchant, second};

const CONTEXT: &str = "person/email";
const EMAIL: &[u8] = b"li.lei@example.com";

fn master(number: u32) -> MasterKey {
    MasterKey::parse(&format!("{number:064x}")).expect("it is a key")
}

fn tenant(number: u32) -> Owner {
    let id = TenantId::parse(&format!("t-{number:04}")).expect("it is an id");
    Owner::tenant(&merchant(), &id)
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(second(7)))
}

fn in_memory() -> Vault {
    Vault::in_memory(master(1), clock()).expect("the vault is made")
}

/// A folder with the vault of master key 1 in it.
fn in_file() -> (TempDir, PathBuf, Vault) {
    let folder = TempDir::new().expect("there is room for a temporary folder");
    let path = folder.path().join("vault.db");
    let vault = open(&path);
    (folder, path, vault)
}

fn open(path: &Path) -> Vault {
    Vault::open(path, master(1), clock()).expect("the vault is opened")
}

#[track_caller]
fn refused(path: &Path) -> VaultError {
    Vault::open(path, master(1), clock()).expect_err("it may not be opened")
}

fn key(vault: &Vault, number: u32) -> DataKey {
    vault.key(&tenant(number)).expect("there is a key")
}

fn sealed(vault: &Vault, number: u32) -> Sealed {
    key(vault, number)
        .seal(CONTEXT, EMAIL)
        .expect("it is sealed")
}

#[track_caller]
fn assert_reads(vault: &Vault, sealed: &Sealed, expected: &[u8]) {
    let opened = vault.open_sealed(CONTEXT, sealed).expect("it opens");
    assert!(
        matches!(&opened, Opened::Text(text) if **text == expected),
        "{opened:?}"
    );
}

#[track_caller]
fn assert_altered<T: std::fmt::Debug>(answer: Result<T, VaultError>, why: &str) {
    assert!(
        matches!(answer, Err(VaultError::Altered)),
        "{why}: {answer:?}"
    );
}

/// Every key as it stands in the file, by the name of its owner.
fn wrapped(path: &Path) -> Vec<(String, Vec<u8>)> {
    let connection = Connection::open(path).expect("the file is opened");
    let sql = "SELECT owner, wrapped FROM keys JOIN wrapped_keys USING (number) ORDER BY number";
    let mut statement = connection.prepare(sql).expect("there are such tables");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let rows = rows.expect("the keys are read");
    rows.collect::<Result<_, _>>().expect("the keys are read")
}

/// How often some bytes stand in the files of a folder.
fn occurrences(folder: &TempDir, bytes: &[u8]) -> usize {
    let files = std::fs::read_dir(folder.path()).expect("the folder is read");
    files
        .map(|file| std::fs::read(file.expect("a file").path()).expect("it is read"))
        .map(|file| file.windows(bytes.len()).filter(|it| *it == bytes).count())
        .sum()
}

proptest! {
    #[test]
    fn what_was_sealed_opens_in_its_context_and_in_no_other(
        text in vec(any::<u8>(), 0..200),
        (context, other) in ("[a-z/]{0,12}", "[a-z/]{0,12}"),
    ) {
        let vault = in_memory();
        let sealed = key(&vault, 1).seal(&context, &text).unwrap();
        let read = Opened::Text(text.into());
        prop_assert_eq!(&vault.open_sealed(&context, &sealed).unwrap(), &read);
        prop_assert_eq!(&vault.open_bytes(&context, sealed.key, &sealed.bytes).unwrap(), &read);
        if other != context {
            assert_altered(vault.open_sealed(&other, &sealed), "another context");
            assert_altered(vault.open_bytes(&other, sealed.key, &sealed.bytes), "another context");
        }
    }

    #[test]
    fn digests_are_the_same_for_the_same_text_in_the_same_context_only(
        one in ("[ab]{0,3}", "[ab]{0,3}"),
        other in ("[ab]{0,3}", "[ab]{0,3}"),
    ) {
        let vault = in_memory();
        let digest = |(context, text): &(String, String)| {
            key(&vault, 1).digest(context, text.as_bytes())
        };
        prop_assert_eq!(digest(&one) == digest(&other), one == other);
    }
}

#[test]
fn the_same_text_is_known_again_by_its_owner_alone() {
    let vault = in_memory();
    let (one, again) = (sealed(&vault, 1), sealed(&vault, 1));
    assert!(one.says_the_same(&again));
    assert_ne!(one.bytes, again.bytes, "the nonces differ");
    assert_eq!(one.digest, key(&vault, 1).digest(CONTEXT, EMAIL));
    assert_ne!(one.digest, sealed(&vault, 2).digest);
}

#[test]
fn every_change_of_what_was_sealed_is_seen() {
    let vault = in_memory();
    let whole = sealed(&vault, 1);
    for index in 0..whole.bytes.len() {
        for bit in 0..8 {
            let mut changed = whole.clone();
            changed.bytes[index] ^= 1 << bit;
            assert_altered(vault.open_sealed(CONTEXT, &changed), "a bit is flipped");
        }
        let bytes = &whole.bytes[..index];
        assert_altered(
            vault.open_bytes(CONTEXT, whole.key, bytes),
            "its end is missing",
        );
    }
    for index in 0..16 {
        let mut digest = whole.digest.bytes();
        digest[index] ^= 1;
        let changed = Sealed {
            digest: Digest::new(digest),
            ..whole.clone()
        };
        assert_altered(
            vault.open_sealed(CONTEXT, &changed),
            "the digest is another",
        );
    }
    let moved = Sealed {
        key: key(&vault, 2).id(),
        ..whole.clone()
    };
    assert_altered(
        vault.open_sealed(CONTEXT, &moved),
        "it is said to be another's",
    );
    assert_reads(&vault, &whole, EMAIL);
}

#[test]
fn the_longest_text_is_sealed_and_a_longer_one_is_not() {
    let vault = in_memory();
    let mut text = vec![7; PLAIN_BYTES_MAX];
    let sealed = key(&vault, 1).seal(CONTEXT, &text).unwrap();
    assert_reads(&vault, &sealed, &text);

    text.push(7);
    let error = key(&vault, 1).seal(CONTEXT, &text).unwrap_err();
    let shown = "a text of 4194305 bytes is too long to be sealed: at most 4194304 are";
    assert_eq!(error.to_string(), shown);
    let bytes = [&*sealed.bytes, &[7]].concat();
    assert_altered(
        vault.open_bytes(CONTEXT, sealed.key, &bytes),
        "no text is as long",
    );
}

#[test]
fn an_owner_keeps_its_key_when_the_vault_is_opened_again() {
    let (_folder, path, vault) = in_file();
    let (id, text) = (key(&vault, 1).id(), sealed(&vault, 1));
    assert_ne!(key(&vault, 2).id(), id);
    let clone = vault.clone();
    drop(vault);
    assert_eq!(key(&clone, 1).id(), id);
    drop(clone);
    let vault = open(&path);
    assert_eq!(key(&vault, 1).id(), id);
    assert_reads(&vault, &text, EMAIL);
}

#[test]
fn what_a_destroyed_key_sealed_is_erased_and_the_rest_is_not() {
    let (_folder, path, vault) = in_file();
    let (gone, kept) = (sealed(&vault, 1), sealed(&vault, 2));
    let elsewhere = open(&path);
    assert_reads(&elsewhere, &gone, EMAIL);
    assert_eq!(vault.destroy(&tenant(1)).unwrap(), 1);
    for vault in [&vault, &elsewhere, &open(&path)] {
        assert_eq!(vault.open_sealed(CONTEXT, &gone).unwrap(), Opened::Erased);
        let bytes = vault.open_bytes("other", gone.key, b"").unwrap();
        assert_eq!(bytes, Opened::Erased);
        assert_reads(vault, &kept, EMAIL);
    }
    assert_eq!(elsewhere.destroy(&tenant(1)).unwrap(), 0);
    assert_eq!(elsewhere.destroy(&tenant(3)).unwrap(), 0);

    let anew = sealed(&vault, 1);
    assert!(!anew.says_the_same(&gone), "it is under a new key");
    assert_reads(&elsewhere, &anew, EMAIL);
    assert_eq!(vault.destroy(&tenant(1)).unwrap(), 1);
    for erased in [&gone, &anew] {
        assert_eq!(vault.open_sealed(CONTEXT, erased).unwrap(), Opened::Erased);
    }
}

#[test]
fn when_a_key_was_destroyed_stays_known() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("vault.db");
    let clock = clock();
    let vault = Vault::open(&path, master(1), Arc::<ManualClock>::clone(&clock)).unwrap();
    let id = key(&vault, 1).id();
    clock.set(second(9));
    vault.destroy(&tenant(1)).unwrap();
    let row = Connection::open(&path).unwrap().query_row(
        "SELECT owner, created_at, destroyed_at FROM keys WHERE id = ?1",
        [id.number().to_be_bytes()],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    );
    let expected = ("acme/tenant/t-0001".to_owned(), 7_000_000, 9_000_000);
    assert_eq!(row.optional().unwrap(), Some(expected));
}

/// Enough keys for many pages, destroyed in no order: SQLite must not have left copies anywhere.
#[test]
fn nothing_of_a_destroyed_key_is_left_in_the_files() {
    const OWNERS: u32 = 120;
    let (folder, path, vault) = in_file();
    for number in 0..OWNERS {
        key(&vault, number * 7 % OWNERS);
    }
    let before = wrapped(&path);
    for (_, bytes) in &before {
        assert_eq!(occurrences(&folder, bytes), 1, "a key stands in one place");
    }
    let destroyed: BTreeSet<_> = (0..OWNERS / 3)
        .map(|number| tenant(number * 11 % OWNERS))
        .collect();
    for owner in &destroyed {
        assert_eq!(vault.destroy(owner).unwrap(), 1);
    }
    let destroyed: BTreeSet<_> = destroyed.iter().map(Owner::as_str).collect();
    for (owner, bytes) in &before {
        let places = usize::from(!destroyed.contains(owner.as_str()));
        assert_eq!(occurrences(&folder, bytes), places, "{owner}");
        assert_eq!(
            occurrences(&folder, &bytes[12..28]),
            places,
            "a part, {owner}"
        );
    }
}

#[test]
fn neither_a_text_nor_a_master_key_is_in_the_files() {
    let (folder, _path, vault) = in_file();
    let text = sealed(&vault, 1);
    assert_eq!(occurrences(&folder, EMAIL), 0);
    assert_eq!(occurrences(&folder, &text.digest.bytes()), 0);
    let hex = master(1).to_hex();
    assert_eq!(occurrences(&folder, hex.as_bytes()), 0);
    let mut bytes = [0; 32];
    bytes[31] = 1;
    assert_eq!(occurrences(&folder, &bytes), 0);
}

#[test]
fn another_master_key_opens_nothing_and_changes_nothing() {
    let (_folder, path, vault) = in_file();
    key(&vault, 1);
    drop(vault);
    let before = std::fs::read(&path).unwrap();
    let error = Vault::open(&path, master(2), clock()).unwrap_err();
    assert!(matches!(error, VaultError::WrongMaster { .. }), "{error:?}");
    let shown = error.to_string();
    assert!(
        shown.contains("vault.db are wrapped under another master key"),
        "{shown}"
    );
    assert!(
        shown.contains("start with the one that the vault was made with"),
        "{shown}"
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn wrapped_anew_the_vault_opens_with_the_new_master_key_only() {
    let (folder, path, vault) = in_file();
    let (erased, kept) = (sealed(&vault, 1), sealed(&vault, 2));
    vault.destroy(&tenant(1)).unwrap();
    let elsewhere = open(&path);
    let before = wrapped(&path);

    assert_eq!(vault.rewrap(master(2)).unwrap(), 1);
    assert_eq!(occurrences(&folder, &before[1].1), 0);
    let anew = Vault::open(&path, master(2), clock()).unwrap();
    for vault in [&vault, &anew] {
        assert_reads(vault, &kept, EMAIL);
        assert_eq!(vault.open_sealed(CONTEXT, &erased).unwrap(), Opened::Erased);
        assert_eq!(key(vault, 2).id(), kept.key);
    }
    let former = [
        refused(&path),
        elsewhere.open_sealed(CONTEXT, &kept).unwrap_err(),
        elsewhere.key(&tenant(2)).unwrap_err(),
        elsewhere.key(&tenant(3)).unwrap_err(),
        elsewhere.rewrap(master(3)).unwrap_err(),
    ];
    for error in former {
        assert!(matches!(error, VaultError::WrongMaster { .. }), "{error:?}");
    }
    assert_eq!(wrapped(&path).len(), 2, "no key was made under the former");
}

#[test]
fn an_empty_vault_is_locked_anew_too() {
    let (_folder, path, vault) = in_file();
    let elsewhere = open(&path);
    assert_eq!(vault.rewrap(master(2)).unwrap(), 0);
    let error = elsewhere.rewrap(master(3)).unwrap_err();
    assert!(matches!(error, VaultError::WrongMaster { .. }), "{error:?}");
    drop(Vault::open(&path, master(2), clock()).expect("the new one opens it"));
}

#[test]
fn more_keys_than_are_read_at_once_are_wrapped_anew() {
    let vault = in_memory();
    let texts: Vec<_> = (0..2_001).map(|number| sealed(&vault, number)).collect();
    assert_eq!(vault.rewrap(master(2)).unwrap(), 2_001);
    for text in texts {
        assert_reads(&vault, &text, EMAIL);
    }
}

/// As many as there are threads ask at once, through clones of one vault and through others on the
/// same file, the first of which makes it.
#[test]
fn whoever_asks_at_once_gets_the_same_key() {
    const OWNERS: u32 = 60;
    const VAULTS: usize = 3;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("vault.db");
    let start = Barrier::new(VAULTS * 2);
    // Who fails goes on: the others would wait for it.
    let ids = |vault: &Vault| -> Vec<_> {
        (0..OWNERS)
            .map(|number| {
                start.wait();
                vault.key(&tenant(number)).map(|key| key.id())
            })
            .collect()
    };
    let opening = Barrier::new(VAULTS);
    let seen = std::thread::scope(|scope| {
        let vaults: Vec<_> = (0..VAULTS)
            .map(|_| {
                scope.spawn(|| {
                    opening.wait();
                    open(&path)
                })
            })
            .collect();
        let asking: Vec<_> = vaults
            .into_iter()
            .map(|vault| vault.join().expect("it is opened"))
            .flat_map(|vault| [vault.clone(), vault])
            .map(|vault| scope.spawn(move || ids(&vault)))
            .collect();
        let asked = asking.into_iter();
        asked
            .flat_map(|it| it.join().expect("it has asked"))
            .collect::<Result<Vec<_>, _>>()
            .expect("there are keys")
    });
    let (first, others) = seen.split_at(OWNERS as usize);
    assert!(others.chunks(first.len()).all(|ids| ids == first));
    assert_eq!(wrapped(&path).len(), OWNERS as usize);
}

#[test]
fn only_its_owner_may_read_a_new_file_and_the_mode_of_another_is_kept() {
    let (folder, path, vault) = in_file();
    key(&vault, 1);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let journal = folder.path().join("vault.db-journal");
    assert_eq!((mode(&path), mode(&journal)), (0o600, 0o600));
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!((files, std::fs::metadata(&journal).unwrap().len()), (2, 0));

    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    drop(open(&path));
    assert_eq!(mode(&path), 0o640);
}

#[test]
fn no_debug_form_shows_what_is_secret() {
    let vault = in_memory();
    let (key, text) = (key(&vault, 1), sealed(&vault, 1));
    let opened = vault.open_sealed(CONTEXT, &text).unwrap();
    assert_eq!(format!("{vault:?}"), "Vault { .. }");
    assert_eq!(
        format!("{key:?}"),
        format!("DataKey {{ id: {:?}, .. }}", key.id())
    );
    assert_eq!(format!("{opened:?}"), "Text([redacted], 18 bytes)");
}

#[test]
fn files_that_are_no_vault_of_this_version_are_refused_and_kept() {
    let folder = TempDir::new().unwrap();
    let letter = folder.path().join("letter");
    std::fs::write(&letter, "This is a letter, and no database. ".repeat(100)).unwrap();
    let other = folder.path().join("other.db");
    let sql = "CREATE TABLE books (title TEXT)";
    Connection::open(&other).unwrap().execute(sql, []).unwrap();
    let newer = folder.path().join("newer.db");
    drop(open(&newer));
    let sql = "PRAGMA user_version = 99";
    Connection::open(&newer).unwrap().execute(sql, []).unwrap();

    for (path, expected) in [
        (&letter, "letter is no vault: name another file"),
        (&other, "other.db is no vault: name another file"),
        (
            &newer,
            "newer.db has schema 99 and this version of tenure knows schemas up to 1",
        ),
    ] {
        let before = std::fs::read(path).unwrap();
        let shown = refused(path).to_string();
        assert!(shown.contains(expected), "{shown}");
        assert_eq!(std::fs::read(path).unwrap(), before);
    }
    let error = refused(folder.path());
    assert!(matches!(error, VaultError::Unavailable { .. }), "{error:?}");
}

#[test]
fn a_key_of_another_vault_is_unknown() {
    let text = sealed(&in_memory(), 1);
    let vault = in_memory();
    let error = vault.open_sealed(CONTEXT, &text).unwrap_err();
    assert!(matches!(error, VaultError::UnknownKey { .. }), "{error:?}");
    let shown = vault
        .open_bytes(CONTEXT, SealKey::new(0xbeef), b"")
        .unwrap_err()
        .to_string();
    assert!(
        shown.contains("has no key 0000000000000000000000000000beef"),
        "{shown}"
    );
}

#[test]
fn a_key_that_was_put_in_the_place_of_another_is_seen() {
    let (_folder, path, vault) = in_file();
    let texts = [sealed(&vault, 1), sealed(&vault, 2)];
    let intruder = Connection::open(&path).unwrap();
    let sql =
        "UPDATE wrapped_keys SET wrapped = (SELECT wrapped FROM wrapped_keys WHERE number = 2)";
    assert_eq!(intruder.execute(sql, []).unwrap(), 2);
    let error = vault.open_sealed(CONTEXT, &texts[0]).unwrap_err();
    assert!(matches!(error, VaultError::Damaged { .. }), "{error:?}");
    assert_reads(&vault, &texts[1], EMAIL);
}

#[test]
fn no_key_is_removed_and_none_comes_back() {
    let (_folder, path, vault) = in_file();
    key(&vault, 1);
    vault.destroy(&tenant(1)).unwrap();
    let intruder = Connection::open(&path).unwrap();
    for (sql, why) in [
        ("DELETE FROM keys", "keys are never removed"),
        ("DELETE FROM wrapped_keys", "wrapped keys are never removed"),
        (
            "UPDATE keys SET destroyed_at = NULL",
            "what was destroyed stays so",
        ),
    ] {
        let error = intruder.execute(sql, []).unwrap_err();
        assert_eq!(error.to_string(), why, "{sql}");
    }
}

#[test]
fn no_query_reads_every_key() {
    let (_folder, path, _vault) = in_file();
    let connection = Connection::open(&path).unwrap();
    let queries = concat!(env!("CARGO_MANIFEST_DIR"), "/src/vault/queries");
    let mut steps = Vec::new();
    for query in std::fs::read_dir(queries).unwrap() {
        let sql = std::fs::read_to_string(query.unwrap().path()).unwrap();
        let mut plan = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let mut rows = plan.raw_query();
        while let Some(row) = rows.next().unwrap() {
            steps.push((sql.clone(), row.get::<_, String>(3).unwrap()));
        }
    }
    assert!(steps.len() > 5);
    for (sql, step) in steps {
        assert!(
            !step.starts_with("SCAN") && !step.contains("TEMP B-TREE"),
            "{sql}: {step}"
        );
    }
}

#[test]
fn a_copy_opens_with_the_same_key_and_holds_nothing_that_was_destroyed() {
    let (folder, path, vault) = in_file();
    let sealed = key(&vault, 1).seal(CONTEXT, EMAIL).expect("it is sealed");
    let gone = key(&vault, 2).seal(CONTEXT, EMAIL).expect("it is sealed");
    vault.destroy(&tenant(2)).expect("it is destroyed");
    let into = folder.path().join("copy.db");
    Vault::copy(&path, &into).expect("it is copied");
    let mode = std::fs::metadata(&into).expect("it is there").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let copy = open(&into);
    let opened = copy.open_sealed(CONTEXT, &sealed).expect("it is opened");
    assert!(matches!(opened, Opened::Text(text) if *text == *EMAIL));
    let erased = copy.open_sealed(CONTEXT, &gone).expect("it is opened");
    assert!(matches!(erased, Opened::Erased));
    assert!(Vault::copy(&path, &into).is_err(), "it exists already");
    let missing = folder.path().join("none.db");
    assert!(Vault::copy(&missing, &folder.path().join("new.db")).is_err());
}
