#!/bin/sh
# Stands in for every tool of the matrix. What it does is laid down in the folder $FAKES/$CASE:
#
#   report.N        the Nth of its reports; absent: it does not write that one
#   report-at       where it puts its only report: `-`, or the option that names the file
#   stderr          what it prints there
#   answer.WORD     what git answers to a question with this word; absent: that there is none.
#                   answer.init: why `terraform init` fails
#   exit            its exit code
#   before, after   shell text: what it does before and after it writes its reports
#
# Asked for its version it has no $CASE, and answers; $FAKES/asked is what it does before.
PATH=/usr/bin:/bin
if [ "${0##*/}" = git ]; then
    # There is a commit.
    [ "$1 $4" != "rev-parse HEAD^{commit}" ] || { echo 0123456789abcdef0123456789abcdef01234567; exit 0; }
    for word in "$1" "$3"; do
        [ -z "$CASE" ] || [ ! -f "$FAKES/$CASE/answer.$word" ] || exec cat "$FAKES/$CASE/answer.$word"
    done
    exit 1
fi
if [ -z "$CASE" ]; then
    # shellcheck source=/dev/null
    [ ! -e "$FAKES/asked" ] || . "$FAKES/asked"
    echo 1.0.0
    exit
fi
case=$FAKES/$CASE
if [ "${0##*/} $1" = "terraform init" ]; then
    [ ! -f "$case/answer.init" ] || { cat "$case/answer.init" >&2; exit 1; }
    exit 0
fi

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
    if [ -f "$case/report-at" ]; then
        read -r place <"$case/report-at" || :
        [ "$place" = - ] && echo - || after "$place" "$@"
        return
    fi
    case ${0##*/} in
    trivy) after --output "$@" ;;
    checkov) echo "$(after --output-file-path "$@")/results_json.json" ;;
    docker | podman) after --iidfile "$@" ;;
    syft) after -o "$@" | sed 's/^[^=]*=//' ;;
    gitleaks | npm | terraform) echo - ;;
    git-secrets) echo '&2' ;;
    yarn) # and what Node.js logs of its requests, if it is asked to
        echo -
        echo "$NODE_OPTIONS" | sed -n 's/.*pattern=\(.*\)\${pid}\([^"]*\)".*/\11\2/p'
        ;;
    *) echo "$REPORT" ;;
    esac
}

# `-` and `&2` are its streams, by their descriptors: /dev/stdout is a file that a test may lose.
write() {
    case $2 in
    -) cat "$1" ;;
    '&2') cat "$1" >&2 ;;
    *) cat "$1" >"$2" ;;
    esac
}

report() {
    n=0
    for place in $(places "$@"); do
        [ ! -e "$case/report.$n" ] || write "$case/report.$n" "$place"
        n=$((n + 1))
    done
}

# shellcheck source=/dev/null
[ ! -e "$case/before" ] || . "$case/before"
cat "$case/stderr" >&2
report "$@"
# shellcheck source=/dev/null
[ ! -e "$case/after" ] || . "$case/after"
read -r code <"$case/exit"
exit "$code"
