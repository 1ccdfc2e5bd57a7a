#!/bin/sh
# Records what servercheck's disk and memory sensors see of this machine, and what df says of it at the same moment.
#
#     sh record_machine.sh [PACKAGE…] >machine.tar
#
# Reads only: /proc, statvfs of each mount point, df. Autofs mounts and what lies below them are not touched. The named
# packages' versions are written down beside kernel and system. Look into the tar before you give it away: mount options
# can name servers, shares and users. Needs a POSIX shell with the tools of coreutils (or of busybox, then
# without df's words), awk, grep and tar.
set -eu
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"
if [ -t 1 ]; then
    echo "this writes a tar file: redirect the output, as in sh $0 >machine.tar" >&2
    exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
tree=$work/machine
mkdir -p "$tree/proc/self"
[ ! -r /proc/spl/kstat/zfs/arcstats ] || mkdir -p "$tree/proc/spl/kstat/zfs"

for file in self/mountinfo filesystems meminfo spl/kstat/zfs/arcstats; do
    [ ! -r "/proc/$file" ] || cat "/proc/$file" >"$tree/proc/$file"
done

# The five largest processes. Kernel threads have no VmRSS. The pipe's own programs are among them where few others run,
# and are gone by now, as any other may be.
copied=0
grep -s '^VmRSS:' /proc/[0-9]*/status | sort -t: -k3nr | while IFS=: read -r file _; do
    [ "$copied" -lt 5 ] || continue
    mkdir -p "$tree${file%/*}"
    if cat "$file" >"$tree$file" 2>/dev/null; then copied=$((copied + 1)); else rm -r "$tree${file%/*}"; fi
done

# Every mount point once, escaped as the kernel escapes it: 5 is the mount point, the type comes after the lone dash.
mount_points() {
    awk '{ type = ""; for (i = 7; i <= NF && type == ""; i++) if ($i == "-") type = $(i + 1)
           if (type == "autofs" || ($2 in automount)) automount[$1] = 1
           else if (!seen[$5]++) print $5 }' "$tree/proc/self/mountinfo"
}

usage() {
    echo "# mount point: total free available inodes free-inodes [file], as statvfs and stat answer"
    mount_points | sort | while IFS= read -r escaped; do
        format=$(printf '%s\n' "$escaped" | sed 's/%/%%/g')
        # shellcheck disable=SC2059
        point=$(printf "${format}x")
        point=${point%x}
        if answer=$(timeout 5 stat -f -c '%S %b %f %a %c %d' "$point" 2>&1); then
            # shellcheck disable=SC2086
            set -- $answer
            kind=
            [ -d "$point" ] || kind=" file"
            printf '%s: %s\n' "$escaped" "$(($1 * $2)) $(($1 * $3)) $(($1 * $4)) $5 $6$kind"
        else
            case $answer in
            *"Permission denied"*) printf '%s: EACCES\n' "$escaped" ;;
            *) printf '# %s: %s\n' "$escaped" "$(printf '%s' "$answer" | tr '\n' ' ')" ;;
            esac
        fi
    done
}

# df's words about local disks; -l keeps it from asking servers that may hang.
disks() {
    df -l -P -T -B 1 2>/dev/null
    echo
    df -l -P -T -i 2>/dev/null
}

# Again, until nothing was written between the three: they must speak of the same moment. Kept in memory, because a
# file written here would be such a change.
for _ in 1 2 3 4 5; do
    before=$(disks || :)
    answers=$(usage)
    [ "$before" != "$(disks || :)" ] || break
    sleep 1
done
[ -z "$before" ] || printf '%s\n' "$before" >"$tree/df"
printf '%s\n' "$answers" >"$tree/usage"

{
    echo "Recorded by record_machine.sh as uid $(id -u) on $(date -u +%Y-%m-%dT%H:%M:%SZ)"
    echo "kernel: $(uname -srm)"
    # shellcheck disable=SC1091
    echo "system: $(. /etc/os-release 2>/dev/null && echo "$PRETTY_NAME")"
    for package; do
        version=$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null || rpm -q "$package" 2>/dev/null || echo unknown)
        echo "package: $package $version"
    done
} >"$tree/recorded"

tar -C "$work" --numeric-owner -cf - machine
