"""Runs the servercheck binary the way a user does, in a home of its own."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Result:
    """What one invocation left behind."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self):
        """Standard output as one JSON object; fails when it is anything else."""
        value = json.loads(self.stdout)
        assert isinstance(value, dict), self.stdout
        return value

    @property
    def events(self):
        """Standard output as one JSON object per line (`scan --events`)."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def first_line(self):
        return self.stdout.split("\n", 1)[0]


class Servercheck:
    """`servercheck("run", "--format", "json", config={...})` runs the binary and returns a `Result`.

    Everything it keeps is below `directory`, never in the machine's own /var/lib or /run, and stays from call to call.
    `directory` is also the working directory, so that no foreign ./config.json is found.
    """

    def __init__(self, binary, directory):
        self.binary = Path(binary)
        self.directory = Path(directory)
        self.config_path = self.directory / "config.json"
        self.state = self.directory / "state"

    def write_config(self, config, mode=0o600):
        """Writes a config (a value to be written as JSON, or the text itself) and returns its path."""
        text = config if isinstance(config, str) else json.dumps(config, indent=2)
        self.config_path.write_text(text)
        self.config_path.chmod(mode)
        return self.config_path

    def environment(self, extra=None):
        """A small fixed environment; `None` as a value removes a variable."""
        values = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "TZ": "UTC",
                  "HOME": self.directory / "home", "STATE_DIRECTORY": self.state,
                  "RUNTIME_DIRECTORY": self.directory / "runtime"}
        for name in ("HOME", "STATE_DIRECTORY", "RUNTIME_DIRECTORY"):
            values[name].mkdir(exist_ok=True)
        values.update(extra or {})
        return {key: str(value) for key, value in values.items() if value is not None}

    def command(self, *args, config=None, state=None, wrapper=()):
        """The argument list: `wrapper` is what runs in front of the binary (setpriv, unshare, …)."""
        line = [*map(str, wrapper), str(self.binary), *map(str, args)]
        if config is not None:
            path = config if isinstance(config, Path) else self.write_config(config)
            line += ["--config", str(path)]
        if state is not None:
            line += ["--state-dir", str(self.state if state is True else state)]
        return line

    def __call__(self, *args, config=None, state=None, env=None, wrapper=(), stdin=None, timeout=60, cwd=None):
        """Runs and waits.

        config: a value for a config file, or a Path; None: no --config option.
        state: a directory for --state-dir; True: this object's own; None: no option.
        """
        done = subprocess.run(
            self.command(*args, config=config, state=state, wrapper=wrapper), env=self.environment(env),
            cwd=cwd or self.directory, timeout=timeout, capture_output=True,
            **({"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}))
        return Result(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))
