#!/usr/bin/env bash
# Boots, lists and ends emulated Xen servers: each is Xen and its Domain-0 in one QEMU.
#
#   boot.sh up N              servers 1 to N with empty disks, together; returns when all are ready
#   boot.sh start ID          one server, with the disk that it had (or an empty one)
#   boot.sh wait ID           returns when that server is ready
#   boot.sh alive ID          exit status 0 while it is powered on; a server that reboots powers off instead
#   boot.sh power-cut ID      ends it at once, as a pulled plug does; its disk keeps what was written
#   boot.sh freeze|thaw ID    stops and continues its only CPU, as a stall does
#   boot.sh cut|heal A B      the link between two servers; both directions
#   boot.sh isolate|join ID   all links of one server
#   boot.sh down [ID...]      ends those servers, or all, and the switch after the last
#   boot.sh erase ID          forgets the disk of a server that is off
#   boot.sh clock ID          how many milliseconds its clock is ahead of this machine's
#   boot.sh ps                what runs, and what it costs
set -euo pipefail
. "$(dirname "$0")/settings.sh"

# SMAP must be off: QEMU before 9 takes the reads of IRET in ring 3 for the supervisor's, and Domain-0 dies at once.
cpu=${CPU:-qemu64,+svm,+npt,+ssse3,+sse4.1,+sse4.2,+popcnt,-smap,+aes,+pclmulqdq}
switch_port=$((BASE_PORT + 200))

# The process of a server, if it is still that: numbers are used again.
running() {
  local pid
  pid=$(cat "$RUN/$1.pid" 2>/dev/null) && [ -n "$pid" ] || return 1
  tr '\0' '\n' 2>/dev/null < "/proc/$pid/cmdline" | grep -qxF "file:$RUN/$1.log" && echo "$pid"
}
switch_running() {
  local pid
  pid=$(cat "$RUN/switch.pid" 2>/dev/null) && [ -n "$pid" ] || return 1
  tr '\0' ' ' 2>/dev/null < "/proc/$pid/cmdline" | grep -qF "switch.py serve $switch_port" && echo "$pid"
}
servers() { (cd "$RUN" && compgen -G '[0-9]*.pid' | sed 's/\.pid$//' | sort -n) || true; }
switch() { python3 "$lab/switch.py" "$1" "$switch_port" "${@:2}"; }

start_switch() {
  ! switch_running >/dev/null || return 0
  timeout "$LIFE" python3 "$lab/switch.py" serve "$switch_port" "$RUN/switch.pid" </dev/null >"$RUN/switch.log" 2>&1 &
  disown
  local tries=0
  until switch_running >/dev/null && switch ping >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || { cat "$RUN/switch.log" >&2; refuse "The switch does not answer on port $switch_port."; }
    sleep 0.1
  done
}

start() {
  local id=$1 own=$RUN/$1
  [[ $id =~ ^[1-9][0-9]?$ ]] || refuse "A server's number is 1 to 99, not $id."
  [ -e "$IMAGE/complete" ] || refuse "There is no image. Run build-image.sh first."
  ! running "$id" >/dev/null || refuse "Server $id runs already."
  start_switch
  rm -f "$own.pid" "$own.monitor"
  [ ! -e "$own.log" ] || mv "$own.log" "$own.log.before"
  if [ ! -e "$own.disk" ]; then
    truncate -s "${DISK}M" "$own.disk.new"
    mkfs.ext4 -q -E lazy_itable_init=1,lazy_journal_init=1,nodiscard -F "$own.disk.new"
    mv "$own.disk.new" "$own.disk"
  fi
  [ -e "$RUN/shared.disk" ] || truncate -s 64M "$RUN/shared.disk"

  local initrd=$IMAGE/dom0.cpio
  [ "$HVM" != 1 ] || initrd=$IMAGE/dom0-hvm.cpio
  # Scrubbing memory and guarding against speculation cost time that emulation has not.
  local xen="console=com1 com1=115200,8n1 loglvl=warning guest_loglvl=warning bootscrub=0 spec-ctrl=no xpti=0 pv-l1tf=0"
  xen+=" ucode=no edd=off edid=no dom0_mem=${DOM0_MEMORY}M,max:${DOM0_MEMORY}M dom0_max_vcpus=$CPUS ${XEN_ARGUMENTS:-}"
  local dom0="console=hvc0 quiet mitigations=off random.trust_cpu=on lab.id=$id ${DOM0_ARGUMENTS:-}"

  # cache=unsafe forgoes flushing: what QEMU has written survives its own death, and only that is tested here.
  date +%s.%N > "$own.started"
  timeout --kill-after=10 "$LIFE" qemu-system-x86_64 -name "xen$id" -pidfile "$own.pid" \
    -accel "tcg,thread=multi,tb-size=${TRANSLATION_CACHE:-256}" -cpu "$cpu" -smp "$CPUS" -m "$MEMORY" -rtc base=utc \
    -nodefaults -no-user-config -display none -vga none -no-reboot \
    -kernel "$IMAGE/xen" -append "$xen" -initrd "$IMAGE/vmlinux $dom0,$initrd" \
    -serial "file:$own.log" -monitor "unix:$own.monitor,server=on,wait=off" \
    -netdev "user,id=control,restrict=on,hostfwd=tcp:127.0.0.1:$((BASE_PORT + id))-:2222,hostfwd=tcp:127.0.0.1:$((BASE_PORT + 100 + id))-:4443" \
    -device "virtio-net-pci,netdev=control,mac=52:54:00:77:00:$(printf %02x "$id"),romfile=" \
    -netdev "socket,id=lab,udp=127.0.0.1:$switch_port,localaddr=127.0.0.1:$((switch_port + id))" \
    -device "virtio-net-pci,netdev=lab,mac=52:54:00:77:01:$(printf %02x "$id"),romfile=,host_mtu=$MTU" \
    -drive "file=$own.disk,format=raw,if=none,id=own,cache=unsafe" -device virtio-blk-pci,drive=own,serial=own \
    -drive "file=$RUN/shared.disk,format=raw,if=none,id=shared,cache=writeback,file.locking=off" \
    -device virtio-blk-pci,drive=shared,serial=shared,share-rw=on \
    -virtfs "local,path=$SHARE,mount_tag=host,security_model=none,multidevs=remap" \
    -virtfs "local,path=$IMAGE/,mount_tag=img,security_model=none,multidevs=remap,readonly=on" \
    </dev/null >"$own.qemu" 2>&1 &
  local wrapper=$!
  disown
  until running "$id" >/dev/null; do
    kill -0 "$wrapper" 2>/dev/null || { cat "$own.qemu" >&2; refuse "Server $id: QEMU ended at once."; }
    sleep 0.05
  done
}

await() {
  local id=$1 own=$RUN/$1 end=$((SECONDS + TIMEOUT))
  until grep -aq 'LAB .* READY' "$own.log" 2>/dev/null; do
    running "$id" >/dev/null || { cat "$own.qemu" >&2; tail -5 "$own.log" >&2; refuse "Server $id went off while it booted."; }
    [ $SECONDS -lt $end ] || { tail -5 "$own.log" >&2; refuse "Server $id was not ready in $TIMEOUT s."; }
    sleep 0.1
  done
  until TIMEOUT=20 "$lab/dom0.sh" "$id" true 2>/dev/null; do
    [ $SECONDS -lt $end ] || refuse "Server $id does not answer on its control port."
    sleep 0.2
  done
  awk -v from="$(cat "$own.started")" -v to="$(date +%s.%N)" -v id="$id" \
    'BEGIN { printf "server %s ready after %.1f s\n", id, to - from }'
}

# Signals a process of ours and waits until it is gone.
finish() {
  local signal=$1 pid=$2 tries
  kill "-$signal" "$pid" 2>/dev/null || return 0
  for tries in $(seq 50); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL "$pid" 2>/dev/null || true
}

off() {
  local pid
  if pid=$(running "$2"); then
    kill -CONT "$pid" 2>/dev/null || true
    finish "$1" "$pid"
  fi
  rm -f "$RUN/$2.pid" "$RUN/$2.monitor"
}

down() {
  local id pid
  for id in "$@"; do off TERM "$id"; done
  if [ -z "$(servers)" ] && pid=$(switch_running); then
    finish TERM "$pid"
    rm -f "$RUN/switch.pid"
  fi
}

show() {
  local id pid
  for id in $(servers); do
    if pid=$(running "$id"); then
      ps -o pid=,rss=,time=,etime= -p "$pid" \
        | awk -v id="$id" '{ printf "server %s: process %s, %d MiB, CPU time %s, up %s\n", id, $1, $2 / 1024, $3, $4 }'
    else
      echo "server $id: off"
    fi
  done
}

case ${1:-} in
  up)
    [[ ${2:-} =~ ^[1-9]$ ]] || refuse "up needs the number of servers."
    for id in $(seq "$2"); do off KILL "$id"; rm -f "$RUN/$id.disk"; done
    [ -n "$(servers)" ] || rm -f "$RUN/shared.disk"
    for id in $(seq "$2"); do start "$id"; done
    for id in $(seq "$2"); do await "$id"; done
    ;;
  start) start "${2:?ID}" ;;
  wait) await "${2:?ID}" ;;
  alive) running "${2:?ID}" >/dev/null ;;
  power-cut) off KILL "${2:?ID}" ;;
  freeze) kill -STOP "$(running "${2:?ID}")" ;;
  thaw) kill -CONT "$(running "${2:?ID}")" ;;
  cut | heal) switch "$1" "${2:?ID}" "${3:?ID}" ;;
  isolate | join) switch "$1" "${2:?ID}" ;;
  down)
    shift
    # shellcheck disable=SC2046 # one word for each server
    [ $# -gt 0 ] || set -- $(servers)
    down "$@"
    ;;
  erase)
    ! running "${2:?ID}" >/dev/null || refuse "Server $2 runs."
    rm -f "$RUN/$2.disk"
    ;;
  clock) "$lab/dom0.sh" "${2:?ID}" lab-clock offset ;;
  ps) show ;;
  *)
    sed -n '4,15s/^# //p' "$0"
    exit 2
    ;;
esac
