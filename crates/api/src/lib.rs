//! Questions and operator commands over HTTP.
