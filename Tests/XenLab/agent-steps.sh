# What the tests of the agent are made of; one-host.sh and the others source this file first. It bears the steps, the client out here and
# what is asked of the emulated servers, and ends them in the end.
#
# The script that sources it has set `program`, and `servers`, the numbers of its emulated servers.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
cd "$lab" || exit 1

BOUND=${BOUND:-600}
# Seconds that a step waits for what must come: idle machines need a tenth of it.
PATIENCE=${PATIENCE:-120}
export TIMEOUT=$((PATIENCE + 60))
# 1: the steps that say most for their time, and no failure where the time is over before they are.
SHORT=${SHORT:-0}
work=$(mktemp -d)
failures=0
# What asks Domain-0 where no server is named.
server=1

skip() {
  echo "Xen is not tested: $*"
  rm -rf "$work"
  exit 77
}
[ "$(uname -m)" = x86_64 ] || skip "the emulated servers are x86_64, and this machine is not."
command -v qemu-system-x86_64 >/dev/null || skip "there is no QEMU. Run Tests/XenLab/install-packages.sh as root."
available=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
needed=$((MEMORY * $(wc -w <<<"$servers") + 512))
[ "$available" -ge "$needed" ] || skip "$available MiB of memory are free, and $needed are needed."
[ -e "$IMAGE/complete" ] || skip "there is no image. Run Tests/XenLab/build-image.sh."
for id in $servers; do
  ! ./boot.sh alive "$id" || skip "server $id of the laboratory runs already. End it with Tests/XenLab/boot.sh down $id."
done

# step NAME BODY: the commands of BODY must succeed; the last line of what they print is shown.
step() {
  local output status from took
  if [ $SECONDS -ge "$BOUND" ] && [ "$SHORT" = 1 ]; then
    echo "left out         $1: $BOUND s are over"
    return
  fi
  if [ $SECONDS -ge "$BOUND" ]; then
    echo "FAIL  $SECONDS s  $1: the $BOUND s that all steps may take together are over"
    failures=$((failures + 1))
    return
  fi
  from=$(date +%s.%N)
  output=$(set -e; eval "$2" 2>&1)
  status=$?
  took=$(awk -v from="$from" -v to="$(date +%s.%N)" 'BEGIN { printf "%.1f", to - from }')
  if [ $status = 0 ]; then
    printf 'ok   %5s s of %3d  %-38s %s\n' "$took" $SECONDS "$1" "$(tail -1 <<<"$output" | cut -c1-110)"
  else
    printf 'FAIL %5s s of %3d  %s\n' "$took" $SECONDS "$1"
    tail -20 <<<"$output" | sed 's/^/      | /'
    failures=$((failures + 1))
  fi
}
# The same for a step that a short run leaves out.
long() { [ "$SHORT" = 1 ] || step "$@"; }
# The same for a step that only a thorough run has.
thorough() { [ "${THOROUGH:-0}" != 1 ] || step "$@"; }
# The same for a step without which the others make no sense.
needs() {
  step "$@"
  [ $failures = 0 ] || exit 1
}
# until_true SECONDS COMMAND: polls until the command succeeds.
until_true() {
  local end=$((SECONDS + $1))
  until eval "$2" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { echo "gave up after $1 s on: $2"; eval "$2" || true; return 1; }
    sleep 0.3
  done
}
# The client runs out here, where it costs nothing. A server busy with a guest may miss the client's patience: status 3 then
# says that nothing has left, so that it is tried again.
pool() {
  local status end=$((SECONDS + PATIENCE))
  while :; do
    status=0
    timeout $((PATIENCE + 30)) "$program" "$@" --pool "$work/pool.json" 2>"$work/words" || status=$?
    [ $status = 3 ] && [ $SECONDS -lt $end ] || break
  done
  [ $status = 0 ] || cat "$work/words"
  return $status
}
# in_dom0 [-SERVER] COMMANDS: of server $server, or of the one that is named.
in_dom0() {
  local id=$server
  case $1 in -[0-9]*) id=${1#-}; shift ;; esac
  ./dom0.sh "$id" ". /host/guests.sh; set -e; $*"
}
# A value of a machine's document: `of NAME KEY`.
of() { pool vm show "$1" -o json | python3 -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1], ""))' "$2"; }
is() { [ "$(of "$1" status)" = "$2" ]; }
becomes() { until_true $PATIENCE "is $1 $2"; }
# At rest: no task works on it.
rests() { until_true $PATIENCE "[ -z \"\$(of $1 task)\" ]"; }
domain() { in_dom0 "xl domid $1"; }
count() { in_dom0 "count $1"; }
# The guest says another number than before.
counts_on() { in_dom0 "a=\$(count $1); until_true $PATIENCE \"[ \\\"\\\$(count $1)\\\" != \\\"\$a\\\" ]\"; count $1"; }
# hears NAME LINE: typed on its text console through the pool, again and again, the line is answered by its guest.
hears() {
  local reader status=0
  timeout $PATIENCE "$program" vm console "$1" --pool "$work/pool.json" > "$work/console" 2>&1 \
    < <(while echo "$2" 2>/dev/null; do sleep 3; done) &
  reader=$!
  until_true $PATIENCE "grep -a 'GUEST heard $2' '$work/console'" || status=$?
  kill $reader 2>/dev/null || true
  wait $reader 2>/dev/null || true
  grep -a -o "GUEST heard $2" "$work/console" || tail -3 "$work/console"
  return $status
}
# What the pool says and what Xen has are one: it runs in one domain, or is off with none.
is_true() {
  local status domains
  rests "$1"
  status=$(of "$1" status)
  domains=$(in_dom0 "xl list | awk -v name=$1 '\$1 == name { n++ } END { print n + 0 }'")
  case $status-$domains in
    Running-1 | PoweredOff-0 | Paused-1) echo "$status, $domains domains: $(of "$1" cause)" ;;
    *) echo "$status, but Xen has $domains domains of it: $(of "$1" cause)"; return 1 ;;
  esac
}
# machine NAME TYPE [KERNEL ARGUMENTS [MORE LINES]]: makes one of a vm.cfg.
machine() {
  cat > "$work/$1.cfg" <<CONFIGURATION
name = "$1"
type = "$2"
kernel = "${KERNEL:-/img/vmlinux}"
ramdisk = "/img/guest.cpio.gz"
extra = "console=${CONSOLE:-hvc0} quiet mitigations=off ${3:-}"
memory = 112
vcpus = 1
${4:-}
CONFIGURATION
  pool vm create -f "$work/$1.cfg"
}
# Each server's agent is known by its process number in that Domain-0. start_agent [SERVER].
start_agent() {
  ./run-binary.sh --background "${1:-$server}" "$program" agent run > "$work/agent.${1:-$server}"
  until_true $PATIENCE 'pool pool status'
}
agent() { cat "$work/agent.${1:-$server}"; }
kill_agent() { in_dom0 "-${1:-$server}" "kill -KILL $(agent "${1:-$server}"); until_true 10 '! kill -0 $(agent "${1:-$server}") 2>/dev/null'"; }

finish() {
  local id
  if [ $failures -gt 0 ]; then
    for id in $servers; do
      echo "The last words of the agent of server $id:"
      TIMEOUT=20 ./dom0.sh "$id" 'tail -25 /var/log/ovm/ovm.log; xl list' 2>&1 | sed 's/^/  | /'
    done
  fi
  # shellcheck disable=SC2086
  ./boot.sh down $servers
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT
# A short run that is ended by its caller's clock has shown what it has shown.
trap 'echo "The time is over after $SECONDS s; $failures failures until then."; [ "$SHORT" = 1 ] && [ $failures = 0 ]; exit' TERM
cp guests.sh "$SHARE/"

# found: a pool on server 1, whose query port the client reaches out here.
found() {
  in_dom0 -1 "truncate -s 8M /disk/pv.img
    ovm pool bootstrap --name lab --address 10.77.0.1:8899 --query 10.77.0.1:4443 --storage-root /disk --storage-root /dev --no-start" \
    | tee "$work/founding"
  grep -q "^The hypervisor is Xen 4.17.*, which answers here.$" "$work/founding"
  ./dom0.sh 1 "cat /var/lib/ovm/pool.json" | sed "s/10\.77\.0\.1:4443/localhost:$((BASE_PORT + 101))/" > "$work/pool.json"
  chmod 600 "$work/pool.json"
  head -1 "$work/founding"
}

# --- Of pools of several servers ---

# The number of the server that a machine is placed on; nothing where it is on none.
place() { of "$1" server | tr -dc 0-9; }
# reachable SERVER: the pool hears it.
reachable() { pool server ls -o json | python3 -c 'import json, sys
sys.exit(not any(server["name"] == sys.argv[1] and server["isReachable"] for server in json.load(sys.stdin)["servers"]))' "xen$1"; }
# How many domains of a machine the servers have that are named.
domains() {
  local id name=$1 sum=0
  shift
  for id in "$@"; do sum=$((sum + $(in_dom0 "-$id" "xl list | awk -v name=$name '\$1 == name { n++ } END { print n + 0 }'"))); done
  echo $sum
}
# The pool file for the client out here, with the query port of each server behind a port of loopback.
pool_file() {
  python3 - "$work/pool.json" "$BASE_PORT" $servers <<'PYTHON'
import json, sys
path, base = sys.argv[1], int(sys.argv[2])
file = json.load(open(path))
file["servers"] = [{"name": "xen" + id, "query": "localhost:%d" % (base + 100 + int(id))} for id in sys.argv[3:]]
json.dump(file, open(path, "w"))
PYTHON
}
joins() {
  local token
  token=$(pool pool token create -o json | python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])')
  in_dom0 "-$1" "ovm pool join $token --address 10.77.0.$1:8899 --query 10.77.0.$1:4443 --storage-root /disk --storage-root /dev --no-start"
  start_agent "$1"
  until_true $PATIENCE "reachable $1"
}
