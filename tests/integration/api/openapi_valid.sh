#!/bin/bash
# openapi_valid.sh LANTERN: the description of the bundled configuration is valid OpenAPI 3.1, its examples too.
set -euo pipefail
lantern=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
LANTERN_CACHE_DIR=$place/cache "$lantern" openapi --config "$root/config" >"$place/openapi.json"
node "$root/host/openapi/page/validate.mjs" "$place/openapi.json"
# The validator does find what is wrong.
sed 's/"operationId":"[a-z_]*"/"operationId":"same"/g' "$place/openapi.json" >"$place/wrong.json"
if node "$root/host/openapi/page/validate.mjs" "$place/wrong.json" >"$place/problems"; then
    echo "found nothing wrong with equal operation ids" >&2
    exit 1
fi
grep -q operation-operationId-unique "$place/problems"
