"""Whatever hangs, a run ends in time and says what hung. The times asserted here are the contract's own: 5 s for a mount,
3 s for the other channel's message, --timeout plus one second for the run; a second is added for a busy machine."""

import fcntl
import json
import os
import socket
import subprocess
import threading
import time

import pytest

from support.channel_run import run_with_problem
from support.hung import HungMounts
from support.telegram_server import TelegramServer, delivered

TOKEN = "123456:AAF-secret_TOKEN-0123456789abcdefghijk"
BUSY = 1.0
FINE = {"messaging_channels": [], "sensors": [{"free_memory": {"threshold": 100}}]}


def timed(servercheck, *args, **keys):
    begin = time.monotonic()
    result = servercheck(*args, **keys)
    return result, time.monotonic() - begin


def disks(*points):
    partitions = {str(point): {"threshold": 100, "inode_threshold": None} for point in points}
    return {"messaging_channels": [], "sensors": [
        {"diskspace": {"threshold": 100, "inode_threshold": None, "partitions": partitions}},
        {"free_memory": {"threshold": 100}}]}


@pytest.mark.needs("root", "unshare", "nsenter")
@pytest.mark.parametrize("count", [1, 4])
def test_hung_mounts_are_unknown_within_five_seconds_and_the_rest_is_as_ever(space, servercheck, count):
    points = [space.point(f"hung-{number}") for number in range(count)]
    space.run("mount", "-t", "tmpfs", "healthy", space.point("healthy"))
    with HungMounts(space, *points):
        result, seconds = timed(
            servercheck, "run", "--format", "json", config=disks(*points, space.directory / "healthy"), state=True,
            wrapper=space.enter)
    findings = {finding["id"]: finding for finding in result.json["findings"]}
    for point in points:
        finding = findings[f"diskspace:{point}"]
        assert (finding["status"], finding["text"]) == ("UNKNOWN", f"{point} does not answer within 5 seconds")
    assert {findings[name]["status"] for name in (f"diskspace:{space.directory}/healthy", "free_memory")} == {"OK"}
    assert result.exit_code == 3
    assert seconds < 5 + 1 + BUSY


@pytest.mark.needs("root", "unshare", "nsenter")
def test_a_hung_mount_fits_into_a_timeout_of_ten_seconds_with_the_others_measured(space, servercheck):
    """NRPE gives a check ten seconds."""
    points = [space.point(name) for name in ("hung-a", "hung-b")]
    with HungMounts(space, *points):
        result, seconds = timed(
            servercheck, "run", "--format", "json", "--timeout", 10, config=disks(*points), state=True,
            wrapper=space.enter)
    statuses = {finding["id"]: finding["status"] for finding in result.json["findings"]}
    assert [statuses[f"diskspace:{point}"] for point in points] == ["UNKNOWN", "UNKNOWN"]
    assert statuses["diskspace:/"] == "OK"
    assert seconds < 10 + 1


@pytest.mark.needs("root", "unshare", "nsenter")
@pytest.mark.parametrize("place", ["state", "config", "log"])
def test_a_directory_on_a_hung_filesystem_is_named_within_the_timeout(space, servercheck, place):
    hung = space.point("hung")
    config = servercheck.write_config(
        {"messaging_channels": [], "sensors": [{"free_memory": {"threshold": 100}}, {"sshd_access": {
            "log_file": str(hung / "auth.log") if place == "log" else "/dev/null", "source": "file"}}]})
    with HungMounts(space, hung):
        result, seconds = timed(
            servercheck, "run", "--timeout", 3, config=hung / "config.json" if place == "config" else config,
            state=hung if place == "state" else True, wrapper=space.enter)
    assert result.exit_code == 3
    assert seconds < 3 + 1 + BUSY
    if place == "log":
        assert "sshd_access has not answered within" in result.stdout
        assert "OK free_memory" in result.stdout
    else:
        assert "no result within 3 s: the config, the state or runtime directory, or LOG_FILE does not answer" in result.first_line


@pytest.mark.needs("root", "unshare", "nsenter")
def test_a_log_file_on_a_hung_filesystem_does_not_keep_the_result_back(space, servercheck):
    hung = space.point("hung")
    with HungMounts(space, hung):
        result, seconds = timed(
            servercheck, "run", "--timeout", 3, config=FINE, state=True, wrapper=space.enter,
            env={"LOG_FILE": hung / "servercheck.log"})
    assert result.first_line.startswith("SERVERCHECK ")
    assert seconds < 3 + 1 + BUSY


@pytest.mark.needs("root", "unshare", "nsenter")
def test_a_metrics_file_on_a_hung_filesystem_does_not_keep_the_result_back(space, servercheck):
    hung = space.point("hung")
    path = hung / "servercheck.prom"
    with HungMounts(space, hung):
        result, seconds = timed(
            servercheck, "run", "--timeout", 3, config=FINE | {"metrics_file": str(path)}, state=True,
            wrapper=space.enter)
    assert result.exit_code == 1
    warning, memory = result.stdout.splitlines()[1:]
    assert warning == (f"WARNING metrics_file: Prometheus does not see this run: {path} does not answer "
                       "(check the filesystem, or change metrics_file)")
    assert memory.startswith("OK free_memory: ")
    assert seconds < 3 + 1 + BUSY


@pytest.mark.parametrize("name", ["log_file", "config", "state.json", "state.json.spare", "last.json", "last.json.new"])
def test_a_fifo_in_the_place_of_a_file_holds_nobody_up(servercheck, name):
    fifo = servercheck.directory / "fifo"
    config = FINE
    servercheck.state.mkdir(exist_ok=True)
    if name == "log_file":
        config = {"messaging_channels": [], "sensors": [{"sshd_access": {"log_file": str(fifo), "source": "file"}}]}
    elif name == "config":
        config = fifo
    else:
        fifo = servercheck.state / name
    os.mkfifo(fifo)
    fifo.chmod(0o600)
    result, seconds = timed(servercheck, "run", "--timeout", 5, config=config, state=True)
    assert seconds < 3 + BUSY
    expected = {"log_file": (3, "UNKNOWN"), "config": (3, "UNKNOWN"), "state.json": (1, "WARNING")}
    code, word = expected.get(name, (0, "OK"))
    assert (result.exit_code, result.first_line.split()[1]) == (code, word), result.stdout
    if name in ("log_file", "config"):
        assert str(fifo) in result.stdout
    else:
        # The next run finds regular files, and `status` too.
        again, _ = timed(servercheck, "run", config=config, state=True)
        status, _ = timed(servercheck, "status", state=True)
        assert (again.exit_code, status.exit_code) == (0, 0), (again.stdout, status.stdout)


def test_log_file_as_a_fifo_that_nobody_reads_is_a_warning(servercheck):
    fifo = servercheck.directory / "fifo"
    os.mkfifo(fifo)
    result, seconds = timed(servercheck, "run", config=FINE, state=True, env={"LOG_FILE": fifo})
    assert (result.exit_code, seconds < 3 + BUSY) == (0, True)
    assert "LOG_FILE is not written" in result.stderr


def test_a_run_waits_for_another_one_until_its_own_deadline(servercheck):
    """Also when the other one is stopped for ever."""
    servercheck.state.mkdir(exist_ok=True)
    holder = os.open(servercheck.state, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        result, seconds = timed(servercheck, "run", "--timeout", 2, config=FINE, state=True)
        assert result.exit_code == 3
        assert result.first_line.startswith(
            f"SERVERCHECK UNKNOWN - another servercheck run holds the lock on {servercheck.state}")
        assert 1.8 < seconds < 2 + 1 + BUSY
        threading.Timer(1, lambda: fcntl.flock(holder, fcntl.LOCK_UN)).start()
        result, _ = timed(servercheck, "run", "--timeout", 20, config=FINE, state=True)
        assert result.exit_code == 0
    finally:
        os.close(holder)


class Reluctant:
    """A TCP server on the loopback that accepts and then says `greeting` a byte a second, or nothing at all."""

    def __init__(self, greeting=b""):
        self.greeting = greeting
        self.stopped = threading.Event()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self.socket.getsockname()
        self.connections = []

    def __enter__(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.socket.close()
        for connection in self.connections:
            connection.close()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.drip, args=(connection,), daemon=True).start()

    def drip(self, connection):
        for byte in self.greeting:
            if self.stopped.wait(1):
                return
            try:
                connection.send(bytes([byte]))
            except OSError:
                return


@pytest.mark.parametrize("kind", ["telegram", "https", "smtp", "smtp with TLS"])
@pytest.mark.parametrize("greeting", [b"", b"HTTP/1.1 220 ready and willing, slowly\r\n" * 9], ids=["silent", "drips"])
def test_a_server_that_does_not_speak_costs_the_timeout_and_delays_no_other(servercheck, kind, greeting):
    arrived = []

    class Prompt(TelegramServer):
        def handle(self, request):
            arrived.append(time.monotonic())
            super().handle(request)

    with Reluctant(greeting) as slow, Prompt(delivered()) as other:
        if kind in ("telegram", "https"):
            scheme = "https" if kind == "https" else "http"
            channel = {"telegram": {"chat_id": 1, "token": TOKEN, "api_url": f"{scheme}://127.0.0.1:{slow.port}"}}
        else:
            channel = {"smtp": {"server": "127.0.0.1", "port": slow.port, "send_starttls": kind != "smtp",
                                "from_mail": "a@example.org", "to_mail": "b@example.org"}}
        prompt = {"telegram": {"name": "other", "chat_id": 2, "token": TOKEN, "api_url": other.url}}
        begin = time.monotonic()
        result = run_with_problem(
            servercheck, [channel, prompt], "--format", "json", "--timeout", 4, secrets=[TOKEN])
    assert arrived and arrived[0] - begin < 3
    assert result.seconds < 4 + 1 + BUSY
    assert {entry["channel"]: entry["delivered"] for entry in result.json["notifications"]} == {
        next(iter(channel)): False, "other": True}
    state = json.loads((servercheck.state / "state.json").read_text())
    assert sorted(len(outbox["messages"]) for outbox in state["outboxes"].values()) == [0, 1]


@pytest.mark.needs("root", "unshare")
def test_a_silent_name_server_costs_a_run_its_timeout_and_delays_no_other(servercheck, tmp_path):
    resolver = tmp_path / "resolv.conf"
    resolver.write_text("nameserver 127.83.0.54\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent, TelegramServer(delivered()) as other:
        silent.bind(("127.83.0.54", 53))
        channels = [
            {"smtp": {"server": "silent.example.org", "from_mail": "a@example.org", "to_mail": "b@example.org"}},
            {"telegram": {"chat_id": 2, "token": TOKEN, "api_url": other.url}}]
        result = run_with_problem(
            servercheck, channels, "--format", "json", "--timeout", 3, secrets=[TOKEN], wrapper=[
                "unshare", "-m", "sh", "-c", f'mount --bind "{resolver}" /etc/resolv.conf && exec "$@"', "sh"])
    assert result.seconds < 3 + 1 + BUSY
    assert {entry["channel"]: entry["delivered"] for entry in result.json["notifications"]} == {
        "smtp": False, "telegram": True}


def test_standard_error_that_nobody_reads_any_more_does_not_end_the_run(servercheck):
    """A pipe whose reader has gone: the alarm goes out all the same."""
    reader, writer = os.pipe()
    os.close(reader)
    with TelegramServer(delivered()) as server:
        channel = {"telegram": {"chat_id": 2, "token": TOKEN, "api_url": server.url}}
        config = {"messaging_channels": [channel], "sensors": [{"free_memory": {"threshold": 0}}]}
        done = subprocess.run(
            servercheck.command("run", config=config, state=True), env=servercheck.environment(),
            cwd=servercheck.directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=writer, timeout=60)
        os.close(writer)
    assert done.returncode == 2
    assert len(server.requests) == 1
