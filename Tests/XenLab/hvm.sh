#!/usr/bin/env bash
# Part 4 of the tests on Xen: an HVM machine of a vm.cfg, with qemu's device model, firmware and its VNC screen, on one emulated server.
#
#   hvm.sh PROGRAM [PICTURE]     exit status 0: all held; 1: something did not; 77: this machine cannot run it, and why.
#                                PICTURE: where the guest's screen is written to, as PNG
#
# BOUND (600) is how many seconds all of it may take. Each step is printed with its own time and the time since the beginning.
export HVM=1 MEMORY=${MEMORY:-1536} DOM0_MEMORY=${DOM0_MEMORY:-512}
PATIENCE=${PATIENCE:-240}
program=$(realpath "${1:?PROGRAM}")
picture=$(realpath -m "${2:-$PWD/hvm-screen.png}")
servers=1
. "$(dirname "$0")/agent-steps.sh"
KERNEL=/img/vmlinuz CONSOLE="tty0 console=ttyS0"

needs "the server boots" './boot.sh up 1'
needs "the program is copied in" './run-binary.sh --copy-only 1 "$program"; ./dom0.sh 1 "ovm --version"'
needs "a pool is founded" found
needs "the agent starts" 'start_agent; pool pool status | grep -q "1 of 1 reachable"'
# There is no udev here that would load it for the device model's network card.
needs "Domain-0 has TAP interfaces" 'in_dom0 "modprobe tun; [ -e /dev/net/tun ]"'
step "two CDs lie there" 'in_dom0 "truncate -s 2M /disk/first.iso /disk/second.iso"'
# A drive that is empty when the machine starts is the death of Debian 12's device model (7.2.22) once a CD comes in.
# An emulated card would need the boot ROMs of Debian's ipxe-qemu, which the image does not have. Without vncpasswd: Debian's
# qemu-system-xen has no DES, and refuses to start with a password.
needs "HVM: created of a vm.cfg" 'machine hvm hvm "" "serial = \"pty\"
vnc = 1
vnclisten = \"127.0.0.1\"
usbdevice = \"tablet\"
vif = [\"bridge=xenbr0,type=vif\"]
disk = [\"file:/disk/pv.img,hda,w\", \"file:/disk/first.iso,hdc:cdrom,r\", \",hdd:cdrom,r\"]"; of hvm warnings'
needs "HVM: started" 'pool vm start hvm; becomes hvm Running; echo "domain $(domain hvm)"'
step "HVM: its serial line through the pool" 'hears hvm "good evening"'
step "HVM: its screen through the pool" 'timeout $PATIENCE "$program" vm vnc hvm --pool "$work/pool.json" > "$work/display" 2>&1 & viewer=$!
  until_true $PATIENCE "grep -q ^127 \"$work/display\""; address=$(grep ^127 "$work/display")
  exec 3<>"/dev/tcp/${address%:*}/${address#*:}"; head -c 12 <&3 > "$work/greeting"; kill $viewer; grep "^RFB 003" "$work/greeting"'
step "HVM: what its screen shows" 'in_dom0 "xl qemu-monitor-command hvm \"screendump /disk/screen.ppm\"; until_true 30 \"[ -s /disk/screen.ppm ]\"; sync; cp /disk/screen.ppm /host/"
  python3 - "$SHARE/screen.ppm" "$picture" <<PYTHON
import struct, sys, zlib
data = open(sys.argv[1], "rb").read()
kind, size, _, rest = data.split(b"\n", 3)
width, height = map(int, size.split())
rows = b"".join(b"\0" + rest[row * width * 3:(row + 1) * width * 3] for row in range(height))
def chunk(name, body): return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
open(sys.argv[2], "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))
assert len(set(rest)) > 1, "the screen is of one colour"
print(width, "x", height, "in", sys.argv[2])
PYTHON'
# How often the device model holds a file open: its monitor names a medium that was put in later by a number.
held() { in_dom0 "ls -l /proc/\$(device_models)/fd" | grep -c "$1" || true; }
says() { of hvm configuration | grep -c "$1" || true; }
step "HVM: another CD while it runs" 'pool vm cd insert hvm /disk/second.iso --drive hdc; rests hvm; echo "in the text $(says second.iso), held $(held second.iso)"
  [ "$(says second.iso)" = 1 ]; [ "$(held second.iso)" -ge 1 ]; echo in'
step "HVM: the CD is taken out" 'pool vm cd eject hvm --drive hdc; rests hvm; [ "$(says second.iso)" = 0 ]; [ "$(held second.iso)" = 0 ]; echo out'
step "HVM: and comes again" 'pool vm cd insert hvm /disk/second.iso --drive hdc; rests hvm; [ "$(held second.iso)" -ge 1 ]; echo in'
step "HVM: one that was empty at its start takes none" 'if pool vm cd insert hvm /disk/second.iso --drive hdd; then exit 1; fi
  grep -o "the drive was empty[^.]*" "$work/words" | tee "$work/refusal"; rests hvm; [ -n "$(in_dom0 device_models)" ]; is hvm Running; cat "$work/refusal"'
step "HVM: paused and unpaused" 'pool vm pause hvm; becomes hvm Paused; pool vm unpause hvm; becomes hvm Running; echo goes on'
step "agent killed and started: adopted" 'a=$(domain hvm); kill_agent; start_agent; becomes hvm Running; [ "$(domain hvm)" = "$a" ]; echo "domain $a"'
step "HVM: stopped" 'pool vm stop hvm --force --timeout 60s; becomes hvm PoweredOff; is_true hvm'
step "its device model is gone" 'in_dom0 "until_true $PATIENCE \"[ -z \\\"\\\$(device_models)\\\" ]\"; echo none"'

echo "$failures failures, $SECONDS s"
[ $failures = 0 ]
