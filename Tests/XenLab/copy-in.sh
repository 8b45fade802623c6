#!/usr/bin/env bash
# Copies files into Domain-0 of a server.
#
#   copy-in.sh ID FILE... FOLDER     FOLDER is made where it is missing; what lies below /disk outlives a power cut
set -euo pipefail
. "$(dirname "$0")/settings.sh"

id=${1:?ID}
[ $# -ge 3 ] || refuse "copy-in.sh ID FILE... FOLDER"
folder=${*: -1}
files=("${@:2:$#-2}")

# Through the shared folder: the control port is slower. A file is replaced by renaming, as a running program cannot be
# written to.
passage=$(mktemp -d "$SHARE/in-$id.XXXXXX")
trap 'rm -rf "$passage"' EXIT
cp -L --reflink=auto "${files[@]}" "$passage/"
"$lab/dom0.sh" "$id" "set -e
mkdir -p '$folder'
for file in /host/${passage##*/}/*; do
  cp -p \"\$file\" '$folder'/.arriving
  mv '$folder'/.arriving '$folder'/\"\${file##*/}\"
done
sync -f '$folder' 2>/dev/null || sync"
