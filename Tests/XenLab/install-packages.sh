#!/usr/bin/env bash
# Installs the Debian packages that the laboratory needs on this machine and that are missing; without root it names them
# and stops. What runs inside the emulated servers is not installed but only unpacked: see build-image.sh.
set -euo pipefail

packages=(qemu-system-x86 cpio kmod binutils e2fsprogs python3 util-linux)

if ! command -v dpkg-query >/dev/null; then
  echo "This is not a Debian system. The laboratory takes Xen and its kernel from Debian packages: run it on Debian 12." >&2
  exit 1
fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing+=("$package")
done

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" -ne 0 ]; then
    echo "These packages are missing: ${missing[*]}. Run: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  echo "Installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
