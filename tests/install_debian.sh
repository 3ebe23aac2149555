#!/usr/bin/env bash
# install_debian.sh FOLDER: see that the programs that the tests start can be started.
#
# What is installed already is used. The rest comes from Debian: root installs it with apt-get; an
# ordinary user gets it, with the libraries that the machine lacks, unpacked below FOLDER, and
# starts it from FOLDER/bin. Nothing outside FOLDER is touched in that case.
set -euo pipefail

if (( $# != 1 )); then
  echo 'usage: install_debian.sh FOLDER' >&2
  exit 2
fi
mkdir -p "$1/bin"
folder=$(cd "$1" && pwd)
PATH="$folder/bin:$PATH"

chromium() {
  if [[ -n ${TRAINHUB_CHROMIUM:-} ]]; then
    echo "$TRAINHUB_CHROMIUM"
  else
    type -P chromium || type -P chromium-browser || type -P google-chrome
  fi
}

# The packages of programs that are not there.
missing() {
  chromium >/dev/null || echo chromium fonts-liberation
  type -P ssh >/dev/null && type -P scp >/dev/null || echo openssh-client
  type -P git >/dev/null || echo git
  type -P docker-registry >/dev/null || echo docker-registry
  type -P skopeo >/dev/null || echo skopeo
  type -P umoci >/dev/null || echo umoci
  # It needs root, or ranges of user ids that few accounts have.
  (( $(id -u) )) || type -P buildah >/dev/null || echo buildah
  # Programs of pods, which have the machine's files. Where services run, sshd would become one.
  if (( $(id -u) == 0 )); then
    type -P mpirun >/dev/null || echo openmpi-bin
    type -P pdsh >/dev/null || echo pdsh
    [[ -x /usr/sbin/sshd || -d /run/systemd/system ]] || echo openssh-server
  fi
}

install_for_all() {
  export DEBIAN_FRONTEND=noninteractive
  # One unreachable third-party source fails this; whether Debian's own was read shows below.
  apt-get update || true
  apt-get install --yes --no-install-recommends "$@"
}

# apt with state and cache of its own: it reads the machine's sources and the list of what is
# installed, writes neither, and so needs no rights.
private_apt() {
  apt-get --quiet \
    -o "Dir::State=$folder/apt" \
    -o 'Dir::State::status=/var/lib/dpkg/status' \
    -o "Dir::Cache=$folder/apt" \
    -o 'Debug::NoLocking=true' \
    -o 'APT::Sandbox::User=' \
    "$@"
}

install_privately() {
  mkdir -p "$folder/apt/lists/partial" "$folder/apt/archives/partial"
  private_apt update || true
  private_apt install --yes --no-install-recommends --download-only "$@"
  for package in "$folder"/apt/archives/*.deb; do
    dpkg-deb --extract "$package" "$folder/root"
  done
  rm -rf "$folder/apt"

  local libraries
  libraries=$(find "$folder/root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
  cat >"$folder/fonts.conf" <<FONTS
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>$folder/root/usr/share/fonts</dir>
  <cachedir>$folder/font-cache</cachedir>
</fontconfig>
FONTS
  starter lib/chromium/chromium chromium
  starter bin/ssh ssh
  starter bin/ssh-keygen ssh-keygen
  # These start ssh where Debian installs it, unless they are told otherwise.
  starter bin/scp scp -S "$folder/bin/ssh"
  starter bin/sftp sftp -S "$folder/bin/ssh"
  starter bin/git git
  starter bin/docker-registry docker-registry
  starter bin/skopeo skopeo
  starter bin/umoci umoci
}

# starter PROGRAM NAME [ARGUMENT...]: FOLDER/bin/NAME starts what was unpacked, if it was.
starter() {
  local program="$folder/root/usr/$1" name="$2" arguments=
  shift 2
  [[ -x $program ]] || return 0
  if (( $# )); then
    arguments=$(printf ' "%s"' "$@")
  fi
  cat >"$folder/bin/$name.part" <<START
#!/bin/sh
export LD_LIBRARY_PATH="$libraries"
export FONTCONFIG_FILE="$folder/fonts.conf"
export GIT_EXEC_PATH="$folder/root/usr/lib/git-core"
export GIT_TEMPLATE_DIR="$folder/root/usr/share/git-core/templates"
exec "$program"$arguments "\$@"
START
  chmod +x "$folder/bin/$name.part"
  # Renamed last: whoever finds a starter finds a whole one.
  mv "$folder/bin/$name.part" "$folder/bin/$name"
}

read -r -d '' -a packages < <(missing) || true
if (( ${#packages[@]} )); then
  if ! command -v apt-get >/dev/null; then
    echo "error: the tests need ${packages[*]}, and this machine has no apt-get to install that." \
      'Install it; TRAINHUB_CHROMIUM names a Chromium that is elsewhere.' >&2
    exit 1
  elif (( $(id -u) == 0 )); then
    install_for_all "${packages[@]}" >&2
  else
    install_privately "${packages[@]}" >&2
  fi
fi

hash -r
"$(chromium)" --version
ssh -V
git --version
docker-registry --version
skopeo --version
