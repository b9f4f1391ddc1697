//! Marketplace callbacks over HTTP: routes, limits, answers.
