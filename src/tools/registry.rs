//! Image registries: what they hold, who asks them, and whom they are trusted by. Gates that push to them and gates that fetch
//! from them ask in the same way.

pub(super) mod access;
pub(super) mod address;
pub(super) mod certificates;
mod challenge;
mod content;
pub(super) mod delivered;
pub(super) mod engine_error;
pub(super) mod held;
pub(super) mod logins;
pub(super) mod reference;
pub(super) mod revision;
