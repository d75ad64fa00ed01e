//! OFD documents (GB/T 33190-2016): written from laid-out pages, sealed (GB/T 38540-2020, SM2 with SM3) and verified,
//! more strictly than readers do. `README.md` beside this crate says what a seal covers and what readers make of it.
//!
//! ```
//! use zhongtai_ofd::{ESeal, Layout, Page, Picture, Placement, SealFacts, SealKind, seal, verify_at, write};
//! # use std::time::Duration;
//! # let world = zhongtai_pki::testing::World::new(zhongtai_pki::Algorithm::Sm2Sm3);
//! # let (now, signer, maker, trust) = (world.now(), &world.seal, &world.seal, world.trust());
//! # use zhongtai_ofd::Drawing;
//! # let paths = Vec::new();
//! # let drawing = Drawing { width_mm: 42.0, height_mm: 42.0, paths };
//!
//! let page = Page { width_mm: 210.0, height_mm: 297.0, items: Vec::new() };
//! let permit = Layout { title: "许可证".to_owned(), created: now, pages: vec![page], fonts: Vec::new() };
//! let ofd = write(&permit)?;
//!
//! let facts = SealFacts {
//!     id: "44180200000001".to_owned(),
//!     name: "清城区城市管理局".to_owned(),
//!     kind: SealKind::Organisation,
//!     created: now,
//!     valid_from: now,
//!     valid_until: now + Duration::from_secs(365 * 86_400),
//! };
//! let eseal = ESeal::make(&facts, &Picture::of(&drawing), &signer.chain[..1], maker)?;
//!
//! let place = Placement { page: 1, x_mm: 130.0, y_mm: 220.0 };
//! let sealed = seal(&ofd, &eseal, place, signer, Some(&world.stamper), now)?;
//! assert!(verify_at(&sealed, &trust, now)?.is_valid());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod content;
mod entry;
mod error;
mod eseal;
mod graphics;
mod layout;
mod location;
mod measure;
mod package;
mod report;
mod seal;
mod ses;
mod signature;
mod text;
mod time;
mod unpack;
mod verify;
mod write;
mod xml;

pub use error::OfdError;
pub use eseal::{ESeal, Picture, SealFacts, SealKind};
pub use layout::{Font, Glyph, Item, Layout, Page, Stroke};
pub use location::Location;
pub use report::{OfdReport, SealProblem, SealReport, SealTime, StampReport};
pub use seal::{Placement, seal};
pub use verify::{verify, verify_at};
pub use write::write;
pub use zhongtai_impression::{Drawing, Segment};
