//! ecr-push: pushes for real, to a registry on loopback.

#[path = "common/aws.rs"]
mod aws;
mod common;

use aws::{ACCOUNT, Moto, REGION, Registry};

#[test]
fn the_servers_of_the_tests_answer() {
    let moto = Moto::start();
    let made = moto.aws(&["ecr", "create-repository", "--repository-name", "notes-backend"]);
    let uri = format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/notes-backend");
    assert_eq!(made["repository"]["repositoryUri"], uri);
    for registry in [Registry::open(), Registry::with_login()] {
        assert!(registry.address.starts_with("127.0.0.1:"), "{}", registry.address);
        assert_eq!((registry.digest("a", "b"), registry.tags("a")), (None, 0));
    }
}
