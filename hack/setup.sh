#!/bin/bash
# Install what a Debian 12 with Python 3.11 and Go lacks: packages, uv, .venv, the cluster's tools and node image.
# Each thing that is installed is named; what is there is left as it is.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin

UV_VERSION=0.13.9
# command:package, for the commands that the tests and builds call
NEEDED="openssl:openssl setpriv:util-linux zstd:zstd ip:iproute2 iptables:iptables sysctl:procps
  mmdebstrap:mmdebstrap strace:strace mkfs.ext4:e2fsprogs
  dhcpd:isc-dhcp-server dhclient:isc-dhcp-client dhcrelay:isc-dhcp-relay udhcpc:udhcpc"
# what only `make bench` calls; its clusterless setup is `hack/setup.sh bench`
NEEDED_BY_BENCH="kea-dhcp4:kea-dhcp4-server perfdhcp:kea-admin cc:gcc"
FAKETIME=/usr/lib/$(uname -m)-linux-gnu/faketime/libfaketimeMT.so.1  # a library, no command
POLICY=/usr/sbin/policy-rc.d
WHAT=${1:-everything}

fail() { echo "error: $*" >&2; exit 1; }
has() { command -v "$1" > /dev/null; }

install_packages() {
  local missing=() pair
  [ "$WHAT" != bench ] || NEEDED="$NEEDED $NEEDED_BY_BENCH"
  for pair in $NEEDED; do
    has "${pair%:*}" || missing+=("${pair#*:}")
  done
  [ -e $FAKETIME ] || missing+=(libfaketime)
  [ "$WHAT" != bench ] || [ -e /usr/include/stdio.h ] || missing+=(libc6-dev)
  python3 -m pip --version > /dev/null 2>&1 || has uv || missing+=(python3-pip)
  docker version > /dev/null 2>&1 || has dockerd || missing+=(docker.io)
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "- install by apt: ${missing[*]}"
  has apt-get || fail "this is not Debian: install what stands for these packages, then run make setup again"
  [ "$(id -u)" = 0 ] || fail "only root can install them: sudo apt-get install --no-install-recommends ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  forbid_starts
  apt_get update
  apt_get install --yes --no-install-recommends "${missing[@]}"
  keep_stopped "${missing[@]}"
}

# apt tells much; it matters only when it fails.
apt_get() {
  local told
  told=$(apt-get -q "$@" 2>&1) || fail "apt-get $1 failed:"$'\n'"$(tail -n 12 <<< "$told")"
}

# A DHCP server that a package starts would answer on the machine's own networks.
forbid_starts() {
  [ ! -e $POLICY ] || return 0
  printf '#!/bin/sh\nexit 101\n' > $POLICY
  chmod 755 $POLICY
  trap 'rm -f $POLICY' EXIT
}

# The tests run dhcpd and dhcrelay themselves, in namespaces: neither is to start with the machine.
keep_stopped() {
  local package
  for package in "$@"; do
    case "$package" in
      isc-dhcp-server | isc-dhcp-relay | kea-dhcp4-server) update-rc.d "$package" disable > /dev/null 2>&1 || true ;;
    esac
  done
}

install_uv() {
  has uv && return
  echo "- install by pip: uv $UV_VERSION"
  PIP_BREAK_SYSTEM_PACKAGES=1 python3 -m pip install --quiet --root-user-action ignore "uv==$UV_VERSION"
  has uv || fail "uv is installed but not on PATH: add $(python3 -m site --user-base)/bin to it"
}

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Python 3.11 or newer is needed"
install_packages
install_uv
echo "- install by uv: .venv as uv.lock says"
uv sync --quiet --all-extras --frozen
[ "$WHAT" = bench ] || .venv/bin/python -m hack.kind.cluster prepare
