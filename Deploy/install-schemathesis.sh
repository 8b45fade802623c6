#!/usr/bin/env bash
# install-schemathesis.sh FOLDER: schemathesis (from PyPI) in a virtual environment of its own at FOLDER, unless it is there already.
set -euo pipefail

version=4.32.5
folder=$1

if [[ "$("$folder/bin/schemathesis" --version 2>/dev/null || true)" == *" $version" ]]; then
  exit 0
fi

if ! command -v python3 >/dev/null || ! python3 -c 'import ensurepip' 2>/dev/null; then
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "Python with virtual environments is missing. Run: sudo apt-get install python3-venv" >&2
    exit 1
  fi
  echo "Installing python3-venv"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
fi

echo "Installing schemathesis $version into $folder"
rm -rf "$folder"
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version"
