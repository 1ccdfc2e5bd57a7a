"""Runs a command that sends messages, and asserts each time that no secret left by another way than to its server."""

import base64
import os
import subprocess
import time
import urllib.parse
from pathlib import Path

from support.run import Result


def run_channels(servercheck, channels, *args, secrets, command="test-channels", sensors=None, wrapper=(), env=None,
                 timeout=90):
    """Runs `servercheck COMMAND` with these channels at the highest log level.

    secrets: texts that may occur in no output, log, state or command line, in no usual encoding.
    """
    log = servercheck.directory / "servercheck.log"
    config = {"messaging_channels": channels, "sensors": sensors or [{"free_memory": {"threshold": 100}}]}
    line = servercheck.command(command, *args, config=config, wrapper=wrapper)
    started = time.monotonic()
    process = subprocess.Popen(
        line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=servercheck.directory,
        env=servercheck.environment({"LOG_LEVEL": "DEBUG", "LOG_FILE": log, **(env or {})}))
    command_line = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    stdout, stderr = process.communicate(timeout=timeout)
    result = Result(process.returncode, stdout.decode("utf-8", "replace"), stderr.decode("utf-8", "replace"))
    result.seconds = time.monotonic() - started
    places = {"standard output": stdout, "standard error": stderr, "the command line": command_line}
    for directory, _, names in os.walk(servercheck.directory):
        for path in (Path(directory) / name for name in names):
            if path != servercheck.config_path and path.suffix not in (".secret", ".pem", ".key"):
                places[str(path)] = path.read_bytes()
    assert_secret_free(places, secrets)
    return result


def assert_secret_free(places, secrets):
    """No secret in any of the places (name to bytes)."""
    for secret in secrets:
        forms = {secret.encode(), urllib.parse.quote(secret, safe="").encode(), *base64_forms(secret.encode())}
        for place, content in places.items():
            for form in forms:
                assert form not in content, f"the secret is in {place}: {content!r}"


def base64_forms(secret):
    """The characters that a secret becomes in base64, after so many bytes before it (AUTH PLAIN sends `\\0user\\0secret`).

    A character that also holds bits of a neighbour is left out.
    """
    for before in range(3):
        text = base64.b64encode(bytes(before) + secret)
        yield text[-(-before * 8 // 6):(before + len(secret)) * 8 // 6]


def run_with_problem(servercheck, channels, *args, secrets, is_bad=True, **keys):
    """Runs `servercheck run` with one sensor that is CRITICAL, or fine again, and keeps the state from call to call."""
    return run_channels(
        servercheck, channels, "--state-dir", servercheck.state, *args, secrets=secrets, command="run",
        sensors=[{"free_memory": {"threshold": 0 if is_bad else 100}}], **keys)


def without_libcurl(directory):
    """A wrapper that runs a command where libcurl.so.4 is an empty file. Needs root, unshare and ldconfig."""
    empty = directory / "empty"
    empty.write_text("")
    return ["unshare", "-m", "sh", "-c",
            'for path in $(ldconfig -p | sed -n "s/.*libcurl.so.4 .*=> //p"); do '
            f'mount --bind "{empty}" "$(readlink -f "$path")"; done; exec "$@"', "sh"]
