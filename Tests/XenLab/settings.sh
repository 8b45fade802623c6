# Settings of the laboratory; every script sources this file. All can be overridden from the environment.

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Everything that the laboratory writes lies here, outside the repository: packages, images, disks, logs, process numbers.
OVM_XEN_LAB=${OVM_XEN_LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/ovm-xen-lab}
IMAGE=${IMAGE:-$OVM_XEN_LAB/image}
RUN=${RUN:-$OVM_XEN_LAB/run}
# Each Domain-0 mounts this folder at /host, for reading and writing.
SHARE=${SHARE:-$OVM_XEN_LAB/share}

MEMORY=${MEMORY:-1024}         # MiB of a whole emulated server: Xen, Domain-0 and its virtual machines.
DOM0_MEMORY=${DOM0_MEMORY:-384} # MiB of Domain-0.
CPUS=${CPUS:-1}                # One emulated CPU is faster than two.
HVM=${HVM:-0}                  # 1: with the device model and firmware for HVM.
DISK=${DISK:-2048}             # MiB of a server's own disk; sparse.
LIFE=${LIFE:-3600}             # Seconds after which an emulated server is ended, whatever happened to its caller.
TIMEOUT=${TIMEOUT:-180}        # Seconds to wait for a server, or for a command in it.

# Ports on loopback: BASE_PORT + ID is the control port of a server, + 100 + ID its query port (4443), + 200 the switch,
# + 200 + ID a server's end of its cable.
BASE_PORT=${BASE_PORT:-22200}
# Packets are what costs in emulation: large frames make a migration ten times faster.
MTU=${MTU:-60000}

mkdir -p "$RUN" "$SHARE"

refuse() {
  echo "$*" >&2
  exit 2
}
