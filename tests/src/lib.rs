//! Holds nothing: this package is its tests (`tests/it`) and its benchmarks (`benches/numbers`).
