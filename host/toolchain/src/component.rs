//! From a core module to a component.

use wit_component::{ComponentEncoder, DecodedWasm};

use crate::Error;

/// A component and what it says of itself.
#[derive(Clone, Debug)]
pub struct Component {
    /// The component, ready to be stored.
    pub bytes: Vec<u8>,
    /// The interfaces it imports, such as `zhongtai:log/logging@0.1.0`, sorted.
    pub imports: Vec<String>,
    /// The interfaces it exports, sorted.
    pub exports: Vec<String>,
}

/// Makes a component of a module that `wit-bindgen` described in a custom section. Imports that the code does not use
/// are left out.
///
/// # Errors
/// [`Error::Component`] when the module does not fit its description.
pub fn componentize(module: &[u8]) -> Result<Component, Error> {
    let wrong = |error| Error::Component(format!("{error:#}"));
    let mut encoder = ComponentEncoder::default().validate(true).module(module).map_err(wrong)?;
    let bytes = encoder.encode().map_err(wrong)?;
    let DecodedWasm::Component(resolve, world) = wit_component::decode(&bytes).map_err(wrong)? else {
        return Err(Error::Component("it is a package of interfaces".into()));
    };
    let Some(world) = resolve.worlds.get(world) else {
        return Err(Error::Component("its world is missing".into()));
    };
    let mut imports: Vec<_> = world.imports.keys().map(|key| resolve.name_world_key(key)).collect();
    let mut exports: Vec<_> = world.exports.keys().map(|key| resolve.name_world_key(key)).collect();
    imports.sort();
    exports.sort();
    Ok(Component { bytes, imports, exports })
}

#[cfg(test)]
mod tests {
    use super::componentize;

    #[test]
    fn what_is_no_module_is_refused_in_words() {
        let error = componentize(b"not wasm").unwrap_err().to_string();
        assert!(error.starts_with("the module is not a component of `zhongtai:scenario/plugin`"), "{error}");
    }
}
