#!/usr/bin/env bash
# test-api.sh OVM SCHEMATHESIS [SEED]: schemathesis, with all of its checks, against the query port of a pool of one server.
set -euo pipefail

ovm=$1
schemathesis=$2
seed=${3:-$RANDOM}
examples=${EXAMPLES:-30}
patience=${PATIENCE:-1500}
here=$(cd "$(dirname "$0")" && pwd)
python=$(dirname "$schemathesis")/python
folder=$(mktemp -d /tmp/ovm-api-XXXXXX)
trap '"$ovm" pool demo --dir "$folder/p" --stop >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT

"$ovm" pool demo --servers 1 --detach --dir "$folder/p" > "$folder/story" || { cat "$folder/story" >&2; exit 1; }
field() { "$python" -c 'import json, sys; print(eval(sys.argv[2], {"pool": json.load(open(sys.argv[1]))}))' "$folder/p/pool.json" "$1"; }
field 'pool["authority"]' > "$folder/authority.pem"
query=$(field 'pool["servers"][0]["query"]')
# In the environment and not among the arguments, which every user of the machine may read.
OVM_TOKEN=$(field 'pool["token"]')
export OVM_TOKEN

echo "seed $seed (SEED=$seed make test-api repeats it)"
cd "$folder"
status=0
timeout "$patience" "$schemathesis" --config-file "$here/schemathesis.toml" run "https://$query/openapi.json" \
  --tls-verify "$folder/authority.pem" --checks all --seed "$seed" --max-examples "$examples" \
  --generation-database none --request-timeout 20 --no-color || status=$?
[ "$status" -ne 124 ] || echo "It took longer than $patience s: see PATIENCE and EXAMPLES." >&2
if [ -n "${KEEP_LOG:-}" ]; then cp "$folder/p/alpha/agent.log" "$KEEP_LOG"; fi
exit "$status"
