# Sourced by .ci/run and .ci/long: stages with their times, and a last line that says how it went.
# shellcheck shell=bash

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
jobs="$(nproc)"
cd "$root"

# So that a second clean clone, in another directory, finds what the first one compiled.
export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=1

stages_done=0
stages_all=0
stage_now=""
started=$SECONDS
declare -a times=()

finish() {
  local status=$?
  echo
  printf '%s\n' "${times[@]}"
  echo "Total time (real) = $((SECONDS - started)) sec"
  if [[ -n $stage_now ]]; then
    echo "FAILED: $stage_now (status $status), after $stages_done of $stages_all stages"
    exit 1
  fi
  echo "100% stages passed, 0 stages failed out of $stages_done"
}

# stage <name> <command...>
stage() {
  stage_now="$1"
  shift
  local begun=$SECONDS
  echo
  echo "=== $stage_now: $*"
  "$@"
  times+=("$(printf '%-22s %5d sec' "$stage_now" $((SECONDS - begun)))")
  echo "=== $stage_now: $((SECONDS - begun)) sec"
  stage_now=""
  stages_done=$((stages_done + 1))
}

# run_stages <usual stage...> -- <asked stage...>: each is a function stage_<name>; those asked for, or else all.
run_stages() {
  local usual=() name
  while [[ $1 != -- ]]; do
    usual+=("$1")
    shift
  done
  shift
  local chosen=("$@")
  if ((${#chosen[@]} == 0)); then
    chosen=("${usual[@]}")
  fi
  for name in "${chosen[@]}"; do
    [[ " ${usual[*]} " == *" $name "* ]] || {
      echo "no stage $name; there are: ${usual[*]}" >&2
      exit 2
    }
  done
  stages_all=${#chosen[@]}
  trap finish EXIT
  for name in "${chosen[@]}"; do
    stage "$name" "stage_$name"
  done
}

# built <preset> [target...]: configured and built, all of it unless told.
built() {
  local preset="$1" targets=()
  shift
  if (($# > 0)); then
    targets=(--target "$@")
  fi
  cmake --preset "$preset" --log-level=WARNING >/dev/null
  cmake --build --preset "$preset" --parallel "$jobs" "${targets[@]}"
}

# sanitized <preset> <label...>: builds and runs the tests of these labels only.
sanitized() {
  local preset="$1" label targets=() labels
  shift
  for label in "$@"; do
    targets+=("cairn_label_$label")
  done
  labels="$(IFS='|' && echo "$*")"
  built "$preset" "${targets[@]}"
  # Without address randomisation: gcc 12's ThreadSanitizer cannot map its shadow under newer kernels' defaults.
  setarch "$(uname -m)" --addr-no-randomize ctest --preset "$preset" --parallel "$jobs" -L "^($labels)\$"
}

kill_rounds() {
  built dev cairn_kill_test
  build/dev/tests/cairn_kill_test --rounds "$1"
}
