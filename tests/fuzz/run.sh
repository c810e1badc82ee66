#!/bin/bash
# run.sh BUILD_DIRECTORY NAME LIMIT...: the corpus first, then new inputs, as far as libFuzzer's options say. What is
# found is kept in the build directory: corpus/NAME (reached something new), failures/NAME (failed).
set -euo pipefail
build=$1 name=$2
shift 2
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
mkdir -p "$build/corpus/$name" "$build/failures/$name"
exec "$build/bin/fuzz_$name" "$build/corpus/$name" "$here/corpus/$name" -dict="$here/$name.dict" \
    -artifact_prefix="$build/failures/$name/" -max_len=4096 -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=256 \
    -print_final_stats=1 "$@" </dev/null
