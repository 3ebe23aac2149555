#!/usr/bin/env bash
# debian.sh NAME: make the base image NAME of Debian's own packages, where no registry has it.
#
# Takes root, debootstrap and buildah. $DEBIAN_MIRROR is a mirror's address, where Debian's own
# server cannot be reached.
set -euo pipefail

if (( $# != 1 )); then
  echo 'usage: debian.sh NAME' >&2
  exit 2
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
debootstrap --variant=minbase --include=ca-certificates bookworm "$folder" \
  ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"}
rm -rf "$folder"/var/cache/apt/* "$folder"/var/lib/apt/lists/* "$folder"/var/log/*.log
container=$(buildah from scratch)
buildah add --quiet "$container" "$folder" /
buildah config --cmd bash "$container"
buildah commit --quiet --rm "$container" "$1"
