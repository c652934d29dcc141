#!/bin/bash
# Start a Docker daemon where none answers, and stop it again: only the one that was started here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
state=${EDGEPAIR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/edgepair}
pidfile=$state/dockerd.pid log=$state/dockerd.log

answers() { timeout 10 docker version > /dev/null 2>&1; }
runs() { [ -s "$1" ] && [ "$(cat "/proc/$(cat "$1")/comm" 2> /dev/null)" = dockerd ]; }
fail() { echo "error: $*" >&2; exit 1; }

start() {
  answers && return
  command -v dockerd > /dev/null || fail "no Docker daemon answers and dockerd is not installed: \`make setup\` installs it"
  [ "$(id -u)" = 0 ] || fail "no Docker daemon answers, and only root can start one: start Docker, then try again"
  local options=()
  # Docker 20.10 gives a privileged container every capability, and runc then fails where this process itself lacks
  # CAP_SYS_RESOURCE (bit 24 of the bounding set).
  if (( (0x$(awk '/CapBnd/ { print $2 }' /proc/self/status) >> 24 & 1) == 0 )); then
    install -D -m 755 "$here/runc-lowcap" "$state/runc-lowcap"
    options=(--add-runtime "lowcap=$state/runc-lowcap" --default-runtime lowcap)
  fi
  # Docker that finds forwarding off turns it on and drops what is forwarded, which cuts the machine's other bridges.
  echo 1 > /proc/sys/net/ipv4/ip_forward
  mkdir -p "$state"
  # Left by a daemon that was killed: another process may have its number, and the new one would not start.
  runs /var/run/docker.pid || rm -f /var/run/docker.pid
  setsid nohup dockerd "${options[@]}" > "$log" 2>&1 < /dev/null &
  echo $! > "$pidfile"
  for _ in $(seq 120); do
    answers && return
    runs "$pidfile" || break
    sleep 0.5
  done
  tail -n 5 "$log" >&2
  fail "dockerd does not answer; its log is $log"
}

stop() {
  if runs "$pidfile"; then
    local pid
    pid=$(cat "$pidfile")
    kill "$pid"
    for _ in $(seq 60); do
      [ -d "/proc/$pid" ] || break
      sleep 0.5
    done
    [ ! -d "/proc/$pid" ] || fail "dockerd ($pid) still runs 30 s after it was told to end"
  fi
  rm -f "$pidfile"
}

case "${1:-}" in
  start | stop) "$1" ;;
  *) echo "usage: $0 start|stop" >&2; exit 2 ;;
esac
