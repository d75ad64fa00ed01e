/// Why something is no point or figure. Says what is wrong, never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// There is nothing in it.
    #[error("is empty")]
    Empty,
    /// It is longer than this, bytes.
    #[error("is longer than {0} bytes")]
    TooLong(u32),
    /// A coordinate is not a number, or infinite.
    #[error("has a coordinate that is not a number")]
    NotANumber,
    /// A coordinate or distance can't be; says which, and what it has to be.
    #[error("is out of range: {0}")]
    OutOfRange(String),
    /// It says that it is in another system, or can only be in one.
    #[error("is in another reference system: {0}")]
    WrongCrs(String),
    /// The code of a system that is not known here.
    #[error("names an unknown reference system: EPSG:{0}")]
    UnknownCrs(u32),
    /// A ring does not end where it begins.
    #[error("has a ring that is not closed")]
    Unclosed,
    /// A ring crosses or touches itself, or another where it must not.
    #[error("has a ring that crosses itself or another")]
    SelfCrossing,
    /// A ring needs four points, a line two.
    #[error("has too few points")]
    TooFewPoints,
    /// It has more vertices than this.
    #[error("has more than {0} vertices")]
    TooManyVertices(u32),
    /// It has to be a polygon.
    #[error("is not a polygon")]
    NotAPolygon,
    /// It can't be read; says where.
    #[error("can't be read: {0}")]
    Unreadable(String),
}
