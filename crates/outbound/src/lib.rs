//! Calls to the marketplace: activation and query of authorization codes.
