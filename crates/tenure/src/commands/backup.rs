//! `tenure backup TO`

use std::fs::{DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenure_journal::sqlite::{Copied, CopyError, copy};
use tenure_journal::vault::Vault;
use tenure_journal::{Clock, SystemClock};

use crate::config::Config;
use crate::failure::{Classify, Failure};
use crate::output::{Output, Progress};
use crate::{files, when};

/// The files of a backup.
pub(crate) const JOURNAL: &str = "journal.db";
pub(crate) const VAULT: &str = "vault.db";
const MANIFEST: &str = "backup.json";

/// The form of what `backup.json` tells.
const FORM: u32 = 1;

/// Copy the journal and the vault into a folder, while the service runs.
///
/// A folder that holds a backup of the same journal is brought up to date: only what was added since
/// is copied. The master key is not part of a backup: keep it apart from it.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The folder: a new one, or one with an earlier backup of the same journal
    to: PathBuf,
}

/// What a backup holds. It is written last: a folder without it is no whole backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    form: u32,
    made_at: String,
    made_by: String,
    /// The last position that journal and vault agree about.
    pub(crate) position: u64,
    /// The id of the record there.
    pub(crate) record_id: Option<String>,
    /// Whether there was a vault.
    pub(crate) has_vault: bool,
}

impl Backup {
    /// Runs it.
    pub(crate) fn run(self, config: &Config, output: Output) -> Result<(), Failure> {
        let journal = config.journal_path().usage()?;
        prepare(&self.to, &journal).usage()?;
        let vault = config.vault_path().usage()?;
        let has_vault = vault.try_exists().unavailable()?;
        let earlier = Manifest::read(&self.to).is_ok_and(|it| it.has_vault);
        if earlier && !has_vault {
            return Err(anyhow!(
                "the backup has a vault, and there is none at {}: set vault.path, or restore the \
                 vault; the backup stays as it is",
                vault.display()
            ))
            .wrong();
        }
        let mut progress = Progress::of("copying");
        let tell = |position, head| progress.tell(position, head);
        let copied = copy(&journal, &self.to.join(JOURNAL), None, tell);
        progress.end();
        let copied = copied.map_err(|error| self.failure(error))?;
        // After the journal, so that every key is there whose texts are; and a key that is
        // destroyed meanwhile is gone here too.
        if has_vault {
            self.copy_vault(config, &vault)?;
        }
        let manifest = Manifest {
            form: FORM,
            made_at: when::text(SystemClock.now()),
            made_by: concat!("tenure ", env!("CARGO_PKG_VERSION")).to_owned(),
            position: copied.position.number(),
            record_id: copied.record_id.map(|id| id.to_string()),
            has_vault,
        };
        manifest.write(&self.to).unavailable()?;
        tell_of(&copied, &self.to, output);
        Ok(())
    }

    fn copy_vault(&self, config: &Config, vault: &Path) -> Result<(), Failure> {
        let (fresh, known) = (self.to.join("vault.db.new"), self.to.join(VAULT));
        files::remove(&fresh).unavailable()?;
        Vault::copy(vault, &fresh).unavailable()?;
        if known.try_exists().unavailable()? {
            let opened = config.open_vault_at(&fresh, Arc::new(SystemClock));
            let lost = opened.unavailable()?.lacks(&known).unavailable()?;
            if lost > 0 {
                files::remove(&fresh).unavailable()?;
                return Err(anyhow!(
                    "the vault {} does not know {lost} keys that the backup has: it is another one; \
                     restore the vault, or choose another folder and keep this one",
                    vault.display()
                ))
                .wrong();
            }
        }
        std::fs::rename(&fresh, &known).unavailable()
    }

    fn failure(&self, error: CopyError) -> Failure {
        match error {
            CopyError::Foreign { .. } => Failure::Wrong(anyhow!(
                "{} holds a backup of another journal, or of this one before an older copy of it was \
                 restored: choose another folder, and keep this one",
                self.to.display()
            )),
            CopyError::Open(_)
            | CopyError::Busy { .. }
            | CopyError::Beyond { .. }
            | CopyError::Amid { .. }
            | CopyError::Database(_)
            | CopyError::File(_) => Failure::Unavailable(error.into()),
        }
    }
}

fn tell_of(copied: &Copied, to: &Path, output: Output) {
    let position = copied.position;
    if output.is_json() {
        output.json(&json!({
            "records_added": copied.records,
            "receipts_added": copied.receipts,
            "position": position.number(),
        }));
        return;
    }
    output.line(format_args!(
        "{} records and {} receipts added to {}, which is a whole backup up to position {position}. \
         Prove it: tenure restore {} --drill",
        copied.records,
        copied.receipts,
        to.display(),
        to.display()
    ));
}

/// Makes the folder, for its owner only, and refuses one that holds something else.
fn prepare(folder: &Path, journal: &Path) -> anyhow::Result<()> {
    if folder.to_str().is_none() {
        bail!("{} is not UTF-8: choose another name", folder.display());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("{} cannot be made", folder.display()))?;
    let own = files::folder_of(journal).canonicalize();
    if own.is_ok_and(|own| folder.canonicalize().is_ok_and(|it| it == own)) {
        bail!(
            "{} is the folder of the journal: choose another",
            folder.display()
        );
    }
    let mut is_foreign = !folder.join(JOURNAL).exists();
    for entry in folder.read_dir()? {
        // What a backup leaves that ended at once.
        is_foreign &= entry?.file_name() != "journal.db.lock";
    }
    let is_empty = folder.read_dir()?.next().is_none();
    if !is_empty && is_foreign {
        bail!(
            "{} is not empty, and holds no backup: name a folder of its own",
            folder.display()
        );
    }
    Ok(())
}

impl Manifest {
    fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let fresh = folder.join("backup.json.new");
        let mut file = File::create(&fresh)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.sync_all()?;
        std::fs::rename(&fresh, folder.join(MANIFEST))?;
        File::open(folder)?.sync_all()?;
        Ok(())
    }

    /// What the backup in a folder says it holds.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(MANIFEST);
        let text = std::fs::read(&path).with_context(|| {
            format!(
                "{} is no whole backup: it has no readable {MANIFEST}, which is written last",
                folder.display()
            )
        })?;
        let manifest: Self = serde_json::from_slice(&text)
            .with_context(|| format!("{} is not what a backup writes", path.display()))?;
        if manifest.form != FORM {
            bail!(
                "{} has form {}, and this version of tenure knows form {FORM}",
                path.display(),
                manifest.form
            );
        }
        Ok(manifest)
    }
}
