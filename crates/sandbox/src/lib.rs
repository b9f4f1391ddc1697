//! The marketplace as a program: signer, debugging cases, retries, faults, open APIs.
