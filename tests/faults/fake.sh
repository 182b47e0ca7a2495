#!/bin/sh
# Stands in for every tool of the matrix. What it does is laid down in the folder $FAKES/$CASE:
#
#   report.N        the Nth of its reports; absent: it does not write that one
#   stderr          what it prints there
#   exit            its exit code
#   before, after   shell text: what it does before and after it writes its reports
#
# Asked for its version it has no $CASE, and answers; $FAKES/asked is what it does before.
PATH=/usr/bin:/bin
if [ -z "$CASE" ]; then
    [ ! -e "$FAKES/asked" ] || . "$FAKES/asked"
    echo 1.0.0
    exit
fi
case=$FAKES/$CASE

# The word after each $1 of the others.
after() {
    flag=$1
    take=
    shift
    for word; do
        [ -z "$take" ] || echo "$word"
        take=
        [ "$word" != "$flag" ] || take=1
    done
}

# Where the tool of this name puts its reports, one a line.
places() {
    case ${0##*/} in
    eslint) after -o "$@" ;;
    trivy) after --output "$@" ;;
    checkov) echo "$(after --output-file-path "$@")/results_json.json" ;;
    docker) after --iidfile "$@" ;;
    syft) after -o "$@" | sed 's/^[^=]*=//' ;;
    gitleaks | tsc | npm) echo - ;;
    *) echo "$REPORT" ;;
    esac
}

# `-` is standard output, by its descriptor: /dev/stdout is a file that a test may lose.
write() {
    if [ "$2" = - ]; then cat "$1"; else cat "$1" >"$2"; fi
}

report() {
    n=0
    for place in $(places "$@"); do
        [ ! -e "$case/report.$n" ] || write "$case/report.$n" "$place"
        n=$((n + 1))
    done
}

[ ! -e "$case/before" ] || . "$case/before"
cat "$case/stderr" >&2
report "$@"
[ ! -e "$case/after" ] || . "$case/after"
read -r code <"$case/exit"
exit "$code"
