#!/usr/bin/env bash
# Part 3 of the tests on Xen: a pool of three emulated servers. Placement on the server with the most free resources; the master's server
# loses its power, a new master is elected, what ran there is Unknown and started nowhere else; the server comes back and its machine is
# Powered off with the reason; a server is cut off and healed, and nothing of it is lost.
#
#   three-hosts.sh PROGRAM [TRANSCRIPT]     exit status 0: all held; 1: something did not; 77: this machine cannot run it, and why.
#                                           TRANSCRIPT: the file that what an operator types and sees is written to
#
# BOUND (600) is how many seconds all of it may take. Each step is printed with its own time and the time since the beginning.
program=$(realpath "${1:?PROGRAM}")
transcript=$(realpath -m "${2:-/dev/null}")
servers="1 2 3"
. "$(dirname "$0")/agent-steps.sh"

master() { pool pool master --no-headers | awk '{ print $1 }' | tr -dc 0-9; }
others() { for id in $servers; do [ "$id" = "$1" ] || echo "$id"; done; }
# A write that the pool takes, tried again and again; prints after how many milliseconds from $1 (date +%s%N).
writes_again() {
  until timeout 60 "$program" vm tag set one failover "$1" --pool "$work/pool.json" >/dev/null 2>&1; do sleep 0.2; done
  echo $((($(date +%s%N) - $1) / 1000000))
}

# remark TEXT, typed COMMAND...: into the transcript.
echo "# What an operator sees of the loss of the master's server: real Xen in emulation, written by three-hosts.sh. What follows $ was typed." > "$transcript"
began=$SECONDS
remark() { printf '\n# %d s: %s\n' $((SECONDS - began)) "$*" >> "$transcript"; }
typed() {
  printf '$ ovm %s\n' "$*" >> "$transcript"
  timeout 60 "$program" "$@" --pool "$work/pool.json" >> "$transcript" 2>&1 || true
}

needs "three servers boot" './boot.sh up 3'
needs "the program is copied in" 'for id in $servers; do ./run-binary.sh --copy-only $id "$program"; done; ./dom0.sh 3 "ovm --version"'
needs "a pool is founded" found
needs "its first agent starts" 'start_agent 1; pool pool status | grep -q "1 of 1 reachable"'
needs "the second joins" 'joins 2'
needs "the third joins" 'joins 3'
pool_file
needs "all three are reachable" 'until_true $PATIENCE "pool pool status | grep -q \"3 of 3 reachable\""; pool pool status | tail -1'

step "each goes where most is free" '
  for name in one two three; do machine $name pvh; pool vm start $name; becomes $name Running; done
  places=$(for name in one two three; do echo "$(place $name)"; done | sort -u | wc -l)
  [ "$places" = 3 ]; for name in one two three; do printf "%s on xen%s  " $name "$(place $name)"; done'
step "the explanation says so" 'pool vm explain one | head -3; pool vm explain one | grep -q "xen$(place one)"'
step "the guests count" 'for name in one two three; do server=$(place $name); in_dom0 "until_true $PATIENCE counts $name"; done'

# The machine on the master's server.
lost=$(master)
for name in one two three; do [ "$(place $name)" != "$lost" ] || gone=$name; done
kept=$(others "$lost" | tr '\n' ' ')
began=$SECONDS
remark "three servers, each with a machine"
typed pool status
typed vm ls
remark "xen$lost, the master, loses its power"
step "the master's server loses its power" '
  from=$(date +%s%N); ./boot.sh power-cut $lost; echo "a write is taken after $(writes_again $from) ms; xen$lost is off, xen$(master) leads"'
step "its machine is Unknown" 'becomes $gone Unknown; of $gone cause'
remark "another one leads; what ran on xen$lost is unknown, and is started nowhere else"
typed pool status
typed vm ls
typed vm show "$gone"
typed vm start "$gone"
step "and runs nowhere else" 'sleep 5; [ "$(domains $gone $kept)" = 0 ]; is $gone Unknown; ! pool vm start $gone; cat "$work/words" | head -1'
step "the others run on" 'for id in $kept; do server=$id; for name in one two three; do [ "$(place $name)" != $id ] || counts_on $name; done; done'
remark "xen$lost gets its power back, and its agent starts"
step "the server comes back" './boot.sh start $lost; ./boot.sh wait $lost; start_agent $lost; until_true $PATIENCE "reachable $lost"; pool pool status | tail -1'
step "its machine is off, with the reason" 'becomes $gone PoweredOff; [ "$(domains $gone $servers)" = 0 ]; of $gone cause'
remark "it is heard again: what it ran is off, with the reason, and can be started"
typed server ls
typed vm show "$gone"
typed vm start "$gone" --no-wait
step "and starts again" 'becomes $gone Running; [ "$(domains $gone $servers)" = 1 ]; echo "on xen$(place $gone)"'

typed vm ls
remark "what the pool has noted of it"
typed event ls --object "vm/$gone"
typed event ls --object "server/xen$lost"

# One that is not master now is cut off, agent and guests running.
leader=$(master)
cut=$(others "$leader" | head -1)
stays=
for name in one two three; do [ "$(place $name)" != "$cut" ] || stays=$name; done
step "a server is cut off: Unknown there" '
  server=$cut; domain $stays > "$work/domain"; of $stays epoch > "$work/epoch"
  ./boot.sh isolate $cut; becomes $stays Unknown; of $stays cause'
step "its guest runs on, and nowhere else" 'server=$cut; counts_on $stays; [ "$(domains $stays $(others $cut))" = 0 ]'
step "a write meanwhile" 'pool vm tag set $stays while cut; echo taken'
step "healed: adopted, nothing lost" '
  ./boot.sh join $cut; until_true $PATIENCE "reachable $cut"; becomes $stays Running; server=$cut
  [ "$(domain $stays)" = "$(cat "$work/domain")" ]; [ "$(of $stays epoch)" = "$(cat "$work/epoch")" ]
  pool vm tag get $stays while | grep -q cut; echo "domain $(cat "$work/domain") goes on at $(counts_on $stays)"'
step "equal state everywhere" 'pool pool status'

echo "$failures failures, $SECONDS s"
[ $failures = 0 ]
