//! Documents from templates: a template (Typst) and inputs give a PDF/A and an OFD of one and the same layout, and the
//! places where seals belong. Templates are made by departments and not trusted: they are laid out in processes with
//! limits, and see nothing but their parts and the inputs.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use serde_json::json;
//! use zhongtai_typeset::{Config, Order, Template, Typesetter, WorkerCommand};
//!
//! let command = WorkerCommand { program: "/usr/bin/zt".into(), arguments: vec!["typeset-worker".into()] };
//! let typesetter = Typesetter::new(command, Config::default());
//!
//! let template = Template::of_text("#set page(width: 90mm, height: 54mm)\n许可证：#sys.inputs.number #box(width: 20mm, height: 20mm) <seal>")?;
//! let inputs = json!({ "number": "清城管〔2026〕12号" }).as_object().cloned().unwrap_or_default();
//! let order = Order { template, inputs, title: "许可证".to_owned(), at: "2026-03-02T02:15:00Z".parse()? };
//! let made = typesetter.typeset(&order).await?;
//! for place in &made.facts.seal_places {
//!     println!("a seal belongs on page {} at {} mm, {} mm", place.page, place.x_mm, place.y_mm);
//! }
//! # Ok(())
//! # }
//! ```

mod chinese;
mod config;
mod error;
mod fault;
mod fonts;
mod make;
mod order;
mod page;
mod pool;
mod process;
mod template;
mod wire;
pub mod worker;
mod world;

pub use config::Config;
pub use error::TypesetError;
pub use fault::{Fault, Place};
pub use order::{Facts, Order, SealPlace, Took, Typeset};
pub use pool::{Typesetter, WorkerCommand};
pub use template::{MAIN, Template, TemplateError};
