"""Installing servercheck by make install, install.sh and the tarball, and taking it back.

What happens as root happens in a Debian tree without Swift, make and compiler, in private namespaces; systemd does not run
there.
"""

import json
import os
import re
import subprocess

import pytest

from support.installation import CONFIG, REPOSITORY, assert_it_runs_truly, contrib, modes, pack, paths, user
from support.trees import Container, TreeUnavailable, debian_tree

# Below PREFIX; all of it is for everybody to read.
FILES = {
    "bin/servercheck": 0o755,
    "lib/systemd/system/run-credentials-servercheck.service.mount.d/servercheck.conf": 0o644,
    "lib/systemd/system/servercheck.service": 0o644,
    "lib/systemd/system/servercheck.timer": 0o644,
    "lib/sysusers.d/servercheck.conf": 0o644,
    "share/bash-completion/completions/servercheck": 0o644,
    "share/doc/servercheck/README.md": 0o644,
    "share/doc/servercheck/examples/config.json": 0o644,
    "share/doc/servercheck/examples/config.schema.json": 0o644,
    "share/doc/servercheck/examples/config.template.json": 0o644,
    "share/fish/vendor_completions.d/servercheck.fish": 0o644,
    "share/man/man1/servercheck.1": 0o644,
    "share/man/man5/servercheck.json.5": 0o644,
    "share/zsh/site-functions/_servercheck": 0o644,
} | {f"share/doc/servercheck/examples/{path}": 0o644 for path in contrib()}


def installed(prefix):
    return {f"{prefix}/{path}": mode for path, mode in FILES.items()} | {CONFIG: 0o600}


def command_of_unit(folder, path):
    return re.findall(r"^ExecStart=(.*)$", (folder / path).read_text(), re.MULTILINE)


def install(*options, **environment):
    return subprocess.run([REPOSITORY / "install.sh", *options], capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"], **environment})


def test_make_install_puts_everything_below_destdir_and_prefix(release, tmp_path):
    subprocess.run(["make", "install", f"BINARY={release}", f"DESTDIR={tmp_path}", "PREFIX=/usr"], cwd=REPOSITORY,
                   check=True, capture_output=True)
    assert modes(tmp_path) == installed("/usr")
    assert command_of_unit(tmp_path, "usr/lib/systemd/system/servercheck.service") == ["/usr/bin/servercheck"]


def test_install_and_uninstall_keep_to_destdir_and_leave_the_config(release, tmp_path):
    folder = tmp_path / "a folder"
    config = folder / CONFIG[1:]
    config.parent.mkdir(parents=True)
    config.write_text("mine")
    done = install("--binary", str(release), DESTDIR=str(folder))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert set(modes(folder)) == set(installed("/usr/local"))
    assert config.read_text() == "mine"
    assert install("--uninstall", DESTDIR=str(folder)).returncode == 0
    assert list(modes(folder)) == [CONFIG]
    assert install("--uninstall", "--purge", DESTDIR=str(folder)).returncode == 0
    assert modes(folder) == {}


def test_systemd_finds_the_units_of_an_unusual_prefix(release, tmp_path):
    done = install("--binary", str(release), DESTDIR=str(tmp_path), PREFIX="/opt/servercheck/")
    assert (done.returncode, done.stderr) == (0, "")
    assert command_of_unit(tmp_path, "etc/systemd/system/servercheck.service") == ["/opt/servercheck/bin/servercheck"]
    assert (tmp_path / "etc/systemd/system/servercheck.timer").exists()
    assert (tmp_path / "etc/sysusers.d/servercheck.conf").exists()
    for path in "man/man1/servercheck.1", "doc/servercheck/README.md", "doc/servercheck/examples/contrib/README.md":
        text = (tmp_path / "opt/servercheck/share" / path).read_text()
        assert set(re.findall(r"(/[\w./]*/bin)/servercheck\b", text)) == {"/opt/servercheck/bin"}, path
        assert "/usr/local/share/doc" not in text
    assert install("--purge", DESTDIR=str(tmp_path), PREFIX="/opt/servercheck/").returncode == 0
    assert modes(tmp_path) == {}


@pytest.mark.parametrize("options, environment, message", [
    (["--instal"], {}, "--instal: no such option"),
    (["--binary"], {}, "--binary needs a path behind it"),
    ([], {"PREFIX": "usr"}, "PREFIX=usr: must begin with /"),
    ([], {"PREFIX": "/o p t"}, "PREFIX=/o p t: only letters, digits and / . _ + - can be in it"),
    (["--binary", "/nosuch"], {}, "there is no /nosuch: run make build first, or name a program that is there"),
    (["--binary", "/bin/false"], {}, "cannot run /bin/false: "),
])
def test_a_mistake_is_told_and_installs_nothing(options, environment, message, tmp_path):
    done = install(*options, DESTDIR=str(tmp_path), **environment)
    assert done.returncode == 1
    assert f"install.sh: {message}" in done.stderr
    assert modes(tmp_path) == {}


def test_the_config_that_is_installed_watches_what_the_template_watches_and_tells_nobody(servercheck):
    config = json.loads((REPOSITORY / "packaging/config.json").read_text())
    template = json.loads((REPOSITORY / "config.template.json").read_text())
    assert config == template | {"messaging_channels": []}
    result = servercheck("check-config", config=config)
    assert result.exit_code == 0
    # By this line install.sh and the package know that nobody is told.
    assert "told: nobody, there are no messaging channels" in result.stdout.splitlines()


def test_completions_are_made_for_three_shells_and_that_is_a_success(binary):
    for shell in "bash", "zsh", "fish":
        done = subprocess.run([binary, "--generate-completion-script", shell], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        assert "check-config" in done.stdout
    assert subprocess.run([binary, "--generate-completion-script", "csh"], capture_output=True).returncode == 3


@pytest.fixture(scope="module")
def staged(release, tmp_path_factory):
    folder = tmp_path_factory.mktemp("staged")
    assert install("--binary", str(release), DESTDIR=str(folder), PREFIX="/usr").returncode == 0
    return folder / "usr/share"


COMPLETE = {
    "bash": """
        source "$1/bash-completion/completions/servercheck"
        COMP_LINE="servercheck $2" COMP_WORDS=(servercheck "$2") COMP_CWORD=1 COMP_POINT=${#COMP_LINE}
        function=$(complete -p servercheck | sed 's/.* -F \\([^ ]*\\).*/\\1/')
        "$function" servercheck "$2" servercheck
        printf '%s\\n' "${COMPREPLY[@]}"
        """,
    # Without a terminal zsh completes nothing, but it says what it would have been told.
    "zsh": """
        fpath=($1/zsh/site-functions $fpath)
        autoload -Uz compinit && compinit -D -u && autoload +X $_comps[servercheck] || exit 1
        functions _servercheck | grep -oE "'[a-z-]+:" | tr -d "':"
        """,
    "fish": """source $argv[1]/fish/vendor_completions.d/servercheck.fish; complete -C "servercheck $argv[2]" """,
}
SHELLS = {"bash": ["bash", "--norc", "-c"], "zsh": ["zsh", "-f", "-c"], "fish": ["fish", "--no-config", "-c"]}


@pytest.mark.needs("zsh", "fish")
@pytest.mark.parametrize("shell", SHELLS)
def test_completions_load_in_a_real_shell(shell, staged, tmp_path):
    arguments = [*SHELLS[shell], COMPLETE[shell], *([] if shell == "fish" else [shell]), str(staged), "s"]
    done = subprocess.run(arguments, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "dumb"})
    assert (done.returncode, done.stderr) == (0, "")
    offered = {line.split()[0] for line in done.stdout.splitlines() if line}
    assert {"status", "scan"} <= offered
    if shell != "zsh":
        assert offered == {"status", "scan"}


@pytest.fixture(scope="module")
def tarballs(release, tmp_path_factory):
    """The same program packed twice."""
    return [pack("dist", release, tmp_path_factory.mktemp("dist")) for _ in range(2)]


def test_the_tarball_is_the_same_each_time_and_its_checksum_is_noted(tarballs):
    first, second = tarballs
    assert first.read_bytes() == second.read_bytes()
    assert re.fullmatch(r"servercheck-[0-9.]+-linux-\w+\.tar\.gz", first.name)
    subprocess.run(["sha256sum", "--check", "--strict", f"{first.name}.sha256"], cwd=first.parent, check=True,
                   capture_output=True)


@pytest.fixture
def container(tarballs, tree_cache, tmp_path):
    """A Debian 12 with the unpacked tarball in /package."""
    package = tmp_path / "package"
    package.mkdir()
    subprocess.run(["tar", "-xzf", tarballs[0], "--strip-components=1", "-C", package], check=True)
    try:
        tree = debian_tree(tree_cache, "bookworm")
    except TreeUnavailable as error:
        pytest.skip(f"needs a Debian tree: {error}")
    with Container(tree, tmp_path / "space", {package: "/package"}) as container:
        yield container


@pytest.mark.needs("root", "debootstrap", "unshare", "nsenter")
def test_the_tarball_installs_on_a_machine_without_swift_and_goes_again(container):
    def run(*options):
        return container.run("/package/install.sh", *options)

    assert container.shell("command -v swift make cc || true").stdout == ""
    before = paths(container)

    done = container.run("setpriv", "--reuid=65534", "--clear-groups", "/package/install.sh", check=False)
    assert (done.returncode, done.stdout, done.stderr) == (
        1, "", "install.sh: writing to /usr/local and /etc needs root: run sudo /package/install.sh "
               "(or set DESTDIR to a folder of yours)\n")

    first = run()
    assert "systemd does not run here" in first.stdout
    assert "Nobody is told yet. Add a messaging channel to /etc/servercheck/config.json" in first.stdout
    found = container.run("stat", "--format=%F %n %a %U:%G", *(paths(container) - before)).stdout.splitlines()
    assert sorted(line for line in found if not line.startswith("directory ")) == sorted(
        f"regular file {path} {mode:o} root:root" for path, mode in installed("/usr/local").items())
    assert user(container) == ["adm", "servercheck", "systemd-journal"]
    assert_it_runs_truly(container)

    config = container.root / CONFIG[1:]
    config.write_text(config.read_text().replace("90", "91"))
    mine = config.read_bytes()
    with_state = paths(container)
    assert run().stdout == first.stdout
    assert config.read_bytes() == mine
    assert paths(container) == with_state

    run("--uninstall")
    state = "/var/lib/servercheck"
    left = paths(container) - before
    assert {path for path in left if not path.startswith(f"{state}/")} == {"/etc/servercheck", CONFIG, state}
    run("--uninstall", "--purge")
    assert paths(container) == before
    # A number that is free could become somebody else's.
    assert user(container) == ["adm", "servercheck", "systemd-journal"]


@pytest.mark.needs("root", "debootstrap", "unshare", "nsenter")
def test_a_config_from_before_is_kept_and_its_mistakes_are_told(container):
    config = container.root / CONFIG[1:]
    config.parent.mkdir()
    config.write_text('{"messaging_channels": [], "sensors": [{"diskspace": {"treshold": 90}}]}')
    done = container.run("/package/install.sh")
    assert 'treshold: unknown key, did you mean "threshold"?' in done.stdout
    assert f"Nothing is checked until these mistakes in {CONFIG} are mended." in done.stdout
    assert "treshold" in config.read_text()
