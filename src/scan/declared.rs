//! What a tool declares of itself: a list, or the reason why there is nothing to declare.

/// A list that a tool declares. Having nothing to declare takes a reason, so that nobody forgets it.
#[derive(Clone, Copy, Debug)]
pub enum Declared<T: 'static> {
    List(&'static [T]),
    /// Why there is nothing.
    None(&'static str),
}

impl<T> Declared<T> {
    /// The entries.
    pub const fn list(&self) -> &'static [T] {
        match self {
            Self::List(list) => list,
            Self::None(_) => &[],
        }
    }
}
