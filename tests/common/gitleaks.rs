//! A fake gitleaks, for tests of what Portcullis does with its answers.

/// A script that scans nothing. `decide` is a piece of it, with the commits to scan in `$range` (empty: all of
/// them), and sets `found` if there is to be a finding.
pub(crate) fn fake(decide: &str) -> String {
    format!(
        r#"
test "$1" = git || {{ echo 8.30.1; exit; }}
while [ $# -gt 0 ]; do
    case $1 in
        --log-opts) range=${{2#*--diff-merges=remerge }} range=${{range#--all}}; shift ;;
        --report-path) report=$2; shift ;;
    esac
    shift
done
found=
{decide}
echo '10:00AM INF 1 commits scanned.' >&2
echo '10:00AM INF scanned ~10 bytes (10 bytes) in 1ms' >&2
test "$found" || {{ echo '[]' >"$report"; exit; }}
echo '[{{"RuleID":"r","Description":"d","File":"a","StartLine":1,"EndLine":1,"StartColumn":1,"EndColumn":2,"Match":"REDACTED","Secret":"REDACTED","Commit":"","Fingerprint":"f"}}]' >"$report"
exit 77
"#
    )
}
