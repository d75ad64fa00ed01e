//! What a component imports and exports, read before anything is compiled.

use wasmparser::{Encoding, Parser, Payload};

use crate::LoadError;

/// The outside of a component.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inspection {
    /// Imported interfaces, such as `zhongtai:credit/check@0.1.0`.
    pub imports: Vec<String>,
    /// Exported interfaces.
    pub exports: Vec<String>,
}

/// The export that the router calls.
pub(crate) const HANDLER: &str = "zhongtai:scenario/http@0.1.0";

/// The export that hears of events.
const LISTENER: &str = "zhongtai:events/listener@0.1.0";

// === impl Inspection ===

impl Inspection {
    /// The capabilities behind the imports: `credit` for `zhongtai:credit/check@0.1.0`.
    pub fn capabilities(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.imports.iter().filter_map(|import| capability_of(import)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// True when the component hears of events.
    pub fn listens(&self) -> bool {
        self.exports.iter().any(|export| export == LISTENER)
    }
}

/// The capability that an imported interface belongs to.
pub(crate) fn capability_of(import: &str) -> Option<&str> {
    import.strip_prefix("zhongtai:")?.split('/').next()
}

/// Reads the imports and exports of a component's outermost level.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, LoadError> {
    if bytes.get(..4) != Some(b"\0asm") {
        return Err(LoadError::NotWasm);
    }
    let damaged = |error: wasmparser::BinaryReaderError| LoadError::Damaged(error.to_string());
    let mut inspection = Inspection::default();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(damaged)? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => return Err(LoadError::CoreModule),
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    inspection.imports.push(import.map_err(damaged)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    inspection.exports.push(export.map_err(damaged)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(inspection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_of_the_outermost_level_are_listed() {
        let bytes = wat::parse_str(
            r#"(component
                (import "zhongtai:log/logging@0.1.0" (instance))
                (component (import "inner" (instance)))
                (core module))"#,
        )
        .unwrap();
        let inspection = inspect(&bytes).unwrap();
        assert_eq!(inspection.imports, ["zhongtai:log/logging@0.1.0"]);
        assert_eq!(inspection.capabilities(), ["log"]);
    }

    #[test]
    fn what_is_not_a_component_is_named() {
        assert!(matches!(inspect(b"#!/bin/sh"), Err(LoadError::NotWasm)));
        assert!(matches!(inspect(&wat::parse_str("(module)").unwrap()), Err(LoadError::CoreModule)));
        let whole = wat::parse_str("(component (core module (func)))").unwrap();
        let cut = &whole[..whole.len() - 3];
        assert!(matches!(inspect(cut), Err(LoadError::Damaged(_))));
    }
}
