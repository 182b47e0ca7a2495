//! Which services are built if nobody names them: those of the active profiles (Compose specification, "Profiles").

use crate::text::yaml::Node;

use super::variables::Variables;

/// The profiles that are active.
pub(super) struct Profiles<'v> {
    active: Vec<String>,
    variables: &'v Variables<'v>,
}

impl<'v> Profiles<'v> {
    pub(super) fn of(variables: &'v Variables<'v>) -> Self {
        let named = variables.value("COMPOSE_PROFILES").unwrap_or_default();
        let active = named.split(',').map(str::trim).filter(|name| !name.is_empty());
        Self { active: active.map(str::to_owned).collect(), variables }
    }

    /// The profiles of a service of which none is active; empty: it is built.
    ///
    /// # Errors
    /// Why they are not known.
    pub(super) fn missing(&self, service: &Node) -> Result<Vec<String>, String> {
        let Some(listed) = service.get("profiles") else { return Ok(Vec::new()) };
        let text = |item: &Node| {
            let text = item.as_text().ok_or("it is no list of names")?;
            self.variables.fill(text).map(|filled| filled.text)
        };
        if listed.as_text().is_some() {
            return Err("it is no list of names".to_owned());
        }
        let profiles: Vec<String> = listed.items().map(text).collect::<Result<_, String>>()?;
        let is_active = |name: &String| self.active.iter().any(|active| active == name || active == "*");
        Ok(if profiles.iter().any(is_active) { Vec::new() } else { profiles })
    }
}
