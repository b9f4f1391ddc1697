//! The KooGallery marketplace protocol, both directions, without IO.
