//! `tenure restore FROM`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};
use clap::Args;
use serde_json::json;
use tempfile::TempDir;
use tenure_journal::sqlite::{Copied, CopyError, WriterLock, copy, into_one_file};
use tenure_journal::vault::Vault;
use tenure_journal::{
    AsOf, Clock, OpenError, Position, ReadLog, SqliteLog, SqliteReader, SystemClock, as_of,
};
use tenure_projector::{RebuildError, Rebuilt};

use crate::commands::backup::{JOURNAL, Manifest, VAULT};
use crate::commands::journal::read_all;
use crate::config::Config;
use crate::failure::{Classify, Failure};
use crate::output::{Output, Progress};
use crate::service::open_scanner;
use crate::{files, when};

/// The read models, beside what they were folded from.
const READ_MODEL: &str = "read.db";

/// What SQLite may have beside the files.
const JOURNAL_PARTS: &[&str] = &["-wal", "-shm", "-journal"];
const VAULT_PARTS: &[&str] = &["-journal"];

/// Put a backup in the place of journal and vault. Before that it has to prove itself: every record
/// and receipt is read, the read models are folded anew from it, and the vault is opened with the
/// master key. Until then nothing is changed. The journal and the vault that were there are kept
/// beside it; read models are replaced, and sessions of logins end.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The folder that `tenure backup` wrote
    from: PathBuf,
    /// Only what the journal knew then: an instant, a day, or a position
    #[arg(long, value_name = "TIME|POSITION", value_parser = when::as_of)]
    as_of: Option<AsOf>,
    /// Move a journal that is there aside
    #[arg(long, conflicts_with = "drill")]
    replace: bool,
    /// Prove the backup, and change nothing: for a timer
    #[arg(long)]
    drill: bool,
}

/// A backup that has proved itself, in a folder of its own.
struct Proved {
    folder: TempDir,
    copied: Copied,
    rebuilt: Rebuilt,
    has_vault: bool,
}

impl Restore {
    /// Runs it.
    pub(crate) fn run(self, config: &Config, output: Output) -> Result<(), Failure> {
        let journal = config.journal_path().usage()?;
        let manifest = Manifest::read(&self.from).wrong()?;
        tenure_projector::refuse_foreign(&config.projector.path).usage()?;
        if self.drill {
            let folder = tempfile::Builder::new().prefix("tenure-drill-").tempdir();
            let proved = self.prove(config, &manifest, folder.unavailable()?)?;
            self.tell(&proved, &[], output);
            return Ok(());
        }
        let _lock = WriterLock::hold(&journal).map_err(locked).unavailable()?;
        if journal.try_exists().unavailable()? && !self.replace {
            return Err(anyhow!(
                "there is a journal at {}: --replace moves it aside",
                journal.display()
            ))
            .usage();
        }
        let folder = staging(&journal).unavailable()?;
        let proved = self.prove(config, &manifest, folder)?;
        let aside = put_in_place(&proved, config).unavailable()?;
        self.tell(&proved, &aside, output);
        Ok(())
    }

    /// Copies what is to be restored into a folder, and looks at every part of it.
    fn prove(
        &self,
        config: &Config,
        manifest: &Manifest,
        folder: TempDir,
    ) -> Result<Proved, Failure> {
        let from = self.readable(&folder)?;
        let journal = folder.path().join(JOURNAL);
        let up_to = self.up_to(&from, manifest)?;
        let mut progress = Progress::of("copying");
        let tell = |position, head| progress.tell(position, head);
        let copied = copy(&from, &journal, Some(up_to), tell);
        progress.end();
        let copied = copied.map_err(|error| self.failure(error))?;
        let record_id = copied.record_id.map(|id| id.to_string());
        if up_to.number() == manifest.position && record_id != manifest.record_id {
            return Err(self.damaged("its journal ends in another record than backup.json says"));
        }
        self.verify(&journal)?;
        if manifest.has_vault {
            self.prove_vault(config, folder.path())?;
        }
        let mut log = open_scanner(&journal).unavailable()?;
        let mut progress = Progress::of("rebuilding");
        let tell = |position, head| progress.tell(position, head);
        let rebuilt = tenure_projector::rebuild(&folder.path().join(READ_MODEL), &mut log, tell);
        progress.end();
        let rebuilt = rebuilt.map_err(|error| match error {
            RebuildError::Read(_) => self.damaged(&format!("{:#}", anyhow::Error::from(error))),
            RebuildError::Busy | RebuildError::Store(_) => Failure::Unavailable(error.into()),
        });
        Ok(Proved {
            rebuilt: rebuilt?,
            folder,
            copied,
            has_vault: manifest.has_vault,
        })
    }

    /// The journal of the backup; where an older version wrote it, a copy that was brought up to
    /// date.
    fn readable(&self, folder: &TempDir) -> Result<PathBuf, Failure> {
        let path = self.from.join(JOURNAL);
        match SqliteReader::open(&path) {
            Ok(_) => Ok(path),
            Err(OpenError::Older { .. }) => {
                let raw = folder.path().join("older.db");
                std::fs::copy(&path, &raw).unavailable()?;
                drop(SqliteLog::open(&raw).unavailable()?);
                Ok(raw)
            },
            Err(error) => Err(self.failure(error.into())),
        }
    }

    /// Opens the copy of the vault, and looks for the keys of what is sealed in the journal.
    fn prove_vault(&self, config: &Config, folder: &Path) -> Result<(), Failure> {
        let path = folder.join(VAULT);
        let from = self.from.join(VAULT);
        if !from.try_exists().unavailable()? {
            return Err(self.damaged("its vault.db is missing"));
        }
        Vault::copy(&from, &path).unavailable()?;
        let vault = config.open_vault_at(&path, Arc::new(SystemClock)).wrong()?;
        let mut log = SqliteReader::open(&folder.join(JOURNAL)).unavailable()?;
        for key in log.sealing_keys().unavailable()? {
            if !vault.knows(key).unavailable()? {
                return Err(self.damaged("its vault lacks keys of what is sealed in its journal"));
            }
        }
        Ok(())
    }

    /// The position up to which is restored. What lies beyond that of the manifest was being copied
    /// when a backup was interrupted, and the vault may not know its keys.
    fn up_to(&self, from: &Path, manifest: &Manifest) -> Result<Position, Failure> {
        let whole = Position::new(manifest.position);
        let Some(as_of) = self.as_of else {
            return Ok(whole);
        };
        let mut log = SqliteReader::open(from).unavailable()?;
        let asked = as_of::resolve(&mut log, as_of).unavailable()?;
        let is_ahead = match as_of {
            AsOf::Position(position) => position > whole,
            AsOf::RecordedAt(instant) => {
                let last = log.recorded_at(whole).unavailable()?;
                last.is_some_and(|last| instant > last)
            },
            AsOf::Head => false,
        };
        if is_ahead || asked > whole {
            let what =
                anyhow!("--as-of lies beyond the end of the backup, which is position {whole}");
            return Err(what).usage();
        }
        if asked == Position::START && whole > asked {
            return Err(anyhow!(
                "--as-of lies before the first record: nothing was known"
            ))
            .usage();
        }
        Ok(asked)
    }

    fn verify(&self, journal: &Path) -> Result<(), Failure> {
        let findings = read_all(journal)?;
        for line in &findings.wrong {
            Output::complain(line);
        }
        if findings.are_clean() {
            return Ok(());
        }
        Err(self.damaged(&format!("{} things are wrong", findings.wrong_count)))
    }

    fn damaged(&self, why: &str) -> Failure {
        Failure::Wrong(anyhow!(
            "the backup {} is damaged: {why}; nothing was changed, and another backup is needed",
            self.from.display()
        ))
    }

    fn failure(&self, error: CopyError) -> Failure {
        if matches!(error, CopyError::Amid { .. }) {
            return Failure::Usage(error.into());
        }
        if error.is_damage() {
            return self.damaged(&format!("{:#}", anyhow::Error::from(error)));
        }
        let error = anyhow::Error::from(error);
        Failure::Unavailable(error.context("the backup cannot be proved; nothing was changed"))
    }

    fn tell(&self, proved: &Proved, aside: &[PathBuf], output: Output) {
        let (copied, rebuilt) = (&proved.copied, &proved.rebuilt);
        if output.is_json() {
            output.json(&json!({
                "position": copied.position.number(),
                "records": copied.records,
                "receipts": copied.receipts,
                "licenses": rebuilt.licenses,
                "order_lines": rebuilt.orders,
                "restored": !self.drill,
                "aside": aside.iter().map(|it| it.display().to_string()).collect::<Vec<_>>(),
            }));
            return;
        }
        output.line(format_args!(
            "{} records and {} receipts, up to position {}: 0 things are wrong. The read models hold {} \
             licenses and {} order lines.",
            copied.records, copied.receipts, copied.position, rebuilt.licenses, rebuilt.orders
        ));
        if self.drill {
            output.line("The backup can be restored. Nothing was changed.");
            return;
        }
        for path in aside {
            output.line(format_args!("What was there is now {}", path.display()));
        }
        output.line("Restored. Start the service.");
    }
}

/// A folder on the file system of the journal, so that what was proved is what is put in place. The
/// journal's lock is held: one that is there was left by a restore that was killed.
fn staging(journal: &Path) -> anyhow::Result<TempDir> {
    let path = files::beside(journal, ".restoring");
    if path.exists() {
        std::fs::remove_dir_all(&path)?;
    }
    let name = path.file_name().context("journal.url names no file")?;
    let folder = tempfile::Builder::new()
        .prefix(name)
        .rand_bytes(0)
        .tempdir_in(files::folder_of(journal))?;
    Ok(folder)
}

fn locked(error: OpenError) -> anyhow::Error {
    match error {
        OpenError::Locked { .. } => anyhow!("the service runs: stop it first"),
        OpenError::Schema { .. }
        | OpenError::Missing { .. }
        | OpenError::Older { .. }
        | OpenError::Unavailable { .. } => error.into(),
    }
}

/// Puts the files in place. What was there has a second name before anything is replaced, and at no
/// moment is there no journal where one was.
fn put_in_place(proved: &Proved, config: &Config) -> anyhow::Result<Vec<PathBuf>> {
    let (journal, vault) = (config.journal_path()?, config.vault_path()?);
    let (read_model, sessions) = (&config.projector.path, config.sessions_path()?);
    let staged = |name| proved.folder.path().join(name);
    // So that one file is all of it. If that cannot be done because it is damaged, its log is moved
    // aside with it.
    if let Err(error @ CopyError::Busy { .. }) = into_one_file(&journal) {
        return Err(error.into());
    }
    let suffix = format!(".before-restore-{}", when::compact(SystemClock.now()));
    let mut aside = Vec::new();
    let mut vault_before = None;
    if proved.has_vault {
        vault_before = files::keep(&vault, &suffix, VAULT_PARTS)?;
    }
    aside.extend(files::keep(&journal, &suffix, JOURNAL_PARTS)?);
    // A vault that was there has the keys of the backup too, and stays until the journal is put in
    // place; where there was none, the journal must not come before it.
    if proved.has_vault && vault_before.is_none() {
        files::put(&staged(VAULT), &vault)?;
    }
    for name in ["-wal", "-shm"] {
        files::remove(&files::beside(read_model, name))?;
    }
    files::put(&staged(READ_MODEL), read_model)?;
    // A session says how far the journal was that it rests on: everybody logs in again.
    for name in ["", "-journal"] {
        files::remove(&files::beside(&sessions, name))?;
    }
    files::put(&staged(JOURNAL), &journal)?;
    if vault_before.is_some() {
        files::put(&staged(VAULT), &vault)?;
    }
    aside.extend(vault_before);
    files::give_to_owner(&files::beside(&journal, ".lock"))?;
    Ok(aside)
}
