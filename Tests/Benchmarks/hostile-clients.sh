#!/usr/bin/env bash
# hostile-clients.sh OVM [SECONDS]: how much clients that mean harm delay another's write, against a demonstration's three servers.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"

ovm=$1
command -v python3 >/dev/null || { echo "python3 is missing. Run: apt-get install python3-minimal; then try again." >&2; exit 1; }
folder=$(mktemp -d /tmp/ovm-bench-XXXXXX)
trap '"$ovm" pool demo --dir "$folder/d" --stop >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT

"$ovm" pool demo --dir "$folder/d" --detach >/dev/null
python3 "$here/hostile_clients.py" "$folder/d/pool.json" "${2:-5}"
