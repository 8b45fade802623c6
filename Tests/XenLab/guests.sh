# What a script in Domain-0 wants to know of guests; smoke.sh and other drivers put it into /host.

# until_true SECONDS COMMAND...: polls until the command succeeds.
until_true() {
  local end=$((SECONDS + $1))
  shift
  until eval "$*"; do
    [ $SECONDS -lt $end ] || { echo "gave up on: $*"; xl list; return 1; }
    sleep 0.25
  done
}
# The console's log; after a migration it may bear the interim name.
console() { ls -t /var/log/xen/console/guest-"$1".log /var/log/xen/console/guest-"$1"--incoming.log 2>/dev/null | head -1; }
# The last number that the guest counted; nothing before the first.
count() { local file; file=$(console "$1"); [ -z "$file" ] || sed -n 's/.*GUEST count=\([0-9]*\).*/\1/p' "$file" | tail -1; }
counts() { [ -n "$(count "$1")" ]; }
# Whether the console shows this.
shows() { local file; file=$(console "$1"); [ -n "$file" ] && grep -aq "$2" "$file"; }
state() { xl list "$1" 2>/dev/null | awk 'NR == 2 { print $5 }'; }
memory() { xl list "$1" | awk 'NR == 2 { print $3 }'; }
domid() { xl domid "$1" 2>/dev/null; }
# The process numbers of the device models.
device_models() { grep -l '^xen-qemu-system' /proc/[0-9]*/comm 2>/dev/null | cut -d/ -f3; }
gone() { ! xl domid "$1" >/dev/null 2>&1; }
# guest NAME TYPE [KERNEL ARGUMENTS [MORE LINES]]: writes /tmp/NAME.cfg and prints its path.
guest() {
  cat > "/tmp/$1.cfg" <<CONFIGURATION
name = "$1"
type = "$2"
kernel = "/img/vmlinux"
ramdisk = "/img/guest.cpio.gz"
extra = "console=hvc0 quiet mitigations=off $3"
memory = 128
vcpus = 1
on_poweroff = "destroy"
on_reboot = "restart"
on_crash = "destroy"
$4
CONFIGURATION
  echo "/tmp/$1.cfg"
}
