//! Whether a file holds something that Checkov has to mention. Its report names a file only in the result of a check, and many
//! resources have no check: a file with only such is never named.

use std::rc::Rc;

use crate::inputs::resources;
use crate::model::input::InputKind;
use crate::text::yaml::{Node, documents};

/// Whether a file of this kind has a resource that Checkov surely checks.
pub(super) fn has_checked(kind: InputKind, path: &str, text: &str) -> bool {
    match kind {
        InputKind::TerraformRoot => match resources(path, text) {
            Ok(types) => types.iter().any(|name| TERRAFORM.contains(&name.as_str())),
            Err(_) => TERRAFORM.iter().any(|name| has_quoted(text, name)),
        },
        InputKind::CloudFormation | InputKind::Sam => match types(text) {
            Some(types) => types.iter().any(|name| CLOUDFORMATION.contains(&name.as_str())),
            None => CLOUDFORMATION.iter().any(|name| has_word(text, name)),
        },
        // What can't be parsed here may hold anything.
        InputKind::Kubernetes => documents(text).map_or(true, |documents| {
            kinds_in(&documents).iter().any(|kind| KUBERNETES.contains(&kind.as_str()))
        }),
        // Each instruction is a resource, and each template of a chart has some.
        _ => true,
    }
}

/// The types of the resources of a CloudFormation template; `None`: it can't be parsed, or it is cut. What a rule is about
/// (`ComplianceResourceTypes` of a `ConfigRule`) is no resource.
fn types(text: &str) -> Option<Vec<String>> {
    let documents = documents(text).ok()?;
    let resources = documents.iter().find_map(|document| document.get("Resources"))?;
    Some(resources.entries().filter_map(|(_, one)| one.text("Type")).map(str::to_owned).collect())
}

/// Whether a manifest of Kubernetes has an object of a kind for which Checkov has some check.
pub(super) fn may_be_checked(text: &str) -> bool {
    kinds(text).iter().any(|kind| is_known(kind))
}

/// Whether Checkov has some check for objects of this kind.
pub(super) fn is_known(kind: &str) -> bool {
    KUBERNETES.contains(&kind) || OTHERS.contains(&kind)
}

/// `resource "aws_s3_bucket" "a"`, or `"aws_s3_bucket": {` in JSON.
fn has_quoted(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = &text[..at];
        let is_quoted = before.ends_with('"') && text[at + name.len()..].starts_with('"');
        let line = before.rsplit('\n').next().unwrap_or_default().trim_start();
        is_quoted && (line.starts_with("resource") || line == "\"" || text.trim_start().starts_with('{'))
    })
}

fn has_word(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let after = text[at + name.len()..].chars().next();
        after.is_none_or(|next| !next.is_alphanumeric() && next != ':')
    })
}

/// The kinds of the objects in a manifest, and of those in a `List`. A `kind` deeper in an object (`scaleTargetRef`) is that of another;
/// in a text that can't be parsed, nobody can tell.
fn kinds(text: &str) -> Vec<String> {
    match documents(text) {
        Ok(documents) => kinds_in(&documents),
        Err(_) => text.lines().filter_map(kind_of).map(str::to_owned).collect(),
    }
}

fn kinds_in(documents: &[Rc<Node>]) -> Vec<String> {
    let of = |object: &Node| object.text("kind").map(str::to_owned);
    // Checkov looks into a `List`, and into no other object with `items`.
    let items = |object: &Node| -> Vec<String> {
        let list = object.get("items").filter(|_| object.text("kind") == Some("List"));
        list.into_iter().flat_map(Node::items).filter_map(of).collect()
    };
    documents.iter().flat_map(|object| of(object).into_iter().chain(items(object))).collect()
}

/// The kind that a line of a manifest names.
fn kind_of(line: &str) -> Option<&str> {
    let line = line.trim().trim_start_matches("- ").trim_end_matches(',');
    let value = line.strip_prefix("kind:").or_else(|| line.strip_prefix("\"kind\":"))?;
    Some(value.trim().trim_matches(['"', '\'']))
}

/// Types of resources with three checks or more of their own (`checkov --list`, 3.3.30), without those of policies, whose
/// checks often can't tell.
#[rustfmt::skip]
const TERRAFORM: [&str; 134] = [
    "alicloud_db_instance", "alicloud_mongodb_instance", "alicloud_oss_bucket", "aws_alb", "aws_alb_listener",
    "aws_api_gateway_method_settings", "aws_api_gateway_stage", "aws_cloudfront_distribution",
    "aws_cloudtrail", "aws_cloudwatch_log_group", "aws_codebuild_project", "aws_db_instance",
    "aws_dms_replication_instance", "aws_docdb_cluster", "aws_ecr_repository", "aws_ecs_cluster",
    "aws_ecs_task_definition", "aws_eks_cluster", "aws_elasticache_cluster",
    "aws_elasticache_replication_group", "aws_elasticsearch_domain", "aws_elb",
    "aws_emr_security_configuration", "aws_iam_role", "aws_instance", "aws_kms_key", "aws_lambda_function",
    "aws_launch_configuration", "aws_launch_template", "aws_lb", "aws_lb_listener", "aws_mq_broker",
    "aws_msk_cluster", "aws_mwaa_environment", "aws_neptune_cluster", "aws_network_acl",
    "aws_network_acl_rule", "aws_opensearch_domain", "aws_rds_cluster", "aws_rds_cluster_instance",
    "aws_redshift_cluster", "aws_s3_bucket", "aws_s3_bucket_acl", "aws_s3_bucket_public_access_block",
    "aws_sagemaker_data_quality_job_definition", "aws_sagemaker_notebook_instance", "aws_security_group",
    "aws_security_group_rule", "aws_ssm_document", "aws_transfer_server",
    "aws_vpc_security_group_ingress_rule", "aws_waf_web_acl", "aws_wafregional_web_acl", "aws_wafv2_web_acl",
    "azurerm_api_management", "azurerm_app_configuration", "azurerm_app_service", "azurerm_app_service_slot",
    "azurerm_application_gateway", "azurerm_cognitive_account", "azurerm_container_group",
    "azurerm_container_registry", "azurerm_cosmosdb_account", "azurerm_eventgrid_domain",
    "azurerm_eventgrid_topic", "azurerm_function_app", "azurerm_function_app_slot", "azurerm_key_vault",
    "azurerm_kubernetes_cluster", "azurerm_kusto_cluster", "azurerm_linux_function_app",
    "azurerm_linux_function_app_slot", "azurerm_linux_virtual_machine",
    "azurerm_linux_virtual_machine_scale_set", "azurerm_linux_web_app", "azurerm_managed_disk",
    "azurerm_mariadb_server", "azurerm_mssql_server", "azurerm_mysql_server",
    "azurerm_network_security_group", "azurerm_network_security_rule", "azurerm_postgresql_configuration",
    "azurerm_postgresql_server", "azurerm_redis_cache", "azurerm_search_service",
    "azurerm_security_center_contact", "azurerm_security_center_subscription_pricing", "azurerm_service_plan",
    "azurerm_servicebus_namespace", "azurerm_storage_account", "azurerm_synapse_workspace",
    "azurerm_windows_function_app", "azurerm_windows_function_app_slot", "azurerm_windows_virtual_machine",
    "azurerm_windows_virtual_machine_scale_set", "azurerm_windows_web_app", "gitlab_project",
    "google_compute_firewall", "google_compute_instance", "google_compute_instance_from_template",
    "google_compute_instance_template", "google_compute_subnetwork", "google_container_cluster",
    "google_container_node_pool", "google_data_fusion_instance", "google_folder_iam_binding",
    "google_folder_iam_member", "google_notebooks_instance", "google_organization_iam_binding",
    "google_organization_iam_member", "google_project_iam_binding", "google_project_iam_member",
    "google_spanner_database", "google_sql_database_instance", "google_storage_bucket",
    "kubernetes_daemon_set_v1", "kubernetes_daemonset", "kubernetes_deployment", "kubernetes_deployment_v1",
    "kubernetes_pod", "kubernetes_pod_v1", "ncloud_access_control_group_rule", "ncloud_lb_target_group",
    "ncloud_network_acl_rule", "oci_core_instance", "oci_core_security_list", "oci_objectstorage_bucket",
    "panos_ipsec_crypto_profile", "panos_panorama_ipsec_crypto_profile", "panos_security_rule_group",
    "tencentcloud_instance", "yandex_compute_instance", "yandex_kubernetes_cluster",
    "yandex_kubernetes_node_group",
];

/// The same.
#[rustfmt::skip]
const CLOUDFORMATION: [&str; 18] = [
    "AWS::ApiGateway::Stage", "AWS::CloudFront::Distribution", "AWS::CloudTrail::Trail",
    "AWS::DocDB::DBCluster", "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress",
    "AWS::ECR::Repository", "AWS::ElastiCache::ReplicationGroup", "AWS::Elasticsearch::Domain",
    "AWS::Lambda::Function", "AWS::MSK::Cluster", "AWS::Neptune::DBCluster", "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster", "AWS::S3::Bucket", "AWS::SageMaker::DataQualityJobDefinition",
    "AWS::Serverless::Api", "AWS::Serverless::Function",
];

/// Kinds of which Checkov names each object (3.3.30: tried with one of each). It goes by the kind alone, whatever the group is.
#[rustfmt::skip]
const KUBERNETES: [&str; 19] = [
    "AdmissionConfiguration", "ClusterRole", "ClusterRoleBinding", "ConfigMap", "CronJob", "DaemonSet",
    "Deployment", "Ingress", "Job", "Pod", "PodSecurityPolicy", "ReplicaSet", "ReplicationController", "Role",
    "RoleBinding", "Secret", "Service", "ServiceAccount", "StatefulSet",
];

/// The other kinds with a check (`checkov --list --framework kubernetes`): it names some of their objects.
#[rustfmt::skip]
const OTHERS: [&str; 2] = ["DeploymentConfig", "PodTemplate"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_without_any_check_are_known() {
        for (text, may) in [
            ("kind: Pod\n", true),
            ("kind: ConfigMap\n", true),
            ("kind: Certificate\n", false),
            ("kind: Namespace\n---\nkind: CustomResourceDefinition\nspec:\n  names:\n    kind: Pod\n", false),
            ("kind: List\nitems:\n- kind: Role\n", true),
            ("kind: [\n  kind: Service\n", true),
        ] {
            assert_eq!(may_be_checked(text), may, "{text}");
        }
    }

    #[test]
    fn what_checkov_has_no_check_for_need_not_be_mentioned() {
        for (kind, text, has) in [
            (InputKind::TerraformRoot, "resource \"aws_s3_bucket\" \"a\" {}\n", true),
            (InputKind::TerraformRoot, "{\"resource\": {\"aws_s3_bucket\": {\"a\": {}}}}", true),
            (InputKind::TerraformRoot, "resource \"random_pet\" \"aws_s3_bucket\" {}\n", false),
            (InputKind::TerraformRoot, "resource \"random_pet\" \"a\" {}\nvariable \"aws_lb\" {}\n", false),
            (InputKind::TerraformRoot, "variable \"a\" {}\n", false),
            (InputKind::TerraformRoot, "# resource \"aws_s3_bucket\" \"a\" {}\n", false),
            (
                InputKind::TerraformRoot,
                "locals {\n  a = <<E\nresource \"aws_s3_bucket\" \"a\" {}\nE\n}\n",
                false,
            ),
            (InputKind::TerraformRoot, "resource \"aws_s3_bucket\" \"a\" {\n", true),
            (
                InputKind::CloudFormation,
                "Resources:\n  A:\n    Type: AWS::S3::Bucket\n    Properties: !Ref B\n",
                true,
            ),
            (InputKind::CloudFormation, "Resources: {A: {Type: 'AWS::S3::Bucket'}}\n", true),
            (InputKind::CloudFormation, "Resources:\n  A:\n    Type: AWS::S3::BucketPolicy\n", false),
            (
                InputKind::CloudFormation,
                "Resources:\n  A:\n    Type: AWS::Config::ConfigRule\n    Properties:\n      Scope:\n        ComplianceResourceTypes:\n          - AWS::S3::Bucket\n",
                false,
            ),
            (
                InputKind::CloudFormation,
                "# AWS::S3::Bucket\nResources:\n  A:\n    Type: AWS::SQS::Queue\n",
                false,
            ),
            (InputKind::CloudFormation, "Resources:\n  A: [\n    Type: AWS::S3::Bucket\n", true),
            (InputKind::Kubernetes, "kind: Namespace\n---\nkind: Deployment\n", true),
            (InputKind::Kubernetes, "{\n  \"kind\": \"Pod\",\n", true),
            (InputKind::Kubernetes, "kind: Namespace\n", false),
            (InputKind::Kubernetes, "kind: ConfigMap\n", true),
            (InputKind::Kubernetes, "kind: PodTemplate\n", false),
            (InputKind::Kubernetes, "kind: Namespace\n---\na: [\n", true),
            (InputKind::Kubernetes, "kind: List\nitems:\n- kind: Pod\n", true),
            (InputKind::Kubernetes, "kind: ResourceList\nitems:\n- kind: Pod\n", false),
            (
                InputKind::Kubernetes,
                "kind: HorizontalPodAutoscaler\nspec:\n  scaleTargetRef:\n    kind: Deployment\n",
                false,
            ),
            (InputKind::Kubernetes, "kind: [\nspec:\n  kind: Deployment\n", true),
            (InputKind::Dockerfile, "FROM a\n", true),
        ] {
            let path = if text.starts_with("{\"") { "a.tf.json" } else { "a" };
            assert_eq!(has_checked(kind, path, text), has, "{text}");
        }
    }
}
