#!/bin/bash
# Installs the SDK into an empty prefix, builds examples/signups_per_day against it and nothing else, runs its test,
# and looks at what the library exports.  usage: out_of_tree.sh SOURCE_DIRECTORY BUILD_DIRECTORY
set -euo pipefail
source_directory=$1 build_directory=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build_directory" --component sdk --prefix "$work/sdk" >"$work/install.log"
cp -r "$source_directory/examples/signups_per_day" "$work/example"
cmake -G Ninja -S "$work/example" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/sdk" >"$work/configure.log" \
    || { cat "$work/configure.log"; exit 1; }
cmake --build "$work/build" >"$work/build.log" || { cat "$work/build.log"; exit 1; }
ctest --test-dir "$work/build" --output-on-failure

exported=$(nm -D --defined-only "$work/build/signups_per_day.so" | awk '{print $3}')
if [ "$exported" != lantern_plugin ]; then
    echo "signups_per_day.so exports: $exported; expected lantern_plugin alone" >&2
    exit 1
fi

# The contract is C.
echo '#include <lantern/abi.h>' | cc -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$work/sdk/include" -x c -
