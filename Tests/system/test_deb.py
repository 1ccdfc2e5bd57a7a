"""The Debian package, installed by apt on Debian 12 and 13, upgraded, removed and purged.

systemd does not run in these trees; what it does with the package is tested where one is booted.
"""

import gzip
import re
import subprocess

import pytest

from support.installation import CONFIG, assert_it_runs_truly, contrib, modes, pack, paths, user
from support.trees import Container, TreeUnavailable, debian_tree

pytestmark = pytest.mark.needs("dpkg-deb")

LINK = "/etc/systemd/system/timers.target.wants/servercheck.timer"
FILES = {
    CONFIG: 0o600,
    "/usr/bin/servercheck": 0o755,
    "/usr/lib/systemd/system/run-credentials-servercheck.service.mount.d/servercheck.conf": 0o644,
    "/usr/lib/systemd/system/servercheck.service": 0o644,
    "/usr/lib/systemd/system/servercheck.timer": 0o644,
    "/usr/lib/sysusers.d/servercheck.conf": 0o644,
    "/usr/share/bash-completion/completions/servercheck": 0o644,
    "/usr/share/doc/servercheck/README.md": 0o644,
    "/usr/share/doc/servercheck/changelog.gz": 0o644,
    "/usr/share/doc/servercheck/copyright": 0o644,
    "/usr/share/doc/servercheck/examples/config.json": 0o644,
    "/usr/share/doc/servercheck/examples/config.schema.json": 0o644,
    "/usr/share/doc/servercheck/examples/config.template.json": 0o644,
    "/usr/share/fish/vendor_completions.d/servercheck.fish": 0o644,
    "/usr/share/lintian/overrides/servercheck": 0o644,
    "/usr/share/man/man1/servercheck.1.gz": 0o644,
    "/usr/share/man/man5/servercheck.json.5.gz": 0o644,
    "/usr/share/zsh/vendor-completions/_servercheck": 0o644,
} | {f"/usr/share/doc/servercheck/examples/{path}": 0o644 for path in contrib()}


def field(deb, name):
    return subprocess.run(["dpkg-deb", "--field", deb, name], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def unpacked(deb, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    subprocess.run(["dpkg-deb", "--raw-extract", deb, folder], check=True)
    return folder


def test_the_package_holds_these_files_and_their_checksums(unpacked):
    assert {path: mode for path, mode in modes(unpacked).items() if not path.startswith("/DEBIAN/")} == FILES
    sums = (unpacked / "DEBIAN/md5sums").read_text()
    assert [f"/{line.split('  ')[1]}" for line in sums.splitlines()] == sorted(set(FILES) - {CONFIG})
    subprocess.run(["md5sum", "--check", "--strict", "--quiet"], input=sums, cwd=unpacked, check=True, text=True)
    assert (unpacked / "DEBIAN/conffiles").read_text() == f"{CONFIG}\n"


def test_everything_names_the_program_where_it_is(unpacked):
    places = {path: set(re.findall(r"(/\S*/bin)/servercheck\b", (unpacked / path[1:]).read_text()))
              for path in FILES if path.endswith((".service", ".conf", ".cfg"))}
    named = {path.rsplit("/", 2)[-2]: found for path, found in places.items() if found}
    assert named == {folder: {"/usr/bin"} for folder in ("system", "icinga2", "nagios", "nrpe")}


def test_manuals_and_comments_name_the_packages_own_folders(unpacked):
    texts = {path: (unpacked / path[1:]).read_bytes() for path in FILES if path.endswith((".conf", ".service", ".timer", ".gz"))}
    texts = {path: gzip.decompress(text) if path.endswith(".gz") else text for path, text in texts.items()}
    assert [path for path, text in texts.items() if b"/usr/local" in text] == []
    named = {path.rsplit("/", 1)[1]: text.count(b"/usr/share/doc/servercheck") for path, text in texts.items() if "/man/" in path}
    assert named == {"servercheck.1.gz": 1, "servercheck.json.5.gz": 1}
    assert b"as /usr/lib/sysusers.d/servercheck.conf." in texts["/usr/lib/sysusers.d/servercheck.conf"]


def test_the_packages_words_come_from_the_program(deb, release, unpacked):
    version = subprocess.run([release, "--version"], capture_output=True, text=True).stdout.strip()
    assert field(deb, "Version") == version
    changelog = gzip.decompress((unpacked / "usr/share/doc/servercheck/changelog.gz").read_bytes()).decode()
    assert changelog.startswith(f"servercheck ({version}) ")
    symbols = subprocess.run(["objdump", "--dynamic-syms", release], check=True, capture_output=True, text=True).stdout
    needed = max(tuple(map(int, found.split("."))) for found in re.findall(r"\(GLIBC_([0-9.]+)\)", symbols))
    assert field(deb, "Depends") == f"libc6 (>= {'.'.join(map(str, needed))})"


def test_the_same_program_gives_the_same_package(deb, release, tmp_path):
    assert pack("deb", release, tmp_path).read_bytes() == deb.read_bytes()


@pytest.mark.needs("lintian")
def test_lintian_has_nothing_to_say(deb):
    done = subprocess.run(["lintian", "--allow-root", "--fail-on=error,warning", deb], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.fixture(scope="module")
def newer(unpacked):
    """The package with a higher version, and a config that its maker has changed."""
    control = unpacked / "DEBIAN/control"
    control.write_text(re.sub(r"^Version: .*", "Version: 99", control.read_text(), flags=re.MULTILINE))
    config = unpacked / CONFIG[1:]
    config.write_text(config.read_text().replace("90", "89"))
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", unpacked, unpacked.with_suffix(".deb")],
                   check=True, stdout=subprocess.PIPE)
    return unpacked.with_suffix(".deb")


@pytest.mark.needs("root", "debootstrap", "unshare", "nsenter")
@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_it_installs_upgrades_and_goes_again(suite, deb, newer, tree_cache, tmp_path):
    try:
        tree = debian_tree(tree_cache, suite)
    except TreeUnavailable as error:
        pytest.skip(f"needs a Debian tree: {error}")
    with Container(tree, tmp_path / "space", {deb: "/tmp/servercheck.deb", newer: "/tmp/newer.deb"}) as container:
        def dpkg(*options):
            return container.run("dpkg", "--force-unsafe-io", *options)

        before = paths(container)
        # Without a network: what it recommends cannot be fetched.
        done = container.shell("DEBIAN_FRONTEND=noninteractive apt-get install --no-install-recommends -qq"
                               " -o Dpkg::Options::=--force-unsafe-io -o APT::Sandbox::User=root /tmp/servercheck.deb")
        assert "servercheck: nobody is told yet. Add a messaging channel to /etc/servercheck/config.json" in done.stdout
        links = {LINK, "/var/lib/systemd/deb-systemd-helper-enabled/servercheck.timer.dsh-also",
                 "/var/lib/systemd/deb-systemd-helper-enabled/timers.target.wants/servercheck.timer"}
        found = container.run("stat", "--format=%F %n %a %U:%G", *(paths(container) - before - links)).stdout.splitlines()
        assert sorted(line for line in found if line.startswith("regular")) == sorted(
            f"regular file {path} {mode:o} root:root" for path, mode in FILES.items())
        assert (container.root / LINK[1:]).is_symlink()
        assert user(container) == ["adm", "servercheck", "systemd-journal"]
        assert_it_runs_truly(container)
        assert container.run("dpkg", "--verify", "servercheck").stdout == ""

        config = container.root / CONFIG[1:]
        mine = config.read_text().replace("90", "91")
        config.write_text(mine)
        (container.root / LINK[1:]).unlink()
        dpkg("--force-confold", "--install", "/tmp/newer.deb")
        assert container.run("dpkg-query", "--show", "--showformat=${Version}", "servercheck").stdout == "99"
        assert (config.read_text(), config.stat().st_mode & 0o777) == (mine, 0o600)
        # What the admin has disabled stays so.
        assert not (container.root / LINK[1:]).is_symlink()

        dpkg("--remove", "servercheck")
        state = "/var/lib/servercheck"
        left = {path for path in paths(container) - before if not path.startswith((f"{state}/", f"{CONFIG}."))}
        assert left - {path for path in left if "deb-systemd-helper" in path} == {"/etc/servercheck", CONFIG, state}
        dpkg("--purge", "servercheck")
        assert paths(container) == before
