//! Listing keys, page by page.

use std::vec;

use super::Error;
use crate::host;

const PAGE: u32 = 1000;

/// All keys that begin with `prefix`, in byte order. Asks the host for the next page only when it is needed.
///
/// ```
/// use zhongtai::keyvalue;
/// # zhongtai::testing::run(|| {
/// let open = keyvalue::keys("open/").take(20).collect::<Result<Vec<_>, _>>();
/// # assert_eq!(open, Ok(vec![]));
/// # });
/// ```
pub fn keys(prefix: &str) -> Keys {
    Keys { prefix: prefix.into(), after: None, page: Vec::new().into_iter(), done: false }
}

/// The iterator of [`keys`]. It ends after an error.
#[derive(Debug)]
pub struct Keys {
    prefix: String,
    after: Option<String>,
    page: vec::IntoIter<String>,
    done: bool,
}

impl Keys {
    /// Begins after this key: for a listing that a client leafs through.
    #[must_use]
    pub fn after(mut self, key: impl Into<String>) -> Self {
        self.after = Some(key.into());
        self
    }

    fn turn(&mut self) -> Result<(), Error> {
        self.done = true;
        let page = host::keys(&self.prefix, self.after.as_deref(), PAGE)?;
        if let Some(last) = page.last() {
            self.after = Some(last.clone());
            self.done = false;
        }
        self.page = page.into_iter();
        Ok(())
    }
}

impl Iterator for Keys {
    type Item = Result<String, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.len() == 0
            && !self.done
            && let Err(error) = self.turn()
        {
            return Some(Err(error));
        }
        self.page.next().map(Ok)
    }
}
