//! `tenure restore FROM`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;
use clap::Args;
use serde_json::json;
use tempfile::TempDir;
use tenure_journal::sqlite::{Copied, CopyError, WriterLock, copy, into_one_file};
use tenure_journal::vault::Vault;
use tenure_journal::{AsOf, Clock, OpenError, Position, SqliteReader, SystemClock, as_of, verify};
use tenure_projector::Rebuilt;

use crate::commands::backup::{JOURNAL, Manifest, VAULT};
use crate::config::Config;
use crate::failure::{Classify, Failure};
use crate::output::{Output, Progress};
use crate::service::open_scanner;
use crate::{files, when};

/// The read models, beside what they were folded from.
const READ_MODEL: &str = "read.db";

/// Put a backup in the place of journal and vault. Before that it has to prove itself: every record
/// and receipt is read, the read models are folded anew from it, and the vault is opened with the
/// master key. Until then nothing is changed, and afterwards what was there lies beside it.
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
        if self.drill {
            let folder = tempfile::Builder::new().prefix("tenure-drill-").tempdir();
            let proved = self.prove(config, &manifest, folder.unavailable()?, output)?;
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
        let folder = staging(files::folder_of(&journal)).unavailable()?;
        let proved = self.prove(config, &manifest, folder, output)?;
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
        output: Output,
    ) -> Result<Proved, Failure> {
        let journal = folder.path().join(JOURNAL);
        let up_to = self.up_to(manifest)?;
        let mut progress = Progress::of("copying");
        let tell = |position, head| progress.tell(position, head);
        let copied = copy(&self.from.join(JOURNAL), &journal, Some(up_to), tell);
        progress.end();
        let copied = copied.map_err(|error| self.failure(error))?;
        let record_id = copied.record_id.map(|id| id.to_string());
        if up_to.number() == manifest.position && record_id != manifest.record_id {
            return Err(self.damaged("its journal ends in another record than backup.json says"));
        }
        self.verify(&journal, output)?;
        if manifest.has_vault {
            let vault = folder.path().join(VAULT);
            let copied = Vault::copy(&self.from.join(VAULT), &vault);
            copied
                .map_err(|error| self.damaged(&format!("its vault cannot be copied: {error}")))?;
            drop(
                config
                    .open_vault_at(&vault, Arc::new(SystemClock))
                    .wrong()?,
            );
        }
        let mut log = open_scanner(&journal).unavailable()?;
        let mut progress = Progress::of("rebuilding");
        let tell = |position, head| progress.tell(position, head);
        let rebuilt = tenure_projector::rebuild(&folder.path().join(READ_MODEL), &mut log, tell);
        progress.end();
        Ok(Proved {
            rebuilt: rebuilt.wrong()?,
            folder,
            copied,
            has_vault: manifest.has_vault,
        })
    }

    /// The position up to which is restored. What lies behind that of the manifest was being copied
    /// when a backup was interrupted, and the vault may not know its keys.
    fn up_to(&self, manifest: &Manifest) -> Result<Position, Failure> {
        let whole = Position::new(manifest.position);
        let Some(as_of) = self.as_of else {
            return Ok(whole);
        };
        let mut log = SqliteReader::open(&self.from.join(JOURNAL)).wrong()?;
        let asked = match as_of {
            AsOf::Position(position) => position,
            AsOf::Head | AsOf::RecordedAt(_) => as_of::resolve(&mut log, as_of).wrong()?.min(whole),
        };
        if asked > whole {
            return Err(anyhow!(
                "the backup ends at {whole}, before position {asked}"
            ))
            .usage();
        }
        Ok(asked)
    }

    fn verify(&self, journal: &Path, output: Output) -> Result<(), Failure> {
        let mut log = open_scanner(journal).unavailable()?;
        let mut wrong = log.integrity_check().wrong()?;
        let mut progress = Progress::of("verifying");
        let tell = |position, head| progress.tell(position, head);
        let findings = verify::verify(&mut log, tell).wrong()?;
        progress.end();
        let count = findings.wrong_count + wrong.len() as u64;
        if count == 0 {
            return Ok(());
        }
        wrong.extend(findings.wrong);
        for line in wrong {
            output.line(line);
        }
        Err(self.damaged(&format!("{count} things are wrong")))
    }

    fn damaged(&self, why: &str) -> Failure {
        Failure::Wrong(anyhow!(
            "the backup {} is damaged: {why}; nothing was changed, and another backup is needed",
            self.from.display()
        ))
    }

    fn failure(&self, error: CopyError) -> Failure {
        match error {
            CopyError::Open(error @ OpenError::Schema { .. }) => Failure::Unavailable(error.into()),
            CopyError::Amid { .. } => Failure::Usage(error.into()),
            CopyError::Open(_)
            | CopyError::Foreign { .. }
            | CopyError::Beyond { .. }
            | CopyError::Database(_) => self.damaged(&format!("{:#}", anyhow::Error::from(error))),
            CopyError::File(_) => Failure::Unavailable(error.into()),
        }
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
fn staging(folder: &Path) -> std::io::Result<TempDir> {
    let name = ".tenure-restore";
    let path = folder.join(name);
    if path.exists() {
        std::fs::remove_dir_all(&path)?;
    }
    tempfile::Builder::new()
        .prefix(name)
        .rand_bytes(0)
        .tempdir_in(folder)
}

fn locked(error: OpenError) -> anyhow::Error {
    match error {
        OpenError::Locked { .. } => anyhow!("the service runs: stop it first"),
        OpenError::Schema { .. } | OpenError::Missing { .. } | OpenError::Unavailable { .. } => {
            error.into()
        },
    }
}

/// Puts the files in place, the journal last, and moves what was there aside. At no moment is there
/// no journal where one was: a service that is started amid this finds the old one or the new one.
fn put_in_place(proved: &Proved, config: &Config) -> anyhow::Result<Vec<PathBuf>> {
    let journal = config.journal_path()?;
    let read_model = &config.projector.path;
    let suffix = format!(".before-restore-{}", when::compact(SystemClock.now()));
    let mut aside = Vec::new();
    for name in ["-wal", "-shm"] {
        files::remove(&files::beside(read_model, name))?;
    }
    files::put(&proved.folder.path().join(READ_MODEL), read_model)?;
    // A session says how far the journal was that it rests on: everybody logs in again.
    let sessions = config.sessions_path()?;
    for name in ["", "-journal"] {
        files::remove(&files::beside(&sessions, name))?;
    }
    if proved.has_vault {
        let vault = config.vault_path()?;
        aside.extend(files::keep(&vault, &suffix, &["-journal"])?);
        files::put(&proved.folder.path().join(VAULT), &vault)?;
    }
    // So that one file is all of it. If that cannot be done, the log is moved aside with it.
    if let Err(error) = into_one_file(&journal) {
        let path = journal.display();
        Output::complain(format_args!("the log of {path} stays beside it: {error}"));
    }
    aside.extend(files::keep(&journal, &suffix, &["-wal", "-shm"])?);
    files::put(&proved.folder.path().join(JOURNAL), &journal)?;
    files::give_to_owner(&files::beside(&journal, ".lock"))?;
    Ok(aside)
}
