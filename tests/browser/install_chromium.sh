#!/usr/bin/env bash
# install_chromium.sh FOLDER: see that a Chromium can be started, and print its path.
#
# One that is already installed is used. Otherwise Debian's package is: root installs it with
# apt-get; an ordinary user gets it, with the libraries that the machine lacks, unpacked below
# FOLDER, where FOLDER/chromium starts it. Nothing outside FOLDER is touched in that case.
set -euo pipefail

if (( $# != 1 )); then
  echo 'usage: install_chromium.sh FOLDER' >&2
  exit 2
fi
mkdir -p "$1"
folder=$(cd "$1" && pwd)
packages=(chromium fonts-liberation)

installed() {
  if [[ -n ${TRAINHUB_CHROMIUM:-} ]]; then
    echo "$TRAINHUB_CHROMIUM"
  elif [[ -x $folder/chromium ]]; then
    echo "$folder/chromium"
  else
    command -v chromium || command -v chromium-browser || command -v google-chrome
  fi
}

install_for_all() {
  export DEBIAN_FRONTEND=noninteractive
  # One unreachable third-party source fails this; whether Debian's own was read shows below.
  apt-get update || true
  apt-get install --yes --no-install-recommends "${packages[@]}"
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
  private_apt install --yes --no-install-recommends --download-only "${packages[@]}"
  for package in "$folder"/apt/archives/*.deb; do
    dpkg-deb --extract "$package" "$folder/root"
  done

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
  cat >"$folder/chromium.part" <<START
#!/bin/sh
export LD_LIBRARY_PATH="$libraries"
export FONTCONFIG_FILE="$folder/fonts.conf"
exec "$folder/root/usr/lib/chromium/chromium" "\$@"
START
  chmod +x "$folder/chromium.part"
  rm -rf "$folder/apt"
  # Renamed last: whoever finds the starter finds a whole installation.
  mv "$folder/chromium.part" "$folder/chromium"
}

if ! installed >/dev/null; then
  if ! command -v apt-get >/dev/null; then
    echo 'error: the browser tests need Chromium, and this machine has no apt-get to install it.' \
      'Install one and set TRAINHUB_CHROMIUM to its path.' >&2
    exit 1
  elif (( $(id -u) == 0 )); then
    install_for_all >&2
  else
    install_privately >&2
  fi
fi

executable=$(installed)
"$executable" --version >&2
echo "$executable"
