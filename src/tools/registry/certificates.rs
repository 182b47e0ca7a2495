//! Where the engines keep the certificates for a registry: those of its authority (`HOST/*.crt`), and the one that it asks for
//! (`HOST/client.cert` with `client.key`), below these folders (Docker manual, "Verify repository client with certificates";
//! containers-certs.d(5)).

use std::path::{Path, PathBuf};

use crate::scan::container_engine::ContainerEngine;

use super::logins::Variable;

/// The folders of a registry, first the one that people are told of.
pub(in crate::tools) fn folders(engine: ContainerEngine, host: &str, variable: Variable) -> Vec<PathBuf> {
    let settings = variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let settings = settings.or_else(|| Some(Path::new(&variable("HOME")?).join(".config")));
    let of_user = |below: &str| settings.as_ref().map(|settings| settings.join(below));
    let docker = PathBuf::from("/etc/docker/certs.d");
    let folders = match engine {
        // Without root, Docker reads those of its user.
        ContainerEngine::Docker => vec![Some(docker), of_user("docker/certs.d")],
        ContainerEngine::Podman | ContainerEngine::Buildah => {
            vec![Some(PathBuf::from("/etc/containers/certs.d")), of_user("containers/certs.d"), Some(docker)]
        }
    };
    folders.into_iter().flatten().map(|folder| folder.join(host)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_engine_has_its_folders_and_the_port_belongs_to_the_name() {
        let of = |engine| {
            let home = |name: &str| (name == "HOME").then(|| "/home/ada".to_owned());
            let folders = folders(engine, "r.example:5000", &home);
            folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(
            of(ContainerEngine::Docker),
            ["/etc/docker/certs.d/r.example:5000", "/home/ada/.config/docker/certs.d/r.example:5000"]
        );
        assert_eq!(
            of(ContainerEngine::Podman),
            [
                "/etc/containers/certs.d/r.example:5000",
                "/home/ada/.config/containers/certs.d/r.example:5000",
                "/etc/docker/certs.d/r.example:5000"
            ]
        );
    }
}
