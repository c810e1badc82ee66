#!/bin/bash
# Sarah's story, told with real calls against a Lantern of its own: demo.sh path/to/lantern
# Every call is printed as a person could type it; a step that is not as told ends the demo with an error.
set -euo pipefail

lantern=$(readlink -f "${1:?usage: demo.sh path/to/lantern}")
DATA=$(mktemp -d "${TMPDIR:-/tmp}/lantern-demo.XXXXXX")
chmod 755 "$DATA"  # its servers run as users of their own
body=$DATA/answer
status=

tell() { printf '\n\033[1m# %s\033[0m\n' "$*"; }

finish() {
    local result=$?
    trap - EXIT
    if [ $result -ne 0 ]; then
        printf '\nThe demo failed. The end of the logs in %s/log:\n' "$DATA" >&2
        tail -n 15 "$DATA"/log/* >&2 || true
    fi
    "$lantern" dev --data "$DATA" --stop >/dev/null 2>&1 || true
    rm -rf "$DATA"
    exit $result
}
trap finish EXIT
trap 'exit 130' INT TERM

fail() {
    printf '\nexpected: %s\ngot %s: %s\n' "$1" "$status" "$(cat "$body")" >&2
    exit 1
}

# call 'curl ...': prints the command, runs it, shows the answer.
call() {
    printf '\n$ %s\n' "$1"
    request "$1"
    printf '%s ' "$status"
    jq . "$body" 2>/dev/null || cat "$body"
}
request() { status=$(eval "$1 -o '$body' -D '$DATA/head' -w '%{http_code}'") || fail "an answer to $1"; }
# shown 'curl ...': as call; asked again when a view takes longer than a request may wait, as on a slow machine.
shown() { until_true caught_up "$1"; call "$1"; }
caught_up() { request "$1" && ! grep -qi '^lantern-pending:' "$DATA/head"; }

# expect STATUS [JQ EXPRESSION...]: what the answer must be.
expect() {
    [ "$status" = "$1" ] || fail "status $1"
    local expression
    for expression in "${@:2}"; do
        jq -e "$expression" "$body" >/dev/null || fail "$expression"
    done
}

# until_true COMMAND...: waits for what happens by itself, at most three minutes.
until_true() {
    local deadline=$((SECONDS + 180))
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || { echo "waited in vain for: $*" >&2; exit 1; }
        sleep 0.05
    done
}
audited() { request "curl -s \"\$URL/v1/audit/?subject=\$SARAH\" -H \"\$AUTH\"" && jq -e "$1" "$body"; }
# A process that nobody has waited for yet has ended all the same.
ended() { [ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"; }
mailed() { grep -q "$1" "$DATA"/mail/*.eml; }

# left_behind SECRET: files of the run that hold it, but for those whose matter it is.
left_behind() {
    grep -rlaF --exclude-dir=secrets --exclude-dir=mail -e "$1" "$DATA" || true
    pg_dump "$POSTGRES" | grep -aF -e "$1" || true
}

tell "A Lantern with a PostgreSQL and a RabbitMQ of its own, in $DATA"
printf '\n$ lantern dev --data %s --detach\n' "$DATA"
"$lantern" dev --data "$DATA" --detach
endpoint() { jq -er ".$1" "$DATA/endpoints.json"; }
URL=$(endpoint http_url) POSTGRES=$(endpoint postgres_url)
URL=${URL%/}
printf '\n$ URL=%s\n' "$URL"

tell "The first administrator is made on the command line, and logs in."
printf '\n$ LANTERN_PASSWORD="tower of pisa" lantern users create-admin --data %s --username root --email root@example.com\n' \
    "$DATA"
for _ in first again; do
    LANTERN_PASSWORD="tower of pisa" "$lantern" users create-admin --data "$DATA" \
        --username root --email root@example.com
done
# shellcheck disable=SC2016 # call prints the command as it stands and expands it afterwards
{
call 'curl -s "$URL/v1/auth/login/" --json '\''{"username": "root", "password": "tower of pisa"}'\'
expect 200 '.token_type == "Bearer"' '.user.role == "admin"'
ROOT=$(jq -r .token "$body")
export AUTH="Authorization: Bearer $ROOT"
printf '\n$ AUTH="Authorization: Bearer ..."   # the token of the answer\n'

tell "Two users join."
call 'curl -s "$URL/v1/users/" -H "$AUTH" --json '\''{"username": "sarah", "email": "sarah@example.com",
    "first_name": "Sarah", "last_name": "Miller", "password": "correct horse"}'\'
expect 201 '.revision == 1' '.id | length == 36'
SARAH=$(jq -r .id "$body")
call 'curl -s "$URL/v1/users/" -H "$AUTH" --json '\''{"username": "tom", "email": "tom@example.com",
    "first_name": "Tom", "last_name": "Reed", "password": "battery staple"}'\'
expect 201 '.revision == 1'
export TOM
TOM=$(jq -r .id "$body")
printf '\n$ SARAH=%s TOM=%s\n' "$SARAH" "$TOM"

tell "The name sarah is taken now, whatever its case."
call 'curl -s "$URL/v1/users/" -H "$AUTH" --json '\''{"username": "SARAH", "email": "other@example.com",
    "first_name": "S", "last_name": "M", "password": "correct horse"}'\'
expect 409

tell "Sarah marries, logs in, and changes her last name. Of Tom she may not even see the name."
call 'curl -s "$URL/v1/auth/login/" --json '\''{"username": "Sarah@Example.com", "password": "correct horse"}'\'
expect 200 '.user.username == "sarah"' '[.. | strings] | all(contains("argon2") | not)'
HERS="Authorization: Bearer $(jq -r .token "$body")"
printf '\n$ HERS="Authorization: Bearer ..."\n'
call 'curl -s -X PUT "$URL/v1/users/$SARAH/" -H "$HERS" --json '\''{"last_name": "Connor"}'\'
expect 200 '.revision == 2'
call 'curl -s "$URL/v1/users/$TOM/" -H "$HERS"'
expect 403

tell "The read model shows it: wait for revision 2, at most 30 seconds."
shown 'curl -s "$URL/v1/users/$SARAH/?min_revision=2" -H "$AUTH" -H "Prefer: wait=30"'
expect 200 '.last_name == "Connor"' '.username == "sarah"' '[.. | strings] | all(contains("argon2") | not)'

tell "It is a plain table, written by the plugin user_read_model."
printf '\n$ psql "$POSTGRES" -c "select username, first_name, last_name, revision from user_read_model.users"\n'
until_true sh -c "psql '$POSTGRES' -Atc 'select username from user_read_model.users' | grep -qx tom"
psql "$POSTGRES" -c "select username, first_name, last_name, revision from user_read_model.users order by username"

tell "The plugin welcome_email has written to both."
until_true mailed "sarah@example.com"
until_true mailed "tom@example.com"
printf '\n$ grep -h -e ^To: -e ^Subject: %s/mail/*.eml\n' "$DATA"
grep -h -i -e '^To:' -e '^Subject:' "$DATA"/mail/*.eml

tell "Tom has forgotten his password. The token is in the mail, and nowhere else."
call 'curl -s "$URL/v1/users/password-reset/request/" --json '\''{"email": "tom@example.com"}'\'
expect 202
call 'curl -s "$URL/v1/users/password-reset/request/" --json '\''{"email": "nobody@example.com"}'\'
expect 202
until_true mailed "^Token: "
MAIL=$(grep -l "^Token: " "$DATA"/mail/*.eml)
RESET=$(sed -n 's/^Reset: \([0-9a-f-]*\).*/\1/p' "$MAIL") TOKEN=$(sed -n 's/^Token: \([0-9a-f]*\).*/\1/p' "$MAIL")
export RESET
printf '\n$ grep -h -e ^Reset: -e ^Token: %s/mail/*.eml\n' "$DATA"
grep -h -e '^Reset:' -e '^Token:' "$MAIL"
printf '\n$ RESET=... TOKEN=...\n'
call 'curl -s "$URL/v1/users/password-reset/complete/" --json \
    "{\"user_id\": \"$TOM\", \"reset_id\": \"$RESET\", \"token\": \"$TOKEN\", \"new_password\": \"stapled battery\"}"'
expect 200
call 'curl -s "$URL/v1/auth/login/" --json '\''{"username": "tom", "password": "battery staple"}'\'
expect 401
call 'curl -s "$URL/v1/auth/login/" --json '\''{"username": "tom", "password": "stapled battery"}'\'
expect 200

tell "Somebody deletes Sarah. A deletion needs its reason."
call 'curl -s -X DELETE "$URL/v1/users/$SARAH/" -H "$AUTH" --json '\''{"reason": "duplicate of account 4711"}'\'
expect 200 '.revision == 3'
shown 'curl -s "$URL/v1/users/$SARAH/?min_revision=3" -H "$AUTH" -H "Prefer: wait=30"'
expect 404

tell "Monday, 15:47. \"Sarah's account is missing! Who deleted it, when, why, and what did it hold?\""
until_true audited '.items[] | select(.action == "USER_DELETED")'
call 'curl -s "$URL/v1/audit/?subject=$SARAH&action=USER_DELETED" -H "$AUTH"'
expect 200 '.items | length == 1' '.items[0].reason == "duplicate of account 4711"' \
    '.items[0] | (.actor | length > 0) and (.time | length > 0)'
export WHO
WHO=$(jq -r '.items[0].actor' "$body")
printf '\n$ WHO=%s\n' "$WHO"
call 'curl -s "$URL/v1/users/$WHO/" -H "$AUTH"'
expect 200 '.username == "root"'

tell "Everything that ever happened to her, without a secret:"
call 'curl -s "$URL/v1/users/$SARAH/history/" -H "$AUTH"'
expect 200 '[.items[].type] == ["USER_CREATED", "USER_UPDATED", "USER_DELETED"]' \
    '[.items[].revision] == [1, 2, 3]' '.items[2].metadata.actor.name == "root"' '.items[2].data.reason == "duplicate of account 4711"' \
    '[.. | objects | keys[]] | index("password_hash") == null'
BEFORE=$(jq -r '.items[1].recorded_at' "$body")

tell "And what she looked like before:"
printf '\n$ BEFORE=%s\n' "$BEFORE"
call 'curl -s "$URL/v1/users/$SARAH/at/?timestamp=$BEFORE" -H "$AUTH"'
expect 200 '.last_name == "Connor"' '.email == "sarah@example.com"' '.revision == 2'
call 'curl -s "$URL/v1/users/$SARAH/at/?revision=1" -H "$AUTH"'
expect 200 '.last_name == "Miller"' '[.. | objects | keys[]] | index("password_hash") == null'

tell "Tom never noticed."
shown 'curl -s "$URL/v1/users/$TOM/?min_revision=3" -H "$AUTH" -H "Prefer: wait=30"'
}
expect 200 '.username == "tom"' '.revision == 3'

tell "No secret was left behind: not in a log, not in a table, not in a file of the servers."
for secret in "tower of pisa" "correct horse" "battery staple" "stapled battery" "$TOKEN" "$ROOT" \
    "${HERS#*Bearer }" "$(cat "$DATA/secrets/token_key")" "$(cat "$DATA/secrets/reset_key")"; do
    found=$(left_behind "$secret")
    [ -z "$found" ] || { echo "a secret of ${#secret} characters was found in: $found" >&2; exit 1; }
done
! grep -rlF argon2 "$DATA/log" || exit 1

printf '\n$ lantern status --data %s\n' "$DATA"
"$lantern" status --data "$DATA"
printf '\n$ lantern dev --data %s --stop\n' "$DATA"
pid=$(endpoint dev_pid)
"$lantern" dev --data "$DATA" --stop
until_true ended "$pid"
tell "That was the whole story. Every step was as told."
