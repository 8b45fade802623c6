#!/usr/bin/env bash
# What `make test` runs of the tests on Xen: the short form of part 1, in at most four minutes. Where it cannot run it says why, and is no
# failure; `OVM_SKIP_XEN=1` leaves it out.
#
#   check.sh PROGRAM
set -u
program=$(realpath "${1:?PROGRAM}")
cd "$(dirname "$0")" || exit 1

skip() {
  echo "Xen is not tested: $*"
  exit 0
}
[ "${OVM_SKIP_XEN:-}" != 1 ] || skip "OVM_SKIP_XEN is set."
[ "$(uname -m)" = x86_64 ] || skip "the emulated servers are x86_64, and this machine is not."
./install-packages.sh || skip "packages are missing, see above."
./build-image.sh || skip "the image could not be built, see above."
status=0
SHORT=1 BOUND=${BOUND:-200} PATIENCE=${PATIENCE:-100} timeout --kill-after=30 240 ./one-host.sh "$program" || status=$?
[ $status = 77 ] && exit 0
exit $status
