//! A guest that asks, and what it was told.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a broken fixture must stop the test")]

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

/// Every package that the world `plugin` imports, those first that others need; and the world itself.
fn packages(wit: &str) -> Vec<String> {
    let world = std::fs::read_to_string(format!("{wit}/scenario/package.wit")).unwrap();
    let imported = |line: &str| Some(line.trim().strip_prefix("import zhongtai:")?.split('/').next()?.to_owned());
    let mut packages: Vec<String> = world.lines().filter_map(imported).chain(["scenario".to_owned()]).collect();
    // Interfaces of one package stand together.
    packages.dedup();
    packages
}

/// The component.
pub fn component() -> Vec<u8> {
    let mut module = wat::parse_str(include_str!("guest.wat")).unwrap();
    let mut resolve = wit_parser::Resolve::default();
    let wit = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../wit");
    let mut package = None;
    for name in packages(wit) {
        package = Some(resolve.push_path(format!("{wit}/{name}")).unwrap().0);
    }
    let world = resolve.select_world(&[package.unwrap()], Some("plugin")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap()
}

/// What `current` said: handle, kind and assurance as their WIT numbers, roles.
#[derive(Debug, PartialEq, Eq)]
pub struct Told {
    pub handle: String,
    pub kind: u8,
    pub assurance: u8,
    pub roles: Vec<String>,
    /// The agent's handle and actions.
    pub agent: Option<(String, Vec<String>)>,
}

/// The guest's memory from 1024 on, laid out by the canonical ABI.
pub struct Memory(pub Vec<u8>);

impl Memory {
    pub fn current(&self) -> Option<Told> {
        (self.byte(1024) == 1).then(|| Told {
            handle: self.text(1028),
            kind: self.byte(1036),
            assurance: self.byte(1037),
            roles: self.list(1040, 8).map(|at| self.text(at)).collect(),
            agent: (self.byte(1048) == 1)
                .then(|| (self.text(1052), self.list(1060, 8).map(|at| self.text(at)).collect())),
        })
    }

    /// Name and value each, or the number of the error's case and its text.
    pub fn fields(&self) -> Result<Vec<(String, String)>, (u8, String)> {
        match (self.byte(1088), self.byte(1092)) {
            (0, _) => Ok(self.list(1092, 16).map(|at| (self.text(at), self.text(at + 8))).collect()),
            (_, 0) => Err((0, String::new())),
            (_, case) => Err((case, self.text(1096))),
        }
    }

    fn byte(&self, at: usize) -> u8 {
        self.0[at - 1024]
    }

    fn number(&self, at: usize) -> usize {
        u32::from_le_bytes(self.0[at - 1024..][..4].try_into().unwrap()) as usize
    }

    fn text(&self, at: usize) -> String {
        let (start, length) = (self.number(at), self.number(at + 4));
        if length == 0 {
            return String::new();
        }
        String::from_utf8(self.0[start - 1024..][..length].to_vec()).unwrap()
    }

    fn list(&self, at: usize, size: usize) -> impl Iterator<Item = usize> {
        let (start, length) = (self.number(at), self.number(at + 4));
        (0..length).map(move |index| start + index * size)
    }
}
