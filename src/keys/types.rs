//! Keys whose values may be of several types.

use crate::keys::table::Keys;

impl Keys<'_> {
    /// Whether the key is true or false.
    pub fn is_flag(&self, key: &'static str) -> bool {
        self.value(key).is_some_and(|value| value.get_ref().as_bool().is_some())
    }
}
