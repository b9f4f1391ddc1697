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
    let aside = free_name(path, suffix)?;
    // Where a file system knows no second names, the file is copied.
    if std::fs::hard_link(path, &aside).is_err() {
        copy(path, &aside)?;
    }
    for part in parts {
        let of = beside(path, part);
        if of.try_exists()? {
            std::fs::rename(&of, beside(&aside, part))?;
        }
    }
    Ok(Some(aside))
}

/// `path` with a suffix, and a number if that is taken.
fn free_name(path: &Path, suffix: &str) -> std::io::Result<PathBuf> {
    let mut name = beside(path, suffix);
    let mut number = 2_u32;
    while name.try_exists()? {
        name = beside(path, &format!("{suffix}-{number}"));
        number += 1;
    }
    Ok(name)
}

/// Puts a file in the place of another, at one moment, and brings that to the disk. What is there
/// keeps its bytes under whatever other name it has.
pub(crate) fn put(staged: &Path, path: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder_of(path))?;
    let fresh = beside(path, ".new");
    // It may have to go to another file system.
    if std::fs::rename(staged, &fresh).is_err() {
        remove(&fresh)?;
        copy(staged, &fresh)?;
    }
    give_to_owner(&fresh)?;
    File::open(&fresh)?.sync_all()?;
    std::fs::rename(&fresh, path)
        .with_context(|| format!("{} cannot be put in place", path.display()))?;
    File::open(folder_of(path))?.sync_all()?;
    Ok(())
}

fn copy(from: &Path, into: &Path) -> anyhow::Result<()> {
    std::fs::copy(from, into).with_context(|| format!("{} cannot be written", into.display()))?;
    File::open(into)?.sync_all()?;
    Ok(())
}

/// Gives a file to the owner of the folder that it is in: root may have made it, and the service
/// has to write it. Anybody else can give nothing away, and need not.
pub(crate) fn give_to_owner(path: &Path) -> anyhow::Result<()> {
    let (file, folder) = (
        std::fs::metadata(path)?,
        std::fs::metadata(folder_of(path))?,
    );
    if file.uid() == folder.uid() {
        return Ok(());
    }
    match chown(path, Some(folder.uid()), Some(folder.gid())) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        given => given.with_context(|| format!("{} has the wrong owner", path.display())),
    }
}
