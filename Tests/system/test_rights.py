"""Secrets stay secret, files keep their modes, and nothing planted in a directory is followed or read by the wrong user."""

import json
import os
import shutil
import stat
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from support.certificates import Authority
from support.channel_run import assert_secret_free, run_channels
from support.run import Servercheck
from support.telegram_server import TelegramServer, delivered

TOKEN = "123456:AAF-secret_TOKEN-0123456789abcdefghijk"
PASSWORD = "correct-horse|battery'staple"
FINE = {"messaging_channels": [], "sensors": [{"free_memory": {"threshold": 100}}]}
FULL = {"messaging_channels": [], "sensors": [{"free_memory": {"threshold": 0}}]}
# How `--state-dir` and the environment name the two directories.
OURS = {"STATE_DIRECTORY", "RUNTIME_DIRECTORY"}


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


def run(servercheck, config=FULL, *args, **keys):
    return servercheck("run", *args, config=config, **keys)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_files_have_their_modes_whatever_the_umask(servercheck, umask):
    wrapper = ["sh", "-c", f'umask {umask:03o}; exec "$@"', "sh"]
    places = {"STATE_DIRECTORY": servercheck.directory / "new/state", "RUNTIME_DIRECTORY": servercheck.directory / "new/run",
              "LOG_FILE": servercheck.directory / "log"}
    for config in (FULL, FINE, FULL):
        assert run(servercheck, config, env=places, wrapper=wrapper).exit_code in (0, 2)
    state, runtime = places["STATE_DIRECTORY"], places["RUNTIME_DIRECTORY"]
    assert {path.name for path in state.iterdir()} == {"state.json", "state.json.spare"}
    for path in [*state.iterdir(), places["LOG_FILE"]]:
        assert mode(path) & ~0o640 == 0, (path, oct(mode(path)))
    assert mode(state) & ~0o750 == 0
    assert [path.name for path in runtime.iterdir()] == ["last.json"]
    assert mode(runtime / "last.json") == 0o644
    assert mode(runtime) == 0o755


@pytest.mark.parametrize("name", ["state.json", "state.json.spare"])
@pytest.mark.parametrize("wide", [0o666, 0o644, 0o777, 0o660])
def test_a_state_that_was_opened_to_others_is_closed_again(servercheck, name, wide):
    for config in (FULL, FINE):
        run(servercheck, config, state=True)
    (servercheck.state / name).chmod(wide)
    for config in (FULL, FINE, FULL):
        run(servercheck, config, state=True)
    for path in servercheck.state.glob("state.json*"):
        assert mode(path) & ~0o640 == 0, (path, oct(mode(path)))


@pytest.mark.parametrize("kind", ["symlink", "dangling symlink", "hard link", "directory"])
@pytest.mark.parametrize("name", ["state.json", "state.json.spare", "last.json", "last.json.new"])
def test_what_was_planted_in_the_state_directory_is_neither_followed_nor_written(servercheck, name, kind):
    treasure = servercheck.directory / "treasure"
    treasure.write_text("precious")
    treasure.chmod(0o600)
    planted = servercheck.state / name
    planted.parent.mkdir(exist_ok=True)
    if kind == "symlink":
        planted.symlink_to(treasure)
    elif kind == "dangling symlink":
        planted.symlink_to(servercheck.directory / "nothing")
    elif kind == "hard link":
        os.link(treasure, planted)
    else:
        planted.mkdir()
    results = [run(servercheck, config, state=True) for config in (FULL, FINE, FULL)]
    assert treasure.read_text() == "precious"
    assert (mode(treasure), treasure.stat().st_uid) == (0o600, os.getuid())
    assert not (servercheck.directory / "nothing").exists()
    assert [result.exit_code for result in results[1:]] == [0, 2], [result.stdout for result in results]
    assert "precious" not in "".join(result.stdout + result.stderr for result in results)
    for file in ("state.json", "last.json"):
        path = servercheck.state / file
        assert stat.S_ISREG(path.lstat().st_mode) and path.stat().st_nlink == 1
        json.loads(path.read_text())
    assert servercheck("status", state=True).exit_code == 2


@pytest.fixture
def shared():
    """A directory that every user may reach, and the program in it."""
    directory = Path(tempfile.mkdtemp(prefix="servercheck-rights-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


def user(number=65534):
    return ["setpriv", "--reuid", str(number), "--regid", str(number), "--clear-groups"]


@pytest.mark.needs("root", "setpriv")
def test_root_hands_its_files_to_the_owner_of_the_directory(binary, shared):
    servercheck = Servercheck(shutil.copy(binary, shared / "servercheck"), shared)
    servercheck.state.mkdir()
    os.chown(servercheck.state, 65534, 65534)
    (shared / "home").mkdir()
    config = servercheck.write_config(FULL)
    for _ in range(2):
        assert run(servercheck, config, state=True).exit_code == 2
    assert {path.name: path.stat().st_uid for path in servercheck.state.glob("state.json*")} == {
        "state.json": 65534, "state.json.spare": 65534}
    config.chmod(0o644)
    os.chown(config, 0, 0)
    result = run(servercheck, config, state=True, wrapper=user())
    assert (result.exit_code, result.first_line.split()[1]) == (2, "CRITICAL")


@pytest.mark.needs("root", "setpriv")
def test_a_link_planted_by_the_owner_of_the_directory_does_not_lead_root_astray(binary, shared):
    """root runs by hand in a directory of the user servercheck, who may have been broken into."""
    servercheck = Servercheck(shutil.copy(binary, shared / "servercheck"), shared)
    victim = shared / "victim"
    victim.write_text("root's")
    victim.chmod(0o600)
    servercheck.state.mkdir()
    os.chown(servercheck.state, 65534, 65534)
    for name in ("state.json", "state.json.spare", "last.json", "last.json.new"):
        (servercheck.state / name).symlink_to(victim)
        os.chown(servercheck.state / name, 65534, 65534, follow_symlinks=False)
    for config in (FULL, FINE, FULL):
        run(servercheck, config, state=True)
    facts = victim.stat()
    assert (victim.read_text(), facts.st_uid, stat.S_IMODE(facts.st_mode), facts.st_nlink) == ("root's", 0, 0o600, 1)


@pytest.mark.needs("root", "setpriv")
def test_a_directory_of_another_user_is_named_with_the_remedy_and_the_alarm_goes_out(binary, shared):
    servercheck = Servercheck(shutil.copy(binary, shared / "servercheck"), shared)
    for name in ("home", "runtime", "state"):
        (shared / name).mkdir(mode=0o755)
        (shared / name).chmod(0o755)
    with TelegramServer(delivered()) as server:
        config = servercheck.write_config({**FULL, "messaging_channels": [
            {"telegram": {"chat_id": 1, "token": TOKEN, "api_url": server.url}}]}, mode=0o644)
        result = run(servercheck, config, wrapper=user())
    assert result.exit_code == 3
    assert f"make {servercheck.state} writable for the user that runs servercheck" in result.stdout
    assert len(server.requests) == 1


@pytest.mark.needs("root", "setpriv")
@pytest.mark.parametrize("config_mode, owner, is_refused", [
    (0o602, 0, True), (0o666, 0, True), (0o620, 0, False), (0o644, 0, False), (0o600, 65534, False), (0o400, 65534, False)])
def test_a_config_is_trusted_by_who_may_write_it(binary, shared, config_mode, owner, is_refused):
    servercheck = Servercheck(shutil.copy(binary, shared / "servercheck"), shared)
    config = servercheck.write_config(FINE, mode=config_mode)
    os.chown(config, owner, 0)
    result = run(servercheck, config, state=True)
    assert result.exit_code == (3 if is_refused else 0), result.stdout
    assert ("others may write to it" in result.stdout) == is_refused


@pytest.mark.parametrize("value", ["", "relative", "./a b", "/proc/no/such", "/dev/null", "a\nSERVERCHECK OK - fine", "\x1b[2J|'",
                                   "/" + "x" * 5000], ids=repr)
@pytest.mark.parametrize("name", ["STATE_DIRECTORY", "RUNTIME_DIRECTORY", "HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"])
def test_a_hostile_environment_gives_one_clean_answer(servercheck, name, value):
    extra = {"STATE_DIRECTORY": servercheck.state, "RUNTIME_DIRECTORY": servercheck.directory / "runtime", name: value}
    wrapper = []
    if name not in OURS:
        # As an ordinary user without what systemd gives; as root they are not looked at.
        extra |= {"STATE_DIRECTORY": None}
        if os.geteuid() == 0:
            extra |= {"STATE_DIRECTORY": servercheck.state}
    if value == "" and name == "STATE_DIRECTORY" and os.geteuid() == 0:
        pytest.skip("an empty name means the machine's own /var/lib/servercheck") if not shutil.which("unshare") else None
        wrapper = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /var/lib && exec "$@"', "sh"]
    if value == "" and name == "RUNTIME_DIRECTORY" and os.geteuid() == 0:
        wrapper = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /run && exec "$@"', "sh"]
    result = run(servercheck, env=extra, wrapper=wrapper)
    assert result.exit_code in (2, 3)
    assert result.first_line.startswith("SERVERCHECK ")
    assert all(line.isprintable() for line in (result.stdout + result.stderr).splitlines())
    assert not any(line.startswith("SERVERCHECK OK") for line in result.stdout.splitlines())


def test_a_log_file_may_be_a_link_but_no_directory(servercheck):
    target = servercheck.directory / "elsewhere.log"
    target.write_text("before\n")
    link = servercheck.directory / "link.log"
    link.symlink_to(target)
    assert run(servercheck, state=True, env={"LOG_FILE": link}).exit_code == 2
    assert target.read_text().startswith("before\n") and len(target.read_text()) > 10
    result = run(servercheck, state=True, env={"LOG_FILE": servercheck.directory})
    assert result.exit_code == 2
    assert f"{servercheck.directory}: Is a directory" in result.stderr and "LOG_FILE is not written" in result.stderr


# MARK: - Secrets

def test_no_secret_is_told_by_any_command_at_any_level(servercheck):
    """A token and a password of servers that cannot be reached: in every command, log level, format and verbosity."""
    config = {**FULL, "messaging_channels": [
        {"telegram": {"chat_id": 1, "token": TOKEN, "api_url": "https://127.0.0.1:9"}},
        {"smtp": {"server": "127.0.0.1", "port": 9, "username": "monitor", "password": PASSWORD, "send_starttls": True,
                  "from_mail": "a@example.org", "to_mail": "b@example.org"}}]}
    path = servercheck.write_config(config)
    places = {}
    commands = [("run",), ("run", "-vvv"), ("run", "--format", "json"), ("run", "--dry-run", "-vvv"), ("check-config",),
                ("test-channels",), ("scan", "/dev/null"), ("status", "-vvv"), ("run", "--sensor", "nonsense")]
    for level in ("DEBUG", "INFO", "CRITICAL", "nonsense"):
        for command in commands:
            state = {} if command[0] in ("check-config", "test-channels", "scan") else {"state": True}
            keys = {} if command[0] == "status" else {"config": path}
            result = servercheck(*command, **keys, **state, env={"LOG_LEVEL": level, "LOG_FILE": servercheck.directory / "log"})
            places[f"{command} {level} out"] = result.stdout.encode()
            places[f"{command} {level} err"] = result.stderr.encode()
    for file in servercheck.directory.rglob("*"):
        if file.is_file() and file != path:
            places[str(file)] = file.read_bytes()
    assert_secret_free(places, [TOKEN, TOKEN.split(":")[1], PASSWORD])


@pytest.mark.parametrize("broken", ["kind", "extra key", "type", "syntax"])
def test_a_mistake_beside_a_secret_does_not_show_it(servercheck, broken):
    telegram = {"chat_id": 1, "token": TOKEN}
    config = {**FULL, "messaging_channels": [{"telegram": telegram}]}
    if broken == "kind":
        config["messaging_channels"] = [{"telegramm": telegram}]
    elif broken == "extra key":
        telegram["tokn"] = TOKEN
    elif broken == "type":
        telegram["token"] = [TOKEN]
    text = json.dumps(config)
    if broken == "syntax":
        text = text.replace(f'"{TOKEN}"', f'"{TOKEN}')
    result = servercheck("check-config", config=text)
    assert result.exit_code == 3
    assert_secret_free({"out": result.stdout.encode(), "err": result.stderr.encode()}, [TOKEN, TOKEN.split(":")[1]])


def test_a_run_starts_no_other_program_and_keeps_its_secret_out_of_its_own_environment(servercheck):
    """While a server lets it wait, all that /proc shows of it and its children is looked at."""
    with TelegramServer("hang") as server:
        config = {**FULL, "messaging_channels": [{"telegram": {"chat_id": 1, "token": TOKEN, "api_url": server.url}}]}
        process = subprocess.Popen(
            servercheck.command("run", "--timeout", "4", config=config, state=True), env=servercheck.environment(),
            cwd=servercheck.directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            while not server.requests and process.poll() is None:
                time.sleep(0.02)
            proc = Path(f"/proc/{process.pid}")
            places = {name: (proc / name).read_bytes() for name in ("cmdline", "environ", "comm")}
            children = [(task / "children").read_bytes() for task in (proc / "task").iterdir()]
            files = [os.readlink(link) for link in (proc / "fd").iterdir()]
        finally:
            output, errors = process.communicate(timeout=30)
    assert_secret_free({**places, "out": output, "err": errors}, [TOKEN, TOKEN.split(":")[1]])
    assert set(children) <= {b""}
    # The config was closed, nothing of it waits in a temporary file.
    assert str(servercheck.config_path) not in files
    assert not [name for name in files if name.startswith("/tmp") and not name.startswith(str(servercheck.directory))]


# MARK: - Credentials only where they are safe

def trusting(authority):
    """The throw-away authority in the place of the system's, in a mount namespace of its own."""
    return ["unshare", "-m", "sh", "-c",
            f'mount --bind "{authority.file}" /etc/ssl/certs/ca-certificates.crt && exec "$@"', "sh"]


@pytest.mark.needs("root", "unshare")
@pytest.mark.parametrize("case, names, expired, words", [
    ("elsewhere", ["DNS:elsewhere.example.org"], False, "no alternative certificate subject name matches"),
    ("expired", ["IP:127.0.0.1"], True, "certificate has expired")])
def test_a_bot_api_with_a_wrong_certificate_gets_no_token(servercheck, tmp_path, case, names, expired, words):
    authority = Authority(tmp_path, "authority")
    with TelegramServer(delivered(), certificate=authority.issue(case, names, expired=expired)) as server:
        channel = {"telegram": {"chat_id": 1, "token": TOKEN, "api_url": server.url}}
        result = run_channels(servercheck, [channel], secrets=[TOKEN], wrapper=trusting(authority))
    assert (result.exit_code, words in result.stdout) == (2, True), result.stdout
    assert server.requests == []


@pytest.mark.needs("root", "unshare")
def test_https_is_not_left_for_http(servercheck, tmp_path):
    """Neither by a redirect, nor because the server speaks plain HTTP on that port."""
    authority = Authority(tmp_path, "authority")
    with TelegramServer(delivered()) as plain:
        with TelegramServer(
                f"redirect:{plain.url}/", certificate=authority.issue("server", ["IP:127.0.0.1"])) as redirecting:
            channels = [{"telegram": {"chat_id": 1, "token": TOKEN, "api_url": redirecting.url}},
                        {"telegram": {"chat_id": 2, "token": TOKEN, "api_url": plain.url.replace("http:", "https:")}}]
            result = run_channels(servercheck, channels, secrets=[TOKEN], wrapper=trusting(authority))
    assert result.exit_code == 2
    assert [line.split(":")[1] for line in result.stdout.splitlines()] == [" failed", " failed"]
    assert plain.requests == [] and len(redirecting.requests) == 1


@pytest.mark.parametrize("host", ["192.0.2.1:8081", "bots.example.org", "localhost.example.org", "[2001:db8::1]:8081",
                                  "127.0.0.1.example.org", "[::1].example.org", "1270.0.0.1"])
def test_a_token_does_not_travel_in_the_clear_beyond_loopback(servercheck, host):
    channel = {"telegram": {"chat_id": 1, "token": TOKEN, "api_url": f"http://{host}"}}
    result = run_channels(servercheck, [channel], "--timeout", 2, secrets=[TOKEN])
    assert result.exit_code == 3
    assert ("messaging_channels[0].telegram.api_url: would send the token unencrypted: use https "
            "(http is for this machine only)") in result.stderr
