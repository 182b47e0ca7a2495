//! What a tool declares about itself: a list, or the reason why there is nothing to declare.

/// A list that a tool declares. An empty list needs a reason, so that nobody forgets to fill it.
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
