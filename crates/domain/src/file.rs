//! License files: what the buyer's desktop software is given to work with, when it asks for one
//! through the marketplace (`getLicenseAsync`). The merchant makes the file; the marketplace takes
//! it and hands it on.

use crate::ids::FileEventId;
use crate::sealed::{Digest, Sealed};
use crate::time::Instant;

/// One request for a license file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRequest {
    /// The marketplace's name of the request.
    pub event: FileEventId,
    /// The fingerprint of the buyer's device, if the software told one.
    pub fingerprint: Option<Sealed>,
    /// Since when the file is to hold.
    pub effective_at: Instant,
    /// Until when, if it has an end.
    pub expires_at: Option<Instant>,
}

/// What makes two requests the same one: the guides say that the marketplace's name identifies a
/// request together with the device. Whoever asks for the same thing gets the same file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileKey {
    /// The marketplace's name of the request.
    pub event: FileEventId,
    /// The device.
    pub device: Option<Digest>,
}

/// A license file, from its request to its delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// What was asked for.
    pub request: FileRequest,
    /// How far it has come.
    pub progress: FileProgress,
}

/// How far a license file has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileProgress {
    /// The merchant has still to make it.
    Requested,
    /// The marketplace has still to take it.
    Made(FileContent),
    /// The marketplace has it.
    Delivered(FileContent),
    /// The marketplace will not take it.
    Denied(FileContent),
}

/// What a license file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileContent {
    /// A text of at most 1,024 characters.
    Characters(Sealed),
    /// A file with a name.
    File {
        /// Its name.
        name: Box<str>,
        /// Its bytes.
        bytes: Sealed,
    },
}

/// What the guides leave to the merchant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileRules {
    /// Whether a device must be named.
    pub needs_fingerprint: bool,
    /// Whether there are as many files as units were bought, and no more.
    pub counts_units: bool,
}

impl FileRequest {
    /// What makes it the request that it is.
    pub fn key(&self) -> FileKey {
        FileKey {
            event: self.event.clone(),
            device: self.device(),
        }
    }

    /// What tells its device from another one, if it names one.
    pub(crate) fn device(&self) -> Option<Digest> {
        self.fingerprint.as_ref().map(|it| it.digest)
    }

    /// Whether both files are for one device, so that they count once. A request that names no
    /// device counts by itself.
    pub(crate) fn shares_device_with(&self, other: &Self) -> bool {
        self.device().is_some() && self.device() == other.device()
    }
}

impl File {
    /// The file itself, once it is made.
    pub fn content(&self) -> Option<&FileContent> {
        match &self.progress {
            FileProgress::Requested => None,
            FileProgress::Made(content)
            | FileProgress::Delivered(content)
            | FileProgress::Denied(content) => Some(content),
        }
    }
}

impl FileContent {
    /// Whether both are known to be the same file.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Characters(one), Self::Characters(other)) => one.says_the_same(other),
            (
                Self::File { name, bytes },
                Self::File {
                    name: other_name,
                    bytes: other,
                },
            ) => name == other_name && bytes.says_the_same(other),
            (Self::Characters(_), Self::File { .. }) | (Self::File { .. }, Self::Characters(_)) => {
                false
            },
        }
    }
}
