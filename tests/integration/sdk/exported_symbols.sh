#!/bin/bash
# Each plugin named exports lantern_plugin and nothing else.  usage: exported_symbols.sh PLUGIN.so ...
set -euo pipefail
failed=0
for plugin in "$@"; do
    exported=$(nm -D --defined-only "$plugin" | awk '{print $3}')
    if [ "$exported" != lantern_plugin ]; then
        printf '%s exports:\n%s\nexpected lantern_plugin alone\n' "$plugin" "$exported" >&2
        failed=1
    fi
done
exit $failed
