#!/usr/bin/env bash
# Installs the Debian packages that building and testing need and that are missing; without root it names them and stops.
set -euo pipefail

# openssl, the program, is what a test checks our certificates with.
# libxen-dev has the headers of libxl; the program loads the library where it is there, and the tests want it.
packages=(libssl-dev libsqlite3-dev libxen-dev openssl pkg-config)

if ! command -v dpkg-query >/dev/null; then
  if command -v dnf >/dev/null; then
    advice="Run: sudo dnf install openssl-devel sqlite-devel openssl pkgconf-pkg-config"
  elif command -v zypper >/dev/null; then
    advice="Run: sudo zypper install libopenssl-devel sqlite3-devel openssl pkg-config"
  else
    advice="Install what Debian calls ${packages[*]}"
  fi
  # What is there is not looked for where no dpkg tells: pkg-config knows the two libraries.
  if ! command -v pkg-config >/dev/null || ! pkg-config --exists openssl sqlite3 || ! command -v openssl >/dev/null; then
    echo "This is not a Debian system, and packages are missing. $advice; then try again." >&2
    exit 1
  fi
  packages=()
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
  echo "Swift is missing. Install Swift 6.3 from https://swift.org/install/linux, then try again." >&2
  exit 1
fi
