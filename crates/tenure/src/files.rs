//! Files that are replaced and moved aside.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

use anyhow::Context;

/// Deletes a file, if it is there.
pub(crate) fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// `path` with something at the end of its last name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}

/// Gives the file at `path` a second name, under which it stays, and moves what belongs to it
/// there. Returns that name; `None` if there is no file.
pub(crate) fn keep(path: &Path, suffix: &str, parts: &[&str]) -> anyhow::Result<Option<PathBuf>> {
    if !path.try_exists()? {
        return Ok(None);
    }
    let aside = beside(path, suffix);
    std::fs::hard_link(path, &aside)
        .with_context(|| format!("{} cannot be kept", path.display()))?;
    for part in parts {
        let of = beside(path, part);
        if of.try_exists()? {
            std::fs::rename(&of, beside(&aside, part))?;
        }
    }
    Ok(Some(aside))
}

/// Puts a file in the place of another, and brings that to the disk.
pub(crate) fn put(staged: &Path, path: &Path) -> anyhow::Result<()> {
    File::open(staged)?.sync_all()?;
    if std::fs::rename(staged, path).is_err() {
        // It may have to go to another file system, or to a folder that is not there yet.
        std::fs::create_dir_all(folder_of(path))?;
        std::fs::copy(staged, path)
            .with_context(|| format!("{} cannot be written", path.display()))?;
        File::open(path)?.sync_all()?;
    }
    give_to_owner(path)?;
    File::open(folder_of(path))?.sync_all()?;
    Ok(())
}

/// Gives a file to the owner of the folder that it is in: root may have made it, and the service
/// has to write it.
pub(crate) fn give_to_owner(path: &Path) -> std::io::Result<()> {
    let (file, folder) = (
        std::fs::metadata(path)?,
        std::fs::metadata(folder_of(path))?,
    );
    if file.uid() == folder.uid() {
        return Ok(());
    }
    chown(path, Some(folder.uid()), Some(folder.gid()))
}
