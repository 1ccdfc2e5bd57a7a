#!/bin/sh
# Makes a tarball of a built program that installs without Swift and make: packaging/dist.sh BINARY FOLDER. It prints the
# tarball's checksum and path. The same commit and the same program give the same tarball, byte by byte.
set -eu
umask 022
binary=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
cd "$(dirname "$0")/.."

# Of a clone that is somebody else's, too.
last_commit() { git -c safe.directory="$PWD" log -1 --format="$1" 2>/dev/null; }
# Every answer but a run's result has exit status 3.
version=$("$binary" --version) || [ $? = 3 ]
: "${SOURCE_DATE_EPOCH:=$(last_commit %ct || date --reference=README.md +%s)}"
name=servercheck-$version-linux-$(uname -m)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

./install.sh --binary "$binary" --pack "$stage/$name"
# PACK_LEVEL is for tests, which are in a hurry.
tar --create --directory="$stage" --sort=name --owner=root:0 --group=root:0 --mtime="@$SOURCE_DATE_EPOCH" "$name" |
    gzip -n -"${PACK_LEVEL:-9}" >"$folder/$name.tar.gz"
cd "$folder"
sha256sum "$name.tar.gz" | tee "$name.tar.gz.sha256"
