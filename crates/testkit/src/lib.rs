//! Builders and strategies that the tests of several crates share.
