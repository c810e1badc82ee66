#!/bin/bash
# Runs what examples/bank_account/README.md says to type, from that page itself, against a Lantern that runs already, and
# looks at what comes of it: bank_account_test.sh SOURCE BUILD
# Only the places are others: this build instead of build/release, a folder of its own instead of those in /tmp.
set -euo pipefail
source=$1
build=$2
place=$(mktemp -d "${TMPDIR:-/tmp}/lantern-bank.XXXXXX")
chmod 755 "$place"
export LANTERN_TEST_SEED=${LANTERN_TEST_SEED:-$RANDOM}
cd "$source"

finish() {
    local result=$?
    trap - EXIT
    [ $result = 0 ] || tail -n 25 "$place/lantern/data/log/lantern.log" >&2 || true
    "$build/bin/lantern" dev --data "$place/lantern/data" --stop >/dev/null 2>&1 || true
    rm -rf "$place"
    exit $result
}
trap finish EXIT

# section NAME: types what stands there; the shell goes on with its variables.
section() {
    awk -v name="## $1" '/^## /{inside = $0 == name} inside && /^```$/{code = 0} code{print} inside && /^```sh$/{code = 1}' \
        examples/bank_account/README.md | sed "s|/tmp/|$place/|g; s|build/release|$build|g" >"$place/typed.sh"
    [ -s "$place/typed.sh" ] || fail "the README has no section \"$1\" any more"
    # shellcheck disable=SC1091 # made above
    . "$place/typed.sh"
}
fail() { echo "bank_account_test: $*" >&2; exit 1; }
waited() {
    local deadline=$((SECONDS + 240))
    until "$@"; do
        [ $SECONDS -lt $deadline ] || fail "waited in vain for: $*"
        sleep 0.1
    done
}
# curl ... | is JQ: what the answer must be.
is() {
    local answer
    answer=$(cat)
    jq -e "$1" <<<"$answer" >/dev/null || fail "expected $1, got $answer"
}
call() { curl -s "$URL$1" -H "$AUTH" "${@:2}"; }
status() { call "$@" -o /dev/null -w '%{http_code}\n'; }
# shows REVISION: the account's row is complete up to there.
shows() {
    call "/v1/accounts/$ACCOUNT/?min_revision=$1" -H "Prefer: wait=30" -D "$place/head" -o /dev/null &&
        ! grep -qi '^lantern-pending:' "$place/head"
}
apis() { pgrep -f -- "^$place/lantern/bin/lantern api " | sort; }
ended() { [ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"; }
typed() { section "$1" >"$place/typed.out" && cat "$place/typed.out"; }

typed "Build and test"
grep -q '100% tests passed' "$place/typed.out" || fail "its tests"

# 1. A Lantern that has served others for a while goes on while it learns the new routes.
lantern dev --data "$place/lantern/data" --detach
host=$(pgrep -f -- "^$place/lantern/bin/lantern host ")
before=$(apis)
typed "Go live"
for pid in $before; do waited ended "$pid"; done
[ "$(pgrep -f -- "^$place/lantern/bin/lantern host ")" = "$host" ] || fail "the host is the same"

# 2. What the page says to type, and what it says will come of it.
typed "Use it"
[ "$(grep -o '"revision":2' "$place/typed.out" | wc -l)" -ge 2 ] || fail "a repeated deposit answers alike"
for rule in revision-differs sufficient_balance; do
    grep -q "$rule" "$place/typed.out" || fail "an answer with $rule"
done
waited shows 3
call "/v1/accounts/$ACCOUNT/?min_revision=3" |
    is '.balance_cents == 170000 and .number == "DE1234" and .owner == "ann" and .status == "open"'
call "/v1/accounts/$ACCOUNT/history/" | is '[.items[] | [.revision, .type, .data.amount_cents, .metadata.actor.id]] ==
    [[1, "ACCOUNT_OPENED", null, "admin"], [2, "MONEY_DEPOSITED", 250000, "admin"], [3, "MONEY_WITHDRAWN", 80000, "admin"]]'
call "/v1/accounts/$ACCOUNT/at/?revision=2" | is '.balance_cents == 250000'
paid=$(call "/v1/accounts/$ACCOUNT/history/" | jq -r '.items[1].recorded_at')
call "/v1/accounts/$ACCOUNT/at/?timestamp=$paid" | is '.balance_cents == 250000 and .revision == 2'

# 3. Rules, by rows of: status, method, path below the account, body.
while read -r expected method path body; do
    got=$(status "/v1/accounts/$ACCOUNT$path" -X "$method" --json "$body")
    [ "$got" = "$expected" ] || fail "$method $path $body: expected $expected, got $got"
done <<'ROWS'
422 POST /deposit/ {"amount_cents": 1.5, "reference": "cents are whole"}
422 POST /deposit/ {"amount_cents": 0, "reference": "nothing"}
422 POST /deposit/ {"amount_cents": -1, "reference": "a theft"}
422 POST /withdraw/ {"amount_cents": 170001, "reference": "one too many"}
422 DELETE / {"reason": "not empty"}
ROWS
[ "$(status /v1/accounts/ --json '{"number": "de1234", "owner": "bob"}')" = 409 ] || fail "a number belongs to one"
[ "$(status /v1/accounts/0190a000-0000-7000-8000-000000000000/deposit/ --json '{"amount_cents": 1, "reference": "x"}')" = 404 ] ||
    fail "no such account"
[ "$(AUTH="X-None: 1" status "/v1/accounts/$ACCOUNT/")" = 401 ] || fail "who calls is asked here too"

# 4. Sixty withdraw a fiftieth each, eight at a time: fifty have it in the end, and the balance never falls below zero.
withdraw() { status "/v1/accounts/$ACCOUNT/withdraw/" --json '{"amount_cents": 3400, "reference": "rush"}'; }
export -f withdraw status call
export ACCOUNT URL AUTH
seq 60 | xargs -P 8 -I{} bash -c withdraw >"$place/rush"
if grep -qvE '^(200|409|422)$' "$place/rush"; then fail "unexpected: $(sort "$place/rush" | uniq -c)"; fi
had=$(grep -c '^200$' "$place/rush")
until [ "$(withdraw | tee "$place/one")" = 422 ]; do had=$((had + $(grep -c '^200$' "$place/one" || true))); done
[ "$had" = 50 ] || fail "expected 50 withdrawals, $had were accepted"
call "/v1/accounts/$ACCOUNT/at/?revision=53" | is '.balance_cents == 0'
waited shows 53
call "/v1/accounts/$ACCOUNT/?min_revision=53" | is '.balance_cents == 0'

# 5. The shared table has it all, once (on two days if it is midnight); the users never noticed.
totals() { call /v1/daily-totals/ | jq -ce '[([.items[].deposited_cents] | add), ([.items[].withdrawn_cents] | add),
    ([.items[].withdrawals] | add), ([.items[].largest_cents] | max)]'; }
counted() { [ "$(totals)" = "[250000,250000,51,250000]" ]; }
waited counted
[ "$(status "/v1/accounts/$ACCOUNT/" -X DELETE --json '{"reason": "moved"}')" = 200 ] || fail "an empty account closes"
[ "$(status /v1/accounts/ --json '{"number": "DE1234", "owner": "bob"}')" = 201 ] || fail "its number is free again"
[ "$(status /v1/users/)" = 200 ] || fail "the users' routes"

# 6. An edit that is wrong is refused with its place, and the api goes on.
serving=$(apis)
sed -i 's/^  queries:$/  querys:/' "$place/lantern/share/lantern/config/lantern.yaml"
refused() { grep -q '"about":"settings".*lantern.yaml:[0-9]*:[0-9]*: .*querys' "$place/lantern/data/log/lantern.log"; }
waited refused
[ "$(apis)" = "$serving" ] || fail "what ran goes on"
[ "$(status "/v1/accounts/$ACCOUNT/")" = 200 ] || fail "what ran answers"

# 7. Put right, and a path renamed: no plugin changed, so it is the file alone that makes the api begin anew.
sed -i -e 's/^  querys:$/  queries:/' -e 's|/v1/daily-totals/|/v1/turnover/|' "$place/lantern/share/lantern/config/lantern.yaml"
served() { [ "$(status /v1/turnover/)" = 200 ]; }
waited served
