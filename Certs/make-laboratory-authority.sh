#!/usr/bin/env bash
# Makes a certificate authority for a laboratory in DIR, with the certificates of some servers and one operator.
# Never for a real pool: `ovm pool bootstrap` makes that one's authority, and its key never leaves the members.
set -euo pipefail

if [ $# -lt 1 ] || [ $# -gt 4 ]; then
    echo "usage: $0 DIR [POOL [SERVERS [OPERATOR]]]" >&2
    echo "  POOL      a UUID in lower case; a random one by default" >&2
    echo "  SERVERS   how many servers, 3 by default" >&2
    echo "  OPERATOR  the operator's name, 'laboratory' by default" >&2
    exit 2
fi

directory=$1
pool=${2:-$(cat /proc/sys/kernel/random/uuid)}
servers=${3:-3}
operator=${4:-laboratory}
configuration=$(cd "$(dirname "$0")" && pwd)/openssl.cnf

if [ -e "$directory/authority.key" ]; then
    echo "$directory holds an authority already; choose another directory." >&2
    exit 1
fi

umask 077 # Keys are born with mode 0600.
mkdir -p "$directory"
export LABORATORY_NAME="laboratory pool $pool" LABORATORY_IDENTITY="ovm://$pool/"

new_key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null ||
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }

# issue SECTION FILE NAME IDENTITY
issue() {
    export LABORATORY_NAME=$3 LABORATORY_IDENTITY=$4
    new_key "$directory/$2.key"
    openssl req -new -config "$configuration" -key "$directory/$2.key" -out "$directory/$2.csr"
    openssl x509 -req -in "$directory/$2.csr" -CA "$directory/authority.pem" -CAkey "$directory/authority.key" \
        -set_serial "0x40$(openssl rand -hex 15)" -days 365 -sha256 -extfile "$configuration" -extensions "$1" \
        -out "$directory/$2.pem" 2>/dev/null
    rm "$directory/$2.csr"
}

new_key "$directory/authority.key"
openssl req -new -x509 -config "$configuration" -extensions authority -days 10950 -sha256 \
    -key "$directory/authority.key" -out "$directory/authority.pem"
for id in $(seq 1 "$servers"); do
    issue server "server-$id" "laboratory server $id" "ovm://$pool/server/$id"
done
issue operator "operator" "$operator" "ovm://$pool/operator/$operator"
echo "$pool" > "$directory/pool"
chmod 644 "$directory"/*.pem "$directory/pool"
echo "laboratory pool $pool in $directory: authority, $servers servers, operator $operator"
