#!/usr/bin/env bash
# Shows that the laboratory itself works, with Xen's own `xl` alone: two servers, the life of a PV guest, guests that power
# off, reboot and crash, a disk and a NIC, PVH with live migration, a cut link, a power cut. Exit status 0: all held.
# Three minutes on two busy cores.
set -u
. "$(dirname "$0")/settings.sh"
cd "$lab"

failures=0
say() { printf '%-5s %4d s  %s\n' "$1" $SECONDS "$2"; }
# step NAME SERVER COMMANDS: the commands must succeed in that Domain-0; the last line of what they print is shown.
step() {
  local output from
  from=$(date +%s.%N)
  if output=$(./dom0.sh "$2" ". /host/guests.sh; set -e; $3" 2>&1); then
    say ok "$(awk -v from="$from" -v to="$(date +%s.%N)" -v name="$1" 'BEGIN { printf "%-26s %5.1f s", name, to - from }')  $(tail -1 <<<"$output")"
  else
    say FAIL "$1"
    sed 's/^/      | /' <<<"$output"
    failures=$((failures + 1))
  fi
}
# here NAME COMMAND...: the same for a command of this machine.
here() {
  local output name=$1
  shift
  if output=$("$@" 2>&1); then say ok "$(printf '%-35s' "$name") $(tail -1 <<<"$output")"; else
    say FAIL "$name: $output"
    failures=$((failures + 1))
  fi
}
trap './boot.sh down' EXIT

cp guests.sh "$SHARE/"
./boot.sh up 2 || exit 1
./boot.sh ps

step "xl info" 1 'xl info | grep -E "^(xen_version|free_memory)" | tr "\n" " "'
step "clock" 1 'off=$(lab-clock offset); [ ${off#-} -lt 1000 ]; echo "$off ms ahead"'

step "PV: create" 1 'xl create -q $(guest pv1 pv); until_true 60 counts pv1; grep -a "GUEST up" $(console pv1)'
step "PV: pause" 1 'xl pause pv1; case $(state pv1) in *p*) ;; *) exit 1;; esac; a=$(count pv1); sleep 2; [ "$(count pv1)" = "$a" ]; echo "stands at $a"'
step "PV: unpause" 1 'a=$(count pv1); xl unpause pv1; until_true 30 "[ \$(count pv1) -gt $a ]"; echo "goes on at $(count pv1)"'
step "PV: console input" 1 'p=$(xenstore-read /local/domain/$(domid pv1)/console/tty); echo hello > $p; until_true 20 shows pv1 \"GUEST heard hello\"'
step "PV: memory" 1 'xl mem-set pv1 112m; until_true 30 "[ \$(memory pv1) = 112 ]"; xl mem-set pv1 128m; until_true 30 "[ \$(memory pv1) = 128 ]"'
step "PV: save" 1 'xl save pv1 /var/lib/xen/save/pv1 >/dev/null 2>&1; gone pv1; du -h /var/lib/xen/save/pv1'
step "PV: restore" 1 'a=$(count pv1); xl restore /var/lib/xen/save/pv1 >/dev/null 2>&1; until_true 40 "[ \$(count pv1) -gt $a ]"; echo "from $a to $(count pv1)"'
step "PV: reboot" 1 'a=$(domid pv1); xl reboot pv1; until_true 60 "b=\$(domid pv1); [ -n \"\$b\" ] && [ \$b != $a ]"; echo "domain $a, then $(domid pv1)"'
step "PV: shutdown" 1 'until_true 60 "xenstore-exists /local/domain/\$(domid pv1)/control/feature-poweroff && tail -2 \$(console pv1) | grep -q count"; xl shutdown -w pv1 >/dev/null; until_true 30 gone pv1; grep -a "shuts down" $(console pv1)'
step "PV: powers itself off" 1 'xl create -q $(guest off1 pv "act=poweroff after=2"); until_true 60 shows off1 poweroff; until_true 30 gone off1'
step "PV: crashes" 1 'xl create -q $(guest crash1 pv "act=crash after=2" "on_crash = \"preserve\""); until_true 60 "case \$(state crash1) in *c*) ;; *) false;; esac"; state crash1; xl destroy crash1; until_true 30 gone crash1'
step "PV: reboots itself" 1 'xl create -q $(guest boot1 pv "act=reboot after=2"); a=$(domid boot1); until_true 90 "b=\$(domid boot1); [ -n \"\$b\" ] && [ \$b != $a ]"; echo "domain $a, then $(domid boot1)"; xl destroy boot1'
step "PV: deaf to a shutdown" 1 'xl create -q $(guest deaf1 pv act=deaf); until_true 60 counts deaf1; xl shutdown deaf1 >/dev/null; until_true 30 shows deaf1 ignores; a=$(count deaf1); until_true 30 "[ \$(count deaf1) -gt $a ]"; xl destroy deaf1'
step "PV: NIC and shared disk" 1 'xl create -q $(guest net1 pv "ip=10.77.0.101/24 disk=xvda" "vif = [\"bridge=xenbr0\"]
disk = [\"phy:/dev/shared,xvda,w\"]"); until_true 60 counts net1; ping -c1 -W9 10.77.0.101 >/dev/null; grep -a "disk says" $(console net1)'
step "the NIC seen from server 2" 2 'until_true 30 "ping -c1 -W3 10.77.0.101 >/dev/null"'
step "the disk seen from server 2" 2 'until_true 30 "dd if=/dev/shared bs=512 count=1 iflag=direct 2>/dev/null | grep -a count="'
step "block-attach" 1 'truncate -s 8M /disk/d.img; losetup /dev/loop0 /disk/d.img; xl block-attach net1 phy:/dev/loop0,xvdb,w; until_true 30 "xl block-list net1 | grep -q \"^51728 .* 4 \""; xl destroy net1; until_true 30 gone net1'

step "PVH: create" 1 'xl create -q $(guest pvh1 pvh); until_true 90 counts pvh1; grep -a "GUEST up" $(console pvh1)'
step "PVH: live migration" 1 'xl migrate -s "" pvh1 "socat -t60 -b262144 - TCP:10.77.0.2:8002" >/dev/null 2>&1; gone pvh1; echo "left at $(count pvh1)"'
step "PVH: arrived" 2 'until_true 60 counts pvh1; sed -n "/count/{p;q}" $(console pvh1)'
step "PVH: and back" 2 'xl migrate -s "" pvh1 "socat -t60 -b262144 - TCP:10.77.0.1:8002" >/dev/null 2>&1; gone pvh1; echo "left at $(count pvh1)"'
step "PVH: arrived" 1 'until_true 60 "[ -e /var/log/xen/console/guest-pvh1--incoming.log ] || shows pvh1 count"; xl list pvh1 >/dev/null; count pvh1'
step "PVH: shutdown" 1 'xl shutdown -w pvh1 >/dev/null; until_true 60 gone pvh1'

here "cut the link" ./boot.sh cut 1 2
step "no answer through it" 1 '! ping -c2 -W2 10.77.0.2 >/dev/null'
here "heal the link" ./boot.sh heal 1 2
step "an answer through it" 1 'until_true 30 "ping -c1 -W3 10.77.0.2 >/dev/null"'

step "write to the disk" 2 'echo kept > /var/lib/ovm/mark; sync; echo lost > /root/mark'
here "power cut" ./boot.sh power-cut 2
here "off" bash -c '! ./boot.sh alive 2'
here "start again" ./boot.sh start 2
here "ready again" ./boot.sh wait 2
step "the disk kept it" 2 '[ $(cat /var/lib/ovm/mark) = kept ]; [ ! -e /root/mark ]'
step "clock" 2 'off=$(lab-clock offset); [ ${off#-} -lt 1000 ]; echo "$off ms ahead"'
./boot.sh ps
echo "$failures failures, $SECONDS s"
[ $failures = 0 ]
