#!/usr/bin/env bash
# Runs a bash script as root in Domain-0 of a server; its output and its exit status come back.
#
#   dom0.sh ID 'commands'     or the script on standard input; TIMEOUT (180) bounds it, in seconds
#
# Exit status 125: no connection to the server, or it was lost, so that nobody knows what became of the script. 124: timed out.
set -u
. "$(dirname "$0")/settings.sh"

id=${1:?ID}
shift
if [ $# -gt 0 ]; then script="$*"; else script=$(cat); fi

LC_ALL=C
if ! { exec 3<>"/dev/tcp/127.0.0.1/$((BASE_PORT + id))"; } 2>/dev/null; then
  echo "dom0.sh: no connection to server $id" >&2
  exit 125
fi
printf '%d %d\n%s' "${#script}" "$TIMEOUT" "$script" >&3 || exit 125

# One line is held back: the newline before the status is the session's and not the script's.
held= some= end=$((SECONDS + TIMEOUT + 10))
while left=$((end - SECONDS)) && [ $left -gt 0 ]; do
  if ! IFS= read -r -t "$left" line <&3 2>/dev/null; then
    [ $? -le 128 ] || break
    [ -z "$some" ] || printf '%s\n' "$held"
    echo "dom0.sh: server $id closed the connection" >&2
    exit 125
  fi
  case $line in
    LAB-STATUS=*)
      printf '%s' "$held"
      exit "${line#LAB-STATUS=}"
      ;;
  esac
  [ -z "$some" ] || printf '%s\n' "$held"
  held=$line some=1
done
echo "dom0.sh: server $id did not finish in $TIMEOUT s" >&2
exit 124
