#!/usr/bin/env bash
# Part 2 of the tests on Xen: machines that move between the two emulated servers of a pool. A PVH machine moves while it runs, there and
# back, a PV one standing still; either agent is killed in the middle of a move, and the server that a machine moves to loses its power.
# However it ends, the machine runs in one domain or in none, and its guest goes on counting where it was.
#
#   two-hosts.sh PROGRAM     exit status 0: all held; 1: something did not; 77: this machine cannot run it, and why
#
# THOROUGH=1: it moves once more after each death. BOUND (900) is how many seconds all of it may take. Each step is printed with its own time and the time since the beginning.
program=$(realpath "${1:?PROGRAM}")
servers="1 2"
BOUND=${BOUND:-900}
. "$(dirname "$0")/agent-steps.sh"

# MiB a second: a machine of 112 MiB is under way for half a minute, and something can happen to it.
SLOWLY=4

other() { [ "$1" = 1 ] && echo 2 || echo 1; }
# runs SERVER NAME: its domain there is neither paused nor ended nor suspended.
runs() { in_dom0 "-$1" "case \$(state $2) in '' | *[pscd]*) exit 1 ;; esac"; }
# one_at_most NAME FROM TO: until the file "moving" is gone. What runs on the server that it moves to ran no more on the other before.
one_at_most() {
  while [ -e "$work/moving" ]; do
    if runs "$3" "$1" && runs "$2" "$1"; then echo "it runs on xen$3 while it runs on xen$2" >> "$work/both"; fi
  done 2>/dev/null
}
# moves NAME [OPTIONS]: to the other server, where its guest goes on.
moves() {
  local name=$1 from to before after watcher status=0
  shift
  from=$(place "$name")
  to=$(other "$from")
  server=$from
  before=$(counts_on "$name")
  rm -f "$work/both"
  touch "$work/moving"
  one_at_most "$name" "$from" "$to" &
  watcher=$!
  pool vm migrate "$name" --to "xen$to" "$@" || status=$?
  # Where nobody could be asked meanwhile, the pool tells what came of it.
  if [ $status = 4 ]; then rests "$name"; status=0; fi
  rm "$work/moving"
  wait $watcher || true
  [ $status = 0 ]
  [ ! -e "$work/both" ] || { cat "$work/both"; return 1; }
  becomes "$name" Running
  [ "$(place "$name")" = "$to" ]
  server=$to
  after=$(counts_on "$name")
  # The first number that the console here has of this stay is above the last of the other: the guest did not boot again.
  [ "$after" -gt "$before" ]
  until_true $PATIENCE "[ \$(domains $name $from) = 0 ]"
  [ "$(domains "$name" "$to")" = 1 ]
  echo "from xen$from at $before to xen$to at $after"
}
# under_way NAME TO: waits until the server that a machine moves to has a domain of it.
under_way() { in_dom0 "-$2" "until_true $PATIENCE 'xl domid $1 >/dev/null 2>&1'; sleep 2"; }
# once NAME AT: the pool and Xen agree that it runs once, from AT on, or is off with a reason.
once() {
  local after
  rests "$1"
  until_true $PATIENCE "case \$(of $1 status)-\$(domains $1 $servers) in Running-1 | PoweredOff-0) ;; *) false ;; esac"
  if is "$1" Running; then
    server=$(place "$1")
    after=$(counts_on "$1")
    [ "$after" -gt "$2" ]
    echo "it runs on xen$server, from $2 to $after"
  else
    [ -n "$(of "$1" cause)" ]
    echo "it is off: $(of "$1" cause)"
  fi
}
# back NAME: lets it run where it can.
back() { is "$1" Running || { pool vm start "$1"; becomes "$1" Running; }; }

needs "two servers boot" './boot.sh up 2'
needs "the program is copied in" 'for id in $servers; do ./run-binary.sh --copy-only $id "$program"; done; ./dom0.sh 2 "ovm --version"'
needs "a pool is founded" found
needs "its first agent starts" 'start_agent 1; pool pool status | grep -q "1 of 1 reachable"'
needs "the second joins" 'joins 2'
pool_file
needs "both are reachable" 'until_true $PATIENCE "pool pool status | grep -q \"2 of 2 reachable\""; pool pool status | tail -1'

needs "PVH: started" 'machine pvh pvh "" "vif = [\"bridge=xenbr0\"]"; pool vm start pvh; becomes pvh Running; server=$(place pvh); counts_on pvh'
step "PVH: a move is thought through" 'pool vm migrate pvh --to xen$(other $(place pvh)) --check; is pvh Running'
step "PVH: moves while it runs" 'moves pvh'
step "PVH: and back" 'moves pvh'
thorough "PVH: pauses, goes on, reboots where it is" 'server=$(place pvh); pool vm pause pvh; becomes pvh Paused; pool vm unpause pvh; becomes pvh Running; counts_on pvh; pool vm reboot pvh; becomes pvh Running; counts_on pvh'

step "PV: started" 'machine pv pv; pool vm start pv; becomes pv Running; server=$(place pv); counts_on pv'
step "PV: moves, standing still" 'moves pv'
step "PV: stopped" 'pool vm stop pv --force; becomes pv PoweredOff; [ "$(domains pv $servers)" = 0 ]'

thorough "a move that is cancelled: it runs on where it was" '
  from=$(place pvh); to=$(other $from); server=$from; a=$(counts_on pvh)
  pool vm migrate pvh --to xen$to --bandwidth $SLOWLY --no-wait; under_way pvh $to; pool task cancel "$(of pvh task)"; once pvh $a
  [ "$(place pvh)" = $from ]; pool task ls | grep migrate | tail -1'
step "the agent that receives is killed" '
  from=$(place pvh); to=$(other $from); server=$from; a=$(counts_on pvh)
  pool vm migrate pvh --to xen$to --bandwidth $SLOWLY --no-wait; under_way pvh $to; kill_agent $to; start_agent $to; once pvh $a'
thorough "and it moves after all" 'back pvh; moves pvh'
step "the agent that sends is killed" '
  from=$(place pvh); to=$(other $from); server=$from; a=$(counts_on pvh)
  pool vm migrate pvh --to xen$to --bandwidth $SLOWLY --no-wait; under_way pvh $to; kill_agent $from; start_agent $from; once pvh $a'
thorough "and it moves after all, again" 'back pvh; moves pvh'
# Of two servers either is needed for a majority: until the other is back, the pool decides nothing, and the guest runs on where it was.
step "the server that receives loses its power" '
  from=$(place pvh); to=$(other $from); server=$from; a=$(counts_on pvh)
  pool vm migrate pvh --to xen$to --bandwidth $SLOWLY --no-wait; under_way pvh $to; ./boot.sh power-cut $to
  server=$from; counts_on pvh; ./boot.sh start $to; ./boot.sh wait $to; start_agent $to; until_true $PATIENCE "reachable $to"; once pvh $a'
thorough "and it moves there in the end" 'back pvh; moves pvh'
step "equal state everywhere" 'pool pool status'

echo "$failures failures, $SECONDS s"
[ $failures = 0 ]
