#!/usr/bin/env bash
# Copies a program into Domain-0 of a server, when it changed, and runs it there as root.
#
#   run-binary.sh ID PROGRAM [ARGUMENT...]               in the foreground: output and exit status come back
#   run-binary.sh --background ID PROGRAM [ARGUMENT...]  as a daemon: prints its process number; its output goes to
#                                                        /var/log/ovm/NAME.log in Domain-0
#   run-binary.sh --copy-only ID PROGRAM
#
# Swift's run-time libraries come from the server's own disk, where this puts what the program needs of them, by way of $SHARE/lib: from there
# each start would take a second more. One with the static standard library needs none. dom0.sh finds the program by its name, also after a power cut.
set -euo pipefail
. "$(dirname "$0")/settings.sh"

mode=foreground
case ${1:-} in --background | --copy-only) mode=${1#--}; shift ;; esac
id=${1:?ID}
program=${2:?PROGRAM}
shift 2
name=${program##*/}

# Without debug information it is a third of the size; symbols stay, for backtraces.
key=$(stat -L -c '%n %s %Y' "$program" | sha256sum | cut -c1-16)
stripped=$RUN/programs/$key/$name
if [ ! -e "$stripped" ]; then
  rm -rf "$RUN"/programs/*/"$name"
  mkdir -p "${stripped%/*}"
  strip --strip-debug -o "$stripped.$$" "$program" 2>/dev/null || cp -L "$program" "$stripped.$$"
  mkdir -p "$SHARE/lib"
  ldd "$program" 2>/dev/null | awk '$3 ~ "/swift/linux/" { print $3 }' | while read -r file; do cp -Lu "$file" "$SHARE/lib/"; done
  mv "$stripped.$$" "$stripped"
fi
if ! "$lab/dom0.sh" "$id" "[ \"\$(cat /disk/programs/$name.key 2>/dev/null)\" = $key ]"; then
  "$lab/copy-in.sh" "$id" "$stripped" /disk/programs
  "$lab/dom0.sh" "$id" "set -e
    chmod 755 /disk/programs/$name
    mkdir -p /disk/lib
    ! [ -d /host/lib ] || cp -u /host/lib/* /disk/lib/
    # As the systemd unit sets it: Swift's backtracer would keep the connections of a dead agent open.
    printf '#!/bin/sh\nexport LD_LIBRARY_PATH=/disk/lib SWIFT_BACKTRACE=enable=no\nexec /disk/programs/$name \"\$@\"\n' > /disk/bin/$name
    chmod 755 /disk/bin/$name
    echo $key > /disk/programs/$name.key
    sync"
fi

command="ulimit -n 65536; exec /disk/bin/$name"
[ $# -eq 0 ] || command+=$(printf ' %q' "$@")
case $mode in
  copy-only) ;;
  foreground) "$lab/dom0.sh" "$id" "$command" ;;
  background)
    "$lab/dom0.sh" "$id" "setsid bash -c $(printf %q "$command") </dev/null >>/var/log/ovm/$name.log 2>&1 & echo \$!"
    ;;
esac
