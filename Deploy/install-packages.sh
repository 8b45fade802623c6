#!/usr/bin/env bash
# Installs the Debian packages that building needs and that are missing; without root it names them and stops.
set -euo pipefail

packages=(libssl-dev libsqlite3-dev libxen-dev pkg-config)

if ! command -v dpkg-query >/dev/null; then
  echo "This is not a Debian system. Install what Debian calls: ${packages[*]}; then try again." >&2
  exit 1
fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing+=("$package")
done

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" -ne 0 ]; then
    echo "These packages are missing: ${missing[*]}. Run: sudo apt-get install ${missing[*]}" >&2
    exit 1
  fi
  echo "Installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

if ! command -v swift >/dev/null; then
  echo "Swift is missing. Install Swift 6.3 for Debian 12 from swift.org, then try again." >&2
  exit 1
fi
