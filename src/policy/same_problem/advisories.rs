//! Checks that Trivy and Checkov both have.
//!
//! Neither scanner names the other's checks, so the pairs are listed here, taken from the two descriptions.
//! If one check asks for more than the other (AVD-AWS-0107 is SSH and RDP, CKV_AWS_24 is only SSH), they are
//! two problems: a fix for one may leave the other.

/// What two checks have in common.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Family {
    pub name: &'static str,
    /// It is about the file, and the scanners name no common resource.
    pub whole_file: bool,
}

/// Trivy's id without `AVD-`, Checkov's, and what they look for.
const PAIRS: [(&str, &str, Family); 20] = [
    ("AWS-0017", "CKV_AWS_158", of_resource("log group without a customer's key")),
    ("AWS-0028", "CKV_AWS_79", of_resource("instance metadata without a token")),
    ("AWS-0030", "CKV_AWS_163", of_resource("ECR repository that does not scan on push")),
    ("AWS-0031", "CKV_AWS_51", of_resource("ECR repository with mutable tags")),
    ("AWS-0033", "CKV_AWS_136", of_resource("ECR repository without a customer's key")),
    ("AWS-0034", "CKV_AWS_65", of_resource("ECS cluster without container insights")),
    ("AWS-0065", "CKV_AWS_7", of_resource("key without rotation")),
    ("AWS-0080", "CKV_AWS_16", of_resource("database without encryption")),
    ("AWS-0086", "CKV_AWS_53", of_resource("bucket that does not block public ACLs")),
    ("AWS-0087", "CKV_AWS_54", of_resource("bucket that does not block public policies")),
    ("AWS-0089", "CKV_AWS_18", of_resource("bucket without access logs")),
    ("AWS-0090", "CKV_AWS_21", of_resource("bucket without versions")),
    ("AWS-0091", "CKV_AWS_55", of_resource("bucket that does not ignore public ACLs")),
    ("AWS-0093", "CKV_AWS_56", of_resource("bucket that is not restricted")),
    ("AWS-0094", "CKV2_AWS_6", of_resource("bucket without a public access block")),
    ("AWS-0124", "CKV_AWS_23", of_resource("security group rule without a description")),
    ("AWS-0132", "CKV_AWS_145", of_resource("bucket without a customer's key")),
    ("DS-0001", "CKV_DOCKER_7", of_file("base image by `latest`")),
    ("DS-0002", "CKV_DOCKER_3", of_file("image that runs as root")),
    ("DS-0026", "CKV_DOCKER_2", of_file("image without a health check")),
];

const fn of_resource(name: &'static str) -> Family {
    Family { name, whole_file: false }
}

const fn of_file(name: &'static str) -> Family {
    Family { name, whole_file: true }
}

/// The family of a check by its id; `None` where only one scanner has it.
pub(super) fn of(rule: &str) -> Option<&'static Family> {
    let id = rule.strip_prefix("AVD-").unwrap_or(rule);
    // Before 0.66 Trivy wrote `DS002`.
    let old = |known: &str| {
        let digits = id.strip_prefix("DS0").filter(|digits| digits.len() == 2);
        digits.is_some_and(|digits| known.strip_prefix("DS-00") == Some(digits))
    };
    PAIRS
        .iter()
        .find(|(trivy, checkov, _)| id == *trivy || id == *checkov || old(trivy))
        .map(|(_, _, family)| family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ids_and_the_old_spellings_give_the_family() {
        let root = of("CKV_DOCKER_3");
        assert!(root.is_some());
        for name in ["DS-0002", "AVD-DS-0002", "DS002"] {
            assert_eq!(of(name), root, "{name}");
        }
        assert_eq!(of("AVD-AWS-0107"), None);
    }

    #[test]
    fn no_check_is_in_two_families() {
        for (n, (trivy, checkov, family)) in PAIRS.iter().enumerate() {
            let clash = |other: &&(&str, &str, Family)| {
                other.0 == *trivy || other.1 == *checkov || other.2.name == family.name
            };
            assert!(!PAIRS[n + 1..].iter().any(|other| clash(&other)), "{trivy}");
        }
    }
}
