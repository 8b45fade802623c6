#!/usr/bin/env bash
# Part 1 of the tests on Xen: the agent itself on one emulated server. PV and PVH machines live their whole life through
# `ovm vm`, guests power off, reboot and crash, the agent is killed in the middle of operations, a foreign domain is left alone.
#
#   one-host.sh PROGRAM     exit status 0: all held; 1: something did not; 77: this machine cannot run it, and why
#
# BOUND (600) is how many seconds all of it may take; SHORT=1 leaves steps out. Each step is printed with its own time and the time since the beginning.
program=$(realpath "${1:?PROGRAM}")
servers=1
. "$(dirname "$0")/agent-steps.sh"

# killed_in_the_midst NAME OPERATION [OPTION]: asks for it, and the agent is killed in the moment when it has taken the task; then
# another is started.
killed_in_the_midst() {
  local killer
  rm -f "$SHARE/armed"
  in_dom0 "lines=\$(wc -l < /var/log/ovm/ovm.log); touch /host/armed
    grep -q -m1 'POST .*/$1/$2\" 202' < <(timeout $PATIENCE tail -n +\$((lines + 1)) -f /var/log/ovm/ovm.log)
    kill -KILL $(agent)" &
  killer=$!
  until_true $PATIENCE '[ -e "$SHARE/armed" ]'
  # The answer may die with the agent.
  pool vm "$2" "$1" --no-wait "${@:3}" || [ $? = 4 ]
  wait $killer
  start_agent
  rests "$1"
}

# --- The steps ---

needs "the server boots" './boot.sh up 1'
needs "the program is copied in" './run-binary.sh --copy-only 1 "$program"; ./dom0.sh 1 "ovm --version"'
needs "a pool is founded" found
needs "the agent starts" 'start_agent; pool pool status | grep -q "1 of 1 reachable"'
step "the server's facts are true" '
  in_dom0 "xl info" > "$work/info"
  pool server show xen1 -o json | python3 -c "
import json, sys
facts = json.load(sys.stdin)[\"facts\"]
info = dict(line.split(\":\", 1) for line in open(sys.argv[1]) if \":\" in line)
info = {key.strip(): value.strip() for key, value in info.items()}
total, free = int(info[\"total_memory\"]), int(info[\"free_memory\"])
assert facts[\"totalMemoryMiB\"] == total, facts
assert 0 <= facts[\"reservedMemoryMiB\"] - (total - free) <= 65, (facts, total, free)
assert facts[\"processors\"] == int(info[\"nr_cpus\"]), facts
assert facts[\"hypervisor\"].startswith(\"4.17\"), facts
assert {\"pv\", \"pvh\"} <= set(facts[\"domainTypes\"]), facts
assert [card[\"name\"] for card in facts[\"cards\"]] == [\"eth0\", \"eth1\"], facts
assert facts[\"bridges\"] == [{\"name\": \"xenbr0\", \"cards\": [\"eth1\"]}], facts
roots = {root[\"path\"]: root for root in facts[\"storageRoots\"]}
assert set(roots) == {\"/dev\", \"/disk\"} and roots[\"/disk\"][\"capacityMiB\"] > 1000 and not roots[\"/disk\"][\"isShared\"], facts
cpu, caps = facts[\"processor\"], info[\"virt_caps\"].split()
assert cpu[\"features\"] == info[\"hw_caps\"] and cpu[\"model\"] and cpu[\"vendor\"], (cpu, info)
assert [cpu[\"coresPerSocket\"], cpu[\"threadsPerCore\"], cpu[\"numaNodes\"]] == [
    int(info[key]) for key in (\"cores_per_socket\", \"threads_per_core\", \"nr_nodes\")], (cpu, info)
assert cpu[\"liveDomainTypes\"] == [
    kind for kind in facts[\"domainTypes\"] if \"shadow\" in caps or kind != \"pv\" and \"hap\" in caps], (cpu, caps)
print(total, \"MiB,\", facts[\"reservedMemoryMiB\"], \"of it not the pool'"'"'s; /disk has\", roots[\"/disk\"][\"capacityMiB\"], \"MiB\")
" "$work/info"'

step "PV: created of a vm.cfg, with a warning" 'machine pv pv "ip=10.77.0.101/24 disk=xvda" "vif = [\"bridge=xenbr0\"]
disk = [\"file:/disk/pv.img,xvda,w\"]
maxvcpus = 2
pci = [\"01:00.0\"]" 2>&1; grep "key pci is not carried out" "$work/words"; of pv warnings | grep "key pci is not carried out"'
step "PV: started" 'pool vm start pv; becomes pv Running; in_dom0 "until_true $PATIENCE counts pv; grep -a \"GUEST up\" \$(console pv)"'
step "PV: its NIC and its disk" 'in_dom0 "until_true $PATIENCE \"ping -c1 -W3 10.77.0.101 >/dev/null\"; until_true $PATIENCE \"head -c 64 /disk/pv.img | grep -aq count=\"; head -c 64 /disk/pv.img | head -1"'
# The kernel serves its disk, a raw image, by a loop device: what qemu serves is counted nowhere.
step "PV: what it uses is told" 'pool pool metrics > "$work/metrics"
  for name in cpu_seconds_total memory_held_bytes disk_written_bytes_total network_sent_bytes_total; do grep "^ovm_machine_$name{machine=\"pv\"" "$work/metrics"; done'
step "PV: its console through the pool" 'hears pv "good evening"'
long "its console's log" 'pool vm console pv --log | grep -a -m1 -o "GUEST up.*"'
long "the server's cards are the same with it" 'pool server show xen1 -o json | grep -c "\"name\" *: *\"vif" && exit 1; pool event ls | grep -c server-facts || true'
step "PV: paused" 'pool vm pause pv; becomes pv Paused; a=$(count pv); sleep 2; [ "$(count pv)" = "$a" ]; echo "stands at $a"'
step "PV: unpaused" 'pool vm unpause pv; becomes pv Running; echo "at $(counts_on pv)"'
long "PV: less memory while it runs" 'pool vm set pv --memory 104M; rests pv; in_dom0 "until_true $PATIENCE \"[ \\\$(memory pv) = 104 ]\"; memory pv"'
# 51712 is xvda and 51728 xvdb; 4 is a connected device's state. `!` would say nothing amid a step.
disks() { in_dom0 "xl block-list pv | awk '\$1 ~ /^51/ { print \$1 }' | xargs"; }
says() { of pv configuration | grep -c "$1" || true; }
long "PV: another virtual CPU while it runs" 'pool vm set pv --vcpus 2; rests pv; in_dom0 "until_true $PATIENCE \"grep -aq cpus=0-1 \$(console pv)\"; grep -a -o cpus=0-1 \$(console pv) | tail -1"
  pool vm set pv --vcpus 1; rests pv; in_dom0 "until_true $PATIENCE \"tail -3 \$(console pv) | grep -aq cpus=0\ \""; echo "two, then one"'
long "PV: a disk comes and goes while it runs" 'in_dom0 "truncate -s 16M /disk/extra.img"; pool vm disk attach pv "/disk/extra.img,raw,xvdb,w"; rests pv
  in_dom0 "until_true $PATIENCE \"xl block-list pv | grep -Eq \\\"^51728.*[[:space:]]4[[:space:]]\\\"\""; [ "$(disks)" = "51712 51728" ]; [ "$(says extra.img)" = 1 ]
  in_dom0 "xl block-list pv | tail -1"
  pool vm disk detach pv xvdb; rests pv; [ "$(disks)" = 51712 ]; [ "$(says extra.img)" = 0 ]; disks'
long "PV: a disk that is not there: refused by Xen" 'if pool vm disk attach pv "/disk/nowhere.img,raw,xvdb,w"; then exit 1; fi
  rests pv; [ "$(disks)" = 51712 ]; [ "$(says nowhere.img)" = 0 ]; is pv Running; tail -1 "$work/words"'
long "PV: a disk is taken by force" 'pool vm disk attach pv "/disk/extra.img,raw,xvdb,w"; pool vm disk detach pv xvdb --force; [ "$(disks)" = 51712 ]; disks'
long "PV: a NIC comes and goes while it runs" 'pool vm nic attach pv "bridge=xenbr0"; rests pv
  a=$(in_dom0 "xl network-list pv" | grep -oE "00:16:3e:[0-9a-f:]{8}" | sort); [ "$(wc -l <<<"$a")" = 2 ]
  b=$(of pv configuration | grep -oE "mac=[0-9a-f:]{17}" | cut -c5- | sort); [ "$a" = "$b" ]
  pool vm nic detach pv 1; rests pv; [ "$(in_dom0 "xl network-list pv" | grep -c 00:16:3e)" = 1 ]; [ "$(says "$(head -1 <<<"$a")")" -le 1 ]
  in_dom0 "until_true $PATIENCE \"ping -c1 -W3 10.77.0.101 >/dev/null\""; xargs <<<"$a"'
# What the killed agent had begun, or not yet, is finished by the next one.
long "agent killed while it attaches a disk" 'pool vm disk attach pv "/disk/extra.img,raw,xvdb,w" --no-wait; kill_agent; start_agent; becomes pv Running; rests pv
  [ "$(disks)" = "51712 51728" ]; [ "$(says extra.img)" = 1 ]; pool vm disk detach pv xvdb; [ "$(disks)" = 51712 ]; pool task ls | tail -1'
step "PV: suspended to an image, and resumed" 'a=$(counts_on pv); pool vm suspend pv; becomes pv Suspended; in_dom0 "gone pv; ls /var/lib/xen/save/ovm/*/pv-*.image"
  pool vm resume pv; becomes pv Running; in_dom0 "! ls /var/lib/xen/save/ovm/*/pv-*.image 2>/dev/null"; b=$(counts_on pv); [ "$b" -gt "$a" ]; echo "from $a to $b, the guest never booted again"'
step "agent killed and started: adopted" 'a=$(domain pv); epoch=$(of pv epoch); kill_agent; start_agent; becomes pv Running; rests pv
  [ "$(domain pv)" = "$a" ]; [ "$(of pv epoch)" = "$epoch" ]; echo "domain $a goes on at $(counts_on pv)"'
step "PV: rebooted" 'a=$(domain pv); pool vm reboot pv; becomes pv Running; b=$(domain pv); [ "$a" != "$b" ]; echo "domain $a, then $b"'
long "agent killed while it reboots" 'counts_on pv; killed_in_the_midst pv reboot; becomes pv Running; is_true pv'
long "agent killed while it pauses" 'killed_in_the_midst pv pause; is_true pv; is pv Running || pool vm unpause pv; becomes pv Running'
# Whichever way it ends: off in one image, or running, and never both.
long "agent killed while it suspends" 'counts_on pv; killed_in_the_midst pv suspend
  case $(of pv status) in Suspended) in_dom0 "gone pv"; a=image ;; *) becomes pv Running; is_true pv; a=domain; pool vm suspend pv; becomes pv Suspended ;; esac; echo "it was left as $a"'
long "agent killed while it resumes" 'killed_in_the_midst pv resume
  case $(of pv status) in Suspended) in_dom0 "gone pv"; pool vm resume pv ;; esac; becomes pv Running; is_true pv; echo "at $(counts_on pv)"'
long "agent killed while it stops" 'counts_on pv; killed_in_the_midst pv stop; becomes pv PoweredOff; is_true pv'
long "agent killed before it builds" 'killed_in_the_midst pv start; is_true pv'
# Slice by slice, until Xen has a domain of which xenstore knows nothing yet, or that moment is over.
long "agent killed as a domain is born" '! is pv Running || pool vm stop pv --force
  uuid=$(of pv uuid); pool vm start pv --no-wait
  in_dom0 "until xenstore-exists /tool/ovm/building/$uuid; do :; done
    until xl list | grep -q \"^(null)\" || xl domid pv >/dev/null 2>&1; do kill -CONT $(agent); kill -STOP $(agent); done
    kill -KILL $(agent); xl list | tail -1"
  start_agent; is_true pv; until_true $PATIENCE "! ./dom0.sh 1 \"xl list\" | grep \"^(null)\""'
step "agent killed while it builds" '! is pv Running || pool vm stop pv --force; pool vm start pv --no-wait
  in_dom0 "until xl domid pv >/dev/null 2>&1; do :; done; kill -KILL $(agent)"
  start_agent; is_true pv; is pv Running || pool vm start pv; becomes pv Running; is_true pv'
long "agent killed while it destroys" 'killed_in_the_midst pv stop --force; becomes pv PoweredOff; is_true pv'

# One at a time: guests that boot are what an emulated CPU is slow at.
step "a guest powers itself off" 'machine off pv "act=poweroff after=2"; pool vm start off; becomes off PoweredOff; is_true off; of off cause | grep "powered itself off"'
long "a guest reboots itself: started anew" 'machine boots pv "act=reboot after=9"; pool vm start boots; until_true $PATIENCE "[ \$(of boots epoch) -ge 2 ]"
  becomes boots Running; pool vm stop boots --force; is_true boots'
long "a guest crashes: started anew" 'machine crashes pv "act=crash after=9" "on_crash = \"restart\""; pool vm start crashes
  until_true $PATIENCE "[ \$(of crashes epoch) -ge 2 ]"; becomes crashes Running; pool vm stop crashes --force; is_true crashes'
long "a guest crashes: dumped, and started anew" 'machine dumped pv "act=crash after=9" "on_crash = \"coredump-restart\""; pool vm start dumped
  until_true $PATIENCE "[ \$(of dumped epoch) -ge 2 ]"; pool event ls --object vm/dumped | grep vm-core-dumped
  pool vm stop dumped --force; is_true dumped
  in_dom0 "stat -c \"%a %s %n\" /var/lib/xen/dump/dumped-*.core; rm /var/lib/xen/dump/dumped-*.core" | grep "^600 "'
long "one that crashes at once is not" 'machine dies pv "act=crash after=2" "on_crash = \"restart\""; pool vm start dies; becomes dies Error; until_true $PATIENCE "in_dom0 gone dies"; of dies cause'
long "it powers off while no agent runs" 'pool vm start off; kill_agent; in_dom0 "until_true $PATIENCE \"case \\\$(state off) in *s*) ;; *) false;; esac\""
  start_agent; becomes off PoweredOff; is_true off'
long "one is deaf: destroyed after its time" 'machine deaf pv act=deaf; pool vm start deaf; counts_on deaf; pool vm stop deaf --force --timeout 3s; is deaf PoweredOff; is_true deaf'

step "PVH: created and started" 'machine pvh pvh "" "vif = [\"bridge=xenbr0\"]"; pool vm start pvh; becomes pvh Running; in_dom0 "until_true $PATIENCE counts pvh; grep -a \"GUEST up\" \$(console pvh)"'
long "PVH: paused and unpaused" 'pool vm pause pvh; becomes pvh Paused; pool vm unpause pvh; becomes pvh Running; echo "at $(counts_on pvh)"'
long "PVH: rebooted" 'a=$(domain pvh); pool vm reboot pvh; becomes pvh Running; b=$(domain pvh); [ "$a" != "$b" ]; echo "domain $a, then $b"'
step "PVH: stopped" 'in_dom0 "until_true $PATIENCE counts pvh"; pool vm stop pvh; becomes pvh PoweredOff; is_true pvh'

step "a foreign domain is counted, left alone" '
  a=$(pool server show xen1 -o json | python3 -c "import json, sys; print(json.load(sys.stdin)[\"facts\"][\"reservedMemoryMiB\"])")
  in_dom0 "xl create -q \$(guest foreign pv)"
  until_true $PATIENCE "pool server show xen1 -o json | python3 -c \"import json, sys; sys.exit(json.load(sys.stdin)[\\\"facts\\\"][\\\"reservedMemoryMiB\\\"] < $a + 128)\""
  in_dom0 "until_true $PATIENCE counts foreign; xl destroy foreign"'
# In a short run the step that would have stopped one may have been left out.
step "everything is deleted" 'for name in $(pool vm ls -o name); do
    rests $name
    case $(of $name status) in Running | Paused) pool vm stop $name --force ;; esac
    pool vm delete $name
  done
  [ "$(in_dom0 "xl list | wc -l")" = 2 ]'
step "the agent stops in good order" 'in_dom0 "kill -TERM $(agent); until_true $PATIENCE \"! kill -0 $(agent) 2>/dev/null\"; tail -1 /var/log/ovm/ovm.log" | grep "virtual machines run on"'

echo "$failures failures, $SECONDS s"
[ $failures = 0 ]
