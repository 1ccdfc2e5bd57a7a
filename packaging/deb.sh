#!/bin/sh
# Makes a Debian package of a built program: packaging/deb.sh BINARY FOLDER. It prints the package's path.
# What is installed is install.sh's business; here is only what Debian wants besides. The same commit and the same program
# give the same package, byte by byte.
set -eu
umask 022
binary=$(realpath "$1")
mkdir -p "$2"
folder=$(realpath "$2")
cd "$(dirname "$0")/.."

command -v dpkg-deb >/dev/null || { echo "There is no dpkg-deb here: install dpkg, or use make dist." >&2; exit 1; }
# Of a clone that is somebody else's, too.
last_commit() { git -c safe.directory="$PWD" log -1 --format="$1" 2>/dev/null; }
# Every answer but a run's result has exit status 3.
version=$("$binary" --version) || [ $? = 3 ]
architecture=$(dpkg --print-architecture)
: "${SOURCE_DATE_EPOCH:=$(last_commit %ct || date --reference=README.md +%s)}"
export SOURCE_DATE_EPOCH
# Debian's own names for who makes a package.
maintainer="${DEBFULLNAME:-servercheck maintainers} <${DEBEMAIL:-$(last_commit %ae || echo root@localhost)}>"

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
chmod 755 "$stage"
DESTDIR=$stage PREFIX=/usr ./install.sh --binary "$binary"

doc=$stage/usr/share/doc/servercheck
install -m 644 packaging/deb/copyright "$doc/copyright"
gzip -9n >"$doc/changelog.gz" <<END
servercheck ($version) unstable; urgency=medium

  * Version $version, as built from its repository.

 -- $maintainer  $(date --utc --rfc-email --date="@$SOURCE_DATE_EPOCH")
END
find "$stage/usr/share/man" -type f -exec gzip -9n {} +
# Debian's zsh looks for the completions of packages there.
mv "$stage/usr/share/zsh/site-functions" "$stage/usr/share/zsh/vendor-completions"
sed -i '1{/^#!/d}' "$stage/usr/share/bash-completion/completions/servercheck"
install -D -m 644 packaging/deb/lintian-overrides "$stage/usr/share/lintian/overrides/servercheck"

# The oldest C library that has all the symbols the program wants.
libc=$(readelf --wide --version-info "$stage/usr/bin/servercheck" | grep -o 'GLIBC_[0-9.]*' | sort -V | tail -n 1)
mkdir "$stage/DEBIAN"
install -m 755 packaging/deb/postinst packaging/deb/prerm packaging/deb/postrm "$stage/DEBIAN/"
(
    cd "$stage"
    find etc -type f | sed 's|^|/|' | LC_ALL=C sort >DEBIAN/conffiles
    find usr -type f | LC_ALL=C sort | xargs -d '\n' md5sum >DEBIAN/md5sums
)
cat >"$stage/DEBIAN/control" <<END
Package: servercheck
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(find "$stage/usr" "$stage/etc" -printf '%k\n' | awk '{ sum += $1 } END { print sum }')
Section: admin
Priority: optional
Depends: libc6 (>= ${libc#GLIBC_})
Recommends: libcurl4 | libcurl4t64, ca-certificates, libsystemd0, zlib1g
Suggests: systemd
Description: watch one server's disks, memory and SSH logins
 servercheck looks once per start at how full the disks are, how much memory is
 used and who tries to log in by SSH. It tells what is new by Telegram or mail,
 prints one line in the manner of a Nagios plugin, and exits.
 .
 A systemd timer starts it every minute; cron, Nagios, Icinga or a person can
 start it as well. No alarm is lost when the network is down, none is repeated
 every minute, and a login that succeeds after many that failed is told at once.
END
chmod 644 "$stage"/DEBIAN/control "$stage"/DEBIAN/conffiles "$stage"/DEBIAN/md5sums

package=$folder/servercheck_${version}_$architecture.deb
# Modification times later than SOURCE_DATE_EPOCH become it. PACK_LEVEL is for tests, which are in a hurry.
dpkg-deb --root-owner-group -Zxz -z"${PACK_LEVEL:-6}" --build "$stage" "$package" >/dev/null
echo "$package"
