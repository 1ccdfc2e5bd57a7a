#!/bin/sh
# Installs servercheck on this machine, or takes it back. It reads top to bottom; the work is done at the end.
# What must stay true: a config that is there is never overwritten, a second run does no harm, and `files` is the only list
# of what is installed (make install, make deb and make dist use it as well).
set -eu
umask 022

usage() {
    cat <<'END'
Usage: sudo ./install.sh                        install, and check this machine every minute
       sudo ./install.sh --uninstall            take back everything but config and state
       sudo ./install.sh --uninstall --purge    these as well

  --binary FILE   install this program; else the one beside this script, or what `make build` builds
  --no-start      only copy the files: make no user, start nothing
  --pack FOLDER   only copy this script and what it installs to FOLDER, for a machine without Swift

PREFIX (default /usr/local) and DESTDIR (a folder to install into, implies --no-start) are taken from the environment.
END
}

die() {
    echo "install.sh: $*" >&2
    exit 1
}

# Mode, source, target. A source that was made for this installation, in $work, goes before the one beside this script.
files() {
    cat <<END
755 servercheck                         $PREFIX/bin/servercheck
644 systemd/servercheck.service         $lib/systemd/system/servercheck.service
644 systemd/servercheck.timer           $lib/systemd/system/servercheck.timer
644 systemd/servercheck-credentials.conf $lib/systemd/system/run-credentials-servercheck.service.mount.d/servercheck.conf
644 systemd/servercheck.sysusers        $lib/sysusers.d/servercheck.conf
644 completions/servercheck.bash        $PREFIX/share/bash-completion/completions/servercheck
644 completions/servercheck.zsh         $PREFIX/share/zsh/site-functions/_servercheck
644 completions/servercheck.fish        $PREFIX/share/fish/vendor_completions.d/servercheck.fish
644 man/servercheck.1                   $PREFIX/share/man/man1/servercheck.1
644 man/servercheck.json.5              $PREFIX/share/man/man5/servercheck.json.5
644 README.md                           $PREFIX/share/doc/servercheck/README.md
644 config.template.json                $PREFIX/share/doc/servercheck/examples/config.template.json
644 config.schema.json                  $PREFIX/share/doc/servercheck/examples/config.schema.json
644 packaging/config.json               $PREFIX/share/doc/servercheck/examples/config.json
600 packaging/config.json               $config
END
    find contrib -type f | sort | while read -r file; do
        echo "644 $file $PREFIX/share/doc/servercheck/examples/$file"
    done
}

# What is to be done.
action=install start=yes binary='' pack='' purge=no
while [ $# -gt 0 ]; do
    case $1 in
        --binary | --pack)
            [ $# -ge 2 ] || die "$1 needs a path behind it"
            # From here on the current folder is this script's.
            case $2 in /*) path=$2 ;; *) path=$PWD/$2 ;; esac
            [ "$1" = --binary ] && binary=$path || pack=$path
            shift ;;
        --no-start) start=no ;;
        --uninstall) action=uninstall ;;
        --purge) action=uninstall purge=yes ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; die "$1: no such option" ;;
    esac
    shift
done
DESTDIR=${DESTDIR:-} PREFIX=${PREFIX:-/usr/local}
case $DESTDIR in '' | /*) ;; *) DESTDIR=$PWD/$DESTDIR ;; esac
# The unit names the program without quotes.
case $PREFIX in
    *[!A-Za-z0-9/._+-]*) die "PREFIX=$PREFIX: only letters, digits and / . _ + - can be in it" ;;
    /*) PREFIX=${PREFIX%/} ;;
    *) die "PREFIX=$PREFIX: must begin with /" ;;
esac
# systemd looks for units in few places.
case $PREFIX in '' | /usr | /usr/local) lib=$PREFIX/lib ;; *) lib=/etc ;; esac
config=/etc/servercheck/config.json
cd "$(dirname "$0")"
[ -z "$DESTDIR$pack" ] || start=no

if [ -z "$DESTDIR$pack" ]; then
    [ "$(id -u)" = 0 ] || die "writing to ${PREFIX:-/} and /etc needs root: run sudo $0 (or set DESTDIR to a folder of yours)"
    # The units of two installations would hide each other.
    if [ "$(dpkg-query -W -f '${db:Status-Status}' servercheck 2>/dev/null || true)" = installed ]; then
        die "the Debian package servercheck is installed: use apt to upgrade it, or apt remove servercheck first"
    fi
fi
is_running() { [ -z "$DESTDIR" ] && [ -d /run/systemd/system ]; }

uninstall() {
    if is_running; then
        systemctl --quiet disable --now servercheck.timer 2>/dev/null || true
        systemctl stop servercheck.service 2>/dev/null || true
    fi
    files | while read -r _ _ target; do
        [ "$target" != "$config" ] || continue
        rm -f "$DESTDIR$target"
        # Folders that are empty now, but none that every system has.
        folder=$(dirname "$target")
        while :; do
            case $folder in
                "$PREFIX"/bin | "$PREFIX"/lib | "$PREFIX"/share | "$PREFIX"/share/man | /etc/systemd/system | /etc) break ;;
            esac
            rmdir "$DESTDIR$folder" 2>/dev/null || break
            folder=$(dirname "$folder")
        done
    done
    if is_running; then
        systemctl daemon-reload
        systemctl reset-failed servercheck.service 2>/dev/null || true
    fi
    rm -rf "$DESTDIR/run/servercheck"
    if [ $purge = yes ]; then
        rm -rf "$DESTDIR/etc/servercheck" "$DESTDIR/var/lib/servercheck"
        echo "servercheck, its config and its state are removed."
    else
        echo "servercheck is removed. Its config and state are still there: $DESTDIR/etc/servercheck, $DESTDIR/var/lib/servercheck"
        echo "(--uninstall --purge removes them as well)."
    fi
    # Its number must not be given to somebody else while a file of it may be left anywhere: Debian keeps such users, too.
    if [ -z "$DESTDIR" ] && getent passwd servercheck >/dev/null; then
        echo "The system user servercheck is left; to remove it: userdel servercheck"
    fi
}

# Sets binary. It is not built as root in somebody else's clone: what root wrote there would be in the way later.
find_binary() {
    built=.build/release/servercheck
    if [ -n "$binary" ]; then
        [ -e "$binary" ] || die "there is no $binary: run make build first, or name a program that is there"
    elif [ -x ./servercheck ]; then
        binary=./servercheck
    elif [ -e Package.swift ] && [ "${SUDO_UID:-0}" = 0 ] && command -v swift >/dev/null; then
        make build
        binary=$built
    elif [ -x $built ]; then
        binary=$built
        [ -z "$(find Sources Package.swift -newer $built)" ] ||
            echo "install.sh: $built is older than the sources; to have it built anew: make build" >&2
    else
        die "there is no servercheck to install yet: run make build (it needs Swift), or name one with --binary"
    fi
    # Every answer but a run's result has exit status 3.
    version=$("$binary" --version 2>&1) || [ $? = 3 ] || version="cannot run $binary: $version"
    case $version in
        [0-9]*) ;;
        *) die "$version (this is $(uname -s) $(uname -m); is the program made for another system, or its folder mounted noexec?)" ;;
    esac
}

copy_files() {
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    mkdir "$work/completions"
    strip -o "$work/servercheck" "$binary" 2>/dev/null || cp "$binary" "$work/servercheck"
    # What names the program names it where it is.
    for file in systemd/servercheck.service systemd/servercheck.sysusers README.md $(find contrib man -type f); do
        mkdir -p "$work/$(dirname "$file")"
        sed -e "s|/usr/local/bin/|$PREFIX/bin/|g" -e "s|/usr/local/share/|$PREFIX/share/|g" \
            -e "s|/usr/local/lib/|$lib/|g" "$file" >"$work/$file"
    done
    for shell in bash zsh fish; do
        "$binary" --generate-completion-script $shell >"$work/completions/servercheck.$shell"
    done
    files | while read -r mode source target; do
        [ -z "$pack" ] || target=/$source
        target=${pack:-$DESTDIR}$target
        if [ "$target" = "$DESTDIR$config" ] && [ -e "$target" ]; then continue; fi
        [ ! -e "$work/$source" ] || source=$work/$source
        install -d "$(dirname "$target")"
        install -m "$mode" "$source" "$target"
    done
    [ -z "$pack" ] || install -m 755 install.sh "$pack/install.sh"
}

start() {
    if command -v systemd-sysusers >/dev/null; then
        systemd-sysusers "$lib/sysusers.d/servercheck.conf"
    fi
    program=$PREFIX/bin/servercheck
    if is_running; then
        systemctl daemon-reload
        systemctl --quiet enable servercheck.timer
        # Not only start: the timer may have changed.
        systemctl restart servercheck.timer
        echo "servercheck $version is installed and runs every minute. The first time now:"
        systemctl start servercheck.service || echo "It could not do all of its work; journalctl -u servercheck tells more."
        "$program" status | sed 's/ | .*//; q'
    else
        echo "servercheck $version is installed. systemd does not run here, so nothing starts it: see \"cron\" in the README."
    fi
    echo
    if ! report=$("$program" check-config); then
        echo "$report"
        echo "Nothing is checked until these mistakes in $config are mended."
    elif printf '%s\n' "$report" | grep -q '^told: nobody'; then
        echo "Nobody is told yet. Add a messaging channel to $config;"
        echo "$PREFIX/share/doc/servercheck/examples/config.template.json shows how. Then:"
    else
        echo "To change what is watched and who is told, edit $config. Then:"
    fi
    echo "  sudo servercheck check-config     what is watched, who is told, and every mistake"
    echo "  sudo servercheck test-channels    a test message through each channel"
    echo "  servercheck status                the last result"
}

if [ $action = uninstall ]; then
    uninstall
else
    find_binary
    copy_files
    [ $start = no ] || start
fi
