//! Read models folded from the journal, disposable and rebuildable.
