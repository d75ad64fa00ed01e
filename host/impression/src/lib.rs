//! The faces of official seals (印模): round ones with ring, star and arc text, oval ones, and square name seals.
//! A [`Design`] says what is on the face; [`Design::draw`] makes outlines of it, glyphs too, so that whoever shows or
//! prints the seal later needs no font.
//!
//! ```no_run
//! use zhongtai_impression::{Design, Font};
//! let file = std::fs::read("/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc")?;
//! let font = Font::parse(&file, 2)?;
//! let drawing = Design::round("清远市清城区城市管理局").draw(&font)?;
//! std::fs::write("seal.svg", drawing.svg())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod arc;
mod design;
mod drawing;
mod error;
mod font;
mod outline;
mod raster;
mod square;
mod vector;

pub use design::{Design, SEAL_RED, Shape};
pub use drawing::{Drawing, Path, Segment};
pub use error::DesignError;
pub use font::Font;
