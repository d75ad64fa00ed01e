//! What the host's own code says of the shipped plugins: their manifests parse, every message fits its template, and
//! their policies forbid what they say they forbid. Only `tests/`; `cargo test --workspace` runs them.
