//! What a push puts out goes by git into the files that another system deploys.

use std::process::Command;

use super::{PUSH, docker_config, run_with};
use crate::common::Project;
use crate::common::pipeline::{BUILD, Pipeline};

#[test]
fn the_digest_that_was_pushed_is_the_one_that_kustomize_renders() {
    let deployed = Project::new();
    deployed.git(&["init", "--quiet"]);
    deployed.write("deployment.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: notes}\nspec:\n  template:\n    spec:\n      containers:\n      - name: backend\n        image: backend\n");
    deployed.write(
        "kustomization.yaml",
        "resources: [deployment.yaml]\nimages: # by git-update\n- name: backend\n  newTag: old\n",
    );
    deployed.commit("the first");
    deployed.git(&["branch", "production"]);
    let update = format!(
        "[[gate]]\nid = 'update'\ntool = 'git-update'\nneeds = ['push']\nremote = '{}'\nbranch = 'production'\n\
         files = [{{ path = 'kustomization.yaml', kind = 'kustomize', images = {{ backend = 'NAME' }} }}]\n",
        deployed.root().join(".git").display()
    );
    let push = format!("{PUSH}login = false\n");
    let pipeline = Pipeline::plain(&[BUILD, &push, &update]);
    let ran = run_with(&pipeline, &docker_config(&pipeline, "{}"), |_| {});
    assert_eq!(ran.code, 0, "{}", ran.all());
    let image = format!("{}/{}", pipeline.registry.address, pipeline.name);
    let digest = pipeline.pushed().unwrap();
    assert_eq!(
        deployed.git(&["show", "production:kustomization.yaml"]),
        format!(
            "resources: [deployment.yaml]\nimages: # by git-update\n- name: backend\n  newName: {image}\n  digest: {digest}"
        )
    );
    // Where kubectl is, it agrees.
    deployed.git(&["checkout", "--quiet", "production"]);
    if let Ok(rendered) = Command::new("kubectl").arg("kustomize").arg(deployed.root()).output() {
        let text = String::from_utf8_lossy(&rendered.stdout);
        assert!(
            text.contains(&format!("image: {image}@{digest}")),
            "{text}{}",
            String::from_utf8_lossy(&rendered.stderr)
        );
    }
}
