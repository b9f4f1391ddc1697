//! The append-only journal: records, receipts, the one write path.
