#!/bin/bash
# Runs what the README says to type under "Five minutes further", from the README itself: readme_test.sh SOURCE BUILD
# Only the places are others: this build instead of build/release, a folder of its own instead of those in /tmp, a port
# that is free.
set -euo pipefail
source=$1
build=$2
place=$(mktemp -d "${TMPDIR:-/tmp}/lantern-readme.XXXXXX")
chmod 755 "$place"

finish() {
    local result=$?
    trap - EXIT
    "$build/bin/lantern" dev --data "$place/lantern/data" --stop >/dev/null 2>&1 || true
    rm -rf "$place"
    exit $result
}
trap finish EXIT

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# shellcheck disable=SC2016 # for the script that is written
echo 'trap "jobs -p | xargs -r kill" EXIT' >"$place/typed.sh"
awk '/^## /{inside = /^## Five minutes further/} inside && /^```$/{code = 0} code{print} inside && /^```sh$/{code = 1}' \
    "$source/README.md" | sed "s|/tmp/|$place/|g; s|build/release|$build|g; s|8321|$port|g" >>"$place/typed.sh"
grep -q 'lantern routes check' "$place/typed.sh" || { echo "the README has no such part any more" >&2; exit 1; }

cd "$source"
timeout 800 bash -euo pipefail "$place/typed.sh" 2>&1 | tee "$place/output"
# Three sign-ups, on two days when it runs at midnight, and three that were imported.
signups=$(awk -F'|' '/^ [0-9]+-[0-9]+-[0-9]+ /{sum += $2} END{print sum + 0}' "$place/output")
[ "$signups" = 6 ] || { echo "expected 6 sign-ups, found $signups" >&2; exit 1; }
grep -q 'imported 4 events' "$place/output" || { echo "expected what curl brought to be imported" >&2; exit 1; }
grep -q 'signups_per_day .*attached' "$place/output" || { echo "expected the handler in status" >&2; exit 1; }
