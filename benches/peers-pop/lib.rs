//! Nothing: the package exists for its benches.
