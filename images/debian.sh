#!/usr/bin/env bash
# debian.sh NAME: make the base image NAME of Debian's own packages, where no registry has it.
#
# Takes root, debootstrap, buildah and this machine's mirror of Debian ($DEBIAN_MIRROR).
set -euo pipefail

if (( $# != 1 )); then
  echo 'usage: debian.sh NAME' >&2
  exit 2
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
debootstrap --variant=minbase --include=ca-certificates bookworm "$folder" \
  "${DEBIAN_MIRROR:-http://deb.debian.org/debian}"
rm -rf "$folder"/var/cache/apt/* "$folder"/var/lib/apt/lists/* "$folder"/var/log/*.log
container=$(buildah from scratch)
buildah add --quiet "$container" "$folder" /
buildah config --cmd bash "$container"
buildah commit --quiet --rm "$container" "$1"
