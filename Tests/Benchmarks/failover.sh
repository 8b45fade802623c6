#!/usr/bin/env bash
# failover.sh OVM [TRIALS]: the time from SIGKILL of the master to the next accepted write, measured by the demonstration's own story.
set -euo pipefail

ovm=$1
trials=${2:-20}
folder=$(mktemp -d /tmp/ovm-bench-XXXXXX)
trap '"$ovm" pool demo --dir "$folder/d" --stop >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT

for trial in $(seq "$trials"); do
  line=$("$ovm" pool demo --dir "$folder/d" --once | grep '^failover: ') || { echo "trial $trial: the story did not hold" >&2; exit 1; }
  echo "trial $trial: $line" >&2
  echo "$line" | sed -E 's/^failover: ([0-9]+) ms.*/\1/' >> "$folder/times"
done

sort -n "$folder/times" | awk '{ t[NR] = $1 } END {
  m = NR % 2 ? t[(NR + 1) / 2] : (t[NR / 2] + t[NR / 2 + 1]) / 2
  printf "failover of %d: median %s ms, least %s ms, most %s ms\n", NR, m, t[1], t[NR] }'
