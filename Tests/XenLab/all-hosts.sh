#!/usr/bin/env bash
# All tests of the agent on Xen but HVM's, in two lanes at once: a pool of one server, and beside it a pool of two and then one of three.
# A server is one emulated CPU and mostly waits, so that two cores carry both lanes.
#
#   all-hosts.sh PROGRAM     exit status 0: all held; 1: something did not; 77: this machine cannot run it, and why
#
# Each lane prints its steps as they end. THOROUGH=1: all steps, one lane after the other, an hour at most.
set -u
program=$(realpath "${1:?PROGRAM}")
. "$(dirname "$0")/settings.sh"
cd "$lab" || exit 1

# The lanes share nothing but the image: each has servers, ports and a folder of its own.
one() {
  RUN=$RUN-one SHARE=$SHARE-one BASE_PORT=$((BASE_PORT + 400)) ./one-host.sh "$program" 2>&1 | sed -u 's/^/one    | /'
  return "${PIPESTATUS[0]}"
}
several() {
  local status=0 worst=0 part
  for part in two three; do
    ./$part-hosts.sh "$program" 2>&1 | sed -u "s/^/$(printf %-6s $part) | /"
    status=${PIPESTATUS[0]}
    [ "$status" = 0 ] || worst=$status
  done
  return "$worst"
}

export BOUND PATIENCE THOROUGH=${THOROUGH:-0}
if [ "$THOROUGH" = 1 ]; then
  BOUND=${BOUND:-1200} PATIENCE=${PATIENCE:-120}
  one
  first=$?
  several
  second=$?
else
  # Two lanes on two cores: what a step waits for may take twice as long.
  BOUND=${BOUND:-590} PATIENCE=${PATIENCE:-180}
  one &
  first=$!
  several
  second=$?
  wait $first
  first=$?
fi
echo "All of it took $SECONDS s; of one server: $([ $first = 0 ] && echo all held || echo "exit status $first"), \
of several: $([ $second = 0 ] && echo all held || echo "exit status $second")."
[ $first = 77 ] || [ $second = 77 ] && exit 77
[ $first = 0 ] && [ $second = 0 ]
