# The commands of this project. `make run` and `make test` work on a fresh clone: they name the Debian or Ubuntu packages
# they lack, ask, and install them. They start no service and change nothing else on the machine.

# One shell per recipe, so that a recipe reads as a script; it stops at the first command that fails.
.ONESHELL:
SHELL := /bin/sh
.SHELLFLAGS := -euc
.PHONY: help run test lint unit system bench order deps deps-build build install deb dist clean
.NOTPARALLEL:
.DEFAULT_GOAL := help

PREFIX ?= /usr/local
DESTDIR ?=
BINARY := .build/release/servercheck
LINK_DIRECTORY := $(CURDIR)/.build/static-libstdc++
PYTHON := /usr/bin/python3

# Package, then the command that succeeds where what it brings is there already. The libraries are what Swift's own tools
# are linked with.
define BUILD_NEEDS
git             command -v git
binutils        command -v strip && command -v readelf
binutils-gold   command -v ld.gold
g++             ls /usr/lib/gcc/$$(uname -m)-*/*/libstdc++.a
libc6-dev       test -e /usr/include/stdio.h
libcurl4        /sbin/ldconfig -p | grep -q libcurl.so.4
libncurses6     /sbin/ldconfig -p | grep -q libncurses.so.6
libsqlite3-0    /sbin/ldconfig -p | grep -q libsqlite3.so.0
libxml2         /sbin/ldconfig -p | grep -q libxml2.so
endef
define TEST_NEEDS
openssl                 command -v openssl
python3-pytest          $(PYTHON) -c 'import pytest'
python3-aiosmtpd        $(PYTHON) -c 'import aiosmtpd'
python3-jsonschema      $(PYTHON) -c 'import jsonschema'
debootstrap             PATH=$$PATH:/usr/sbin command -v debootstrap
systemd-container       command -v systemd-nspawn
debian-archive-keyring  test -e /usr/share/keyrings/debian-archive-keyring.gpg
util-linux              command -v unshare && command -v setpriv
iproute2                PATH=$$PATH:/usr/sbin command -v ip
mount                   command -v mount && PATH=$$PATH:/usr/sbin command -v losetup
e2fsprogs               PATH=$$PATH:/usr/sbin command -v mkfs.ext4
xfsprogs                PATH=$$PATH:/usr/sbin command -v mkfs.xfs
btrfs-progs             PATH=$$PATH:/usr/sbin command -v mkfs.btrfs
squashfs-tools          command -v mksquashfs
logrotate               PATH=$$PATH:/usr/sbin command -v logrotate
strace                  command -v strace
valgrind                command -v valgrind
mandoc                  command -v mandoc
zsh                     command -v zsh
fish                    command -v fish
lintian                 command -v lintian
libsystemd0             /sbin/ldconfig -p | grep -q libsystemd.so.0
systemd                 command -v journalctl
systemd-journal-remote  test -x /lib/systemd/systemd-journal-remote
endef

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## *(.*)/make \1|\2/' | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

run: build  ## build, and show this machine's status; nothing is sent, nothing is written
	@status=0
	$(BINARY) --dry-run || status=$$?
	echo "exit status: $$status"
	case $$status in 0|1|2|3) ;; *) exit 1 ;; esac

test: deps lint unit build system  ## every test: format, unit tests, and system tests against the real things

lint:  ## the format check
	@swift format lint --strict --recursive Sources Tests Package.swift

unit: deps-build  ## the unit tests
	@swift test

system: deps build  ## the system tests; as root all of them run
	@SERVERCHECK=$(CURDIR)/$(BINARY) $(PYTHON) -B -m pytest -p no:cacheprovider -rs --durations=5 Tests/system

order: deps build  ## after much change: which functions a run needs, for the linker to put them together
	@$(PYTHON) -B bench/order.py $(BINARY)

bench: deps build  ## measure it against the tools it replaces, some minutes; ROWS="run scan" for a part
	@SERVERCHECK=$(CURDIR)/$(BINARY) $(PYTHON) -B bench/bench.py

deps:  ## install what building and testing need (CI=true or YES=1: without asking)
deps-build:  ## install what building needs
deps: export NEEDS = $(BUILD_NEEDS)$(newline)$(TEST_NEEDS)
deps-build: export NEEDS = $(BUILD_NEEDS)
deps deps-build:
	@missing=$$(printf '%s\n' "$$NEEDS" | while read -r package probe; do
	    sh -c "$$probe" >/dev/null 2>&1 || printf ' %s' "$$package"
	done)
	if [ -n "$$missing" ]; then
	    echo "Debian or Ubuntu packages that are missing here:$$missing"
	    sudo=
	    [ "$$(id -u)" = 0 ] || sudo="sudo "
	    command="$${sudo}apt-get install --no-install-recommends$$missing"
	    if ! command -v apt-get >/dev/null; then
	        echo "There is no apt-get here: install what they hold by the means of this system." >&2
	        exit 1
	    elif [ -n "$$sudo" ] && ! command -v sudo >/dev/null; then
	        echo "There is no sudo here. As root, run: $${command#sudo }" >&2
	        exit 1
	    elif [ "$${CI:-}" != true ] && [ "$${YES:-}" != 1 ]; then
	        if [ ! -t 0 ]; then
	            echo "Not asking without a terminal. Run: $$command   (or set YES=1)" >&2
	            exit 1
	        fi
	        printf 'Install them now? [Y/n] '
	        read -r answer
	        case $$answer in ''|[Yy]*) ;; *) echo "To do it yourself: $$command" >&2; exit 1 ;; esac
	    fi
	    $${sudo}apt-get update -qq || echo "apt-get update failed; going on with the lists that are there" >&2
	    $${sudo}env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing
	fi
	if ! command -v swift >/dev/null; then
	    echo "There is no Swift on the PATH. Install Swift 6.2 or newer (https://www.swift.org/install/linux/), open a new shell, try again." >&2
	    exit 1
	fi

# Swift's library and libstdc++ are linked statically: starting a program that loads a shared libstdc++ costs 1 ms more.
# The linker takes libstdc++.a because it searches a directory first that holds nothing else. Without a run path the loader
# looks in the system's directories only, not beside the program: safer, and 25 system calls less.
# At a fixed address the loader need not change 40,000 pointers on 125 pages, a sixth of a run. Stack, heap and libraries,
# libcurl and its TLS among them, stay where chance puts them.
build: deps-build  ## the release binary: .build/release/servercheck
	@archive=$$(ls /usr/lib/gcc/$$(uname -m)-*/*/libstdc++.a | sort -V | tail -n 1)
	mkdir -p "$(LINK_DIRECTORY)"
	ln -sfn "$$archive" "$(LINK_DIRECTORY)/libstdc++.a"
	swift build -c release --product servercheck --static-swift-stdlib --disable-local-rpath \
	    -Xlinker "-L$(LINK_DIRECTORY)" -Xswiftc -Xclang-linker -Xswiftc -static-libgcc \
	    -Xswiftc -Xclang-linker -Xswiftc -no-pie \
	    -Xswiftc -Xfrontend -Xswiftc -disable-concrete-type-metadata-mangled-name-accessors \
	    -Xswiftc -Xfrontend -Xswiftc -function-sections -Xlinker --section-ordering-file=$(CURDIR)/bench/function-order.txt

install:  ## copy what `make build` built below DESTDIR and PREFIX (/usr/local), as install.sh does; starts nothing
	@DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" ./install.sh --no-start --binary $(BINARY)

deb: build  ## a Debian package: dist/servercheck_VERSION_ARCHITECTURE.deb
	@packaging/deb.sh $(BINARY) dist

dist: build  ## a tarball that installs without Swift and make: dist/servercheck-VERSION-linux-MACHINE.tar.gz
	@packaging/dist.sh $(BINARY) dist

clean:  ## remove what was built
	@swift package clean
	rm -rf .build dist

define newline


endef
