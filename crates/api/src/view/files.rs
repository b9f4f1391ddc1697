//! The shapes of answers about license files.

use serde::Serialize;
use utoipa::ToSchema;

use super::AsOf;

/// The license files of a license, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AskedFilesView {
    /// The files.
    pub files: Vec<AskedFileView>,
    /// How much of the journal the answer rests on.
    pub as_of: AsOf,
}

/// A license file as whoever makes it needs it.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AskedFileView {
    /// The marketplace's name of the request. It names the file together with the device.
    pub event_id: String,
    /// What tells the device from others of this license; null if none was named.
    pub device: Option<String>,
    /// What the device is known by; null if none was named, or if it was erased since.
    pub fingerprint: Option<String>,
    /// `requested`, `made`, `delivered`, or `denied` if the marketplace will not take it.
    #[schema(example = "requested")]
    pub progress: String,
    /// Since when it is to hold.
    pub effective_at: String,
    /// Until when, if it has an end.
    pub expires_at: Option<String>,
}

impl std::fmt::Debug for AskedFileView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AskedFileView")
            .field("event_id", &self.event_id)
            .field("device", &self.device)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}
