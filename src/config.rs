//! gates.toml → Config: what the user wants, with every mistake of the file told at once.

mod keys;
mod problem;

pub use keys::{Keys, Located};
pub use problem::{Problem, Problems, draw};
