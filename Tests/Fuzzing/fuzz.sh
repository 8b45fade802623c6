#!/bin/bash
# Fuzzes one part of the program with libFuzzer: fuzz.sh TARGET [RUNS]. TARGET is a folder of Targets/ without its "Fuzz".
# Prints how many inputs ran. Ends with 0 only if RUNS inputs ran without a crash, a hang or too much memory.
# MINUTES=60 bounds the time; SEED=7 makes the choice of inputs repeatable for one corpus; TIMEOUT=20 is for a machine so busy that an input
# may wait seconds for its turn.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../.." && pwd)"
target="${1:?Give the target, and how many inputs it shall run: fuzz.sh TARGET [RUNS]}"
runs="${2:-10000000}"
folder="$here/Targets/${target}Fuzz"
[ -d "$folder" ] || { echo "There is no fuzz target $target. Give one of $(cd "$here/Targets" && ls | sed 's/Fuzz$//' | xargs)." >&2; exit 2; }
source "$folder/settings.sh"

scratch="$root/.build-fuzz"
corpus="$scratch/corpus/$target"
mkdir -p "$corpus" "$scratch/crashes"
swift build -c release --package-path "$here" --scratch-path "$scratch" --product "${target}Fuzz" \
  --sanitize=fuzzer -Xswiftc -sanitize=fuzzer -Xlinker --allow-multiple-definition > "$scratch/$target.log" 2>&1 ||
  { cat "$scratch/$target.log"; exit 1; }
fuzzer="$scratch/release/${target}Fuzz"
# The program's own traces are slower than what libFuzzer prints.
export SWIFT_BACKTRACE=enable=no

# Once found, never again: the inputs of mended mistakes come first.
for regression in "$folder"/regressions/*; do
  [ -e "$regression" ] || continue
  "$fuzzer" -timeout="$TIMEOUT" "$regression" > "$scratch/$target.log" 2>&1 || { tail -40 "$scratch/$target.log"; exit 1; }
done

# The corpus grows from run to run; it starts with the samples.
seeds=()
for seed in "$folder/seeds" $SEEDS; do
  [[ "$seed" = /* ]] || seed="$root/$seed"
  [ -d "$seed" ] && seeds+=("$seed")
done
status=0
nice "$fuzzer" -runs="$runs" -max_len="$MAX_LENGTH" -timeout="$TIMEOUT" -rss_limit_mb=1024 -max_total_time=$((${MINUTES:-60} * 60)) \
  -seed="${SEED:-0}" -dict="$folder/dictionary.txt" -artifact_prefix="$scratch/crashes/$target-" -print_final_stats=1 \
  "$corpus" "${seeds[@]}" > "$scratch/$target.log" 2>&1 || status=$?
grep -q "Loaded 1 PC tables" "$scratch/$target.log" || { echo "The program was built without libFuzzer's instrumentation." >&2; exit 1; }
count="$(sed -n 's/^stat::number_of_executed_units: *//p' "$scratch/$target.log")"
slowest="$(sed -n 's/^stat::slowest_unit_time_sec: *//p' "$scratch/$target.log")"
rate="$(sed -n 's/^stat::average_exec_per_sec: *//p' "$scratch/$target.log")"
if [ "$status" -ne 0 ]; then
  tail -60 "$scratch/$target.log"
  echo "$target: input ${count:-?} of $runs failed. It is the newest file in $scratch/crashes; mend, then keep it in $folder/regressions." >&2
  exit 1
fi
echo "$target: ${count:-0} inputs, $rate a second, no crash, no hang; the slowest took ${slowest} s (whole seconds)."
[ "${count:-0}" -ge "$runs" ] || { echo "The time was up before $runs inputs; MINUTES=… gives more." >&2; exit 1; }
