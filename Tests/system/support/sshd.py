"""A real sshd that logs through a real rsyslog, in a container; and a real ssh client that fails to log in, on demand."""

import shlex
import time
from dataclasses import dataclass
from pathlib import Path

from support.trees import Container

# The password that alice, bob, locked and root have.
PASSWORD = "correct horse"

# Documentation addresses (RFC 5737, RFC 3849); they exist on the container's loopback only.
SERVER_V4 = "198.51.100.254"
SERVER_V6 = "2001:db8::fe"
SOURCES_V4 = [f"198.51.100.{number}" for number in range(1, 61)]
SOURCES_V6 = [f"2001:db8::{number:x}" for number in range(1, 61)]

# One port for each way to let people in.
PASSWORD_PORT, KEYS_PORT, KEYBOARD_PORT, EMPTY_PORT = 2201, 2202, 2203, 2204

SSHD_CONFIG = f"""
Port {PASSWORD_PORT}
Port {KEYS_PORT}
Port {KEYBOARD_PORT}
Port {EMPTY_PORT}
UsePAM yes
PermitRootLogin no
AllowUsers alice locked root
PasswordAuthentication yes
KbdInteractiveAuthentication no
MaxStartups 100
{{penalties}}
Match LocalPort {KEYS_PORT}
    PasswordAuthentication no
Match LocalPort {KEYBOARD_PORT}
    PasswordAuthentication no
    KbdInteractiveAuthentication yes
Match LocalPort {EMPTY_PORT}
    PermitEmptyPasswords yes
"""

# The client's addresses, keys and way to answer prompts, gone with a reboot. From the environment: SOURCES.
CLIENT = r"""
for address in $SOURCES; do
    case $address in
    *:*) echo "address add $address/128 dev lo nodad" ;;
    *) echo "address add $address/32 dev lo" ;;
    esac
done | ip -batch -
for number in 1 2 3 4 5 6 7 8; do ssh-keygen -q -t ed25519 -N '' -f /run/key$number; done
# The client asks this for a password: the next line of the file, the last one again and again.
cat >/run/askpass <<'END'
#!/bin/sh
head -n 1 "$ANSWERS"
[ "$(wc -l <"$ANSWERS")" = 1 ] || sed -i 1d "$ANSWERS"
END
chmod 755 /run/askpass
"""

# From the environment: PASSWORD.
PEOPLE = r"""
for user in alice bob locked; do useradd --create-home --shell /bin/sh $user; done
for user in alice bob locked root; do echo "$user:$PASSWORD"; done | chpasswd
usermod --lock locked
# The two seconds that PAM waits after a wrong password only make the tests slow.
sed -i '/pam_unix.so/s/$/ nodelay/' /etc/pam.d/common-auth
"""

DAEMONS = r"""
# The kernel's log belongs to the machine that runs the tests.
sed -i '/imklog/d' /etc/rsyslog.conf
cat >/etc/rsyslog.d/00-test.conf <<END
\$RepeatedMsgReduction $REDUCTION
auth,authpriv.* /var/log/auth-classic.log;RSYSLOG_TraditionalFileFormat
END
: >/var/log/auth.log
: >/var/log/auth-classic.log
rsyslogd
mkdir -p /run/sshd
/usr/sbin/sshd -t
/usr/sbin/sshd
"""


def client():
    """`CLIENT` with its environment, to be run by a shell inside."""
    addresses = " ".join([*SOURCES_V4, *SOURCES_V6, SERVER_V4, SERVER_V6])
    return f"SOURCES={shlex.quote(addresses)}\n{CLIENT}"


def people():
    """`PEOPLE` with its environment."""
    return f"PASSWORD={shlex.quote(PASSWORD)}\n{PEOPLE}"


def server_config(container):
    """sshd_config for the container's sshd."""
    # OpenSSH from 9.8 on refuses addresses that failed too often; older ones do not know the word.
    known = container.run("/usr/sbin/sshd", "-T", "-oPerSourcePenalties=no", "-h/dev/null", check=False)
    return SSHD_CONFIG.format(penalties="" if "Bad configuration option" in known.stderr else "PerSourcePenalties no")


def client_script(*attempts):
    """A shell script that does `Login`s (or shell commands) one after the other."""
    lines = [part if isinstance(part, str) else part.command() for part in attempts]
    return ("export ANSWERS=/run/answers.$$ SSH_ASKPASS=/run/askpass SSH_ASKPASS_REQUIRE=force\n" + "\n".join(lines))


@dataclass(frozen=True)
class Login:
    """One connection of the ssh client. `answers` are the passwords it gives, one per prompt."""

    source: str
    user: str
    port: int = PASSWORD_PORT
    answers: tuple = ("wrong",)
    # How many keys it offers first; none of them is known to the server.
    keys: int = 0

    def command(self):
        """The command line to run in the container; it always succeeds."""
        server = SERVER_V6 if ":" in self.source else SERVER_V4
        options = {
            "StrictHostKeyChecking": "no", "UserKnownHostsFile": "/dev/null", "LogLevel": "QUIET", "IdentitiesOnly": "yes",
            "IdentityAgent": "none", "NumberOfPasswordPrompts": max(1, len(self.answers)),
            "PreferredAuthentications": "publickey" if self.keys else "password,keyboard-interactive",
            "PubkeyAuthentication": "yes" if self.keys else "no",
        }
        words = ["ssh", "-F", "none", "-n", "-b", self.source, "-p", str(self.port)]
        words += [f"-o{name}={value}" for name, value in options.items()]
        words += [f"-i/run/key{number}" for number in range(1, self.keys + 1)]
        words += ["-l", self.user, server, "true"]
        answers = shlex.quote("".join(answer + "\n" for answer in self.answers))
        return f"printf %s {answers} >$ANSWERS; {shlex.join(words)} >/dev/null 2>&1 || true"


def port_scan():
    """A connection from the server's own address that says nothing."""
    return f"bash -c 'exec 3<>/dev/tcp/{SERVER_V4}/{PASSWORD_PORT}'"


class SSHServer:
    """sshd and rsyslog of a tree. `logs` is a folder on this machine that is the container's /var/log."""

    def __init__(self, tree, directory, reduction=False):
        self.directory = Path(directory)
        self.logs = self.directory / "log"
        self.reduction = reduction
        self.tree = Path(tree)

    def __enter__(self):
        self.logs.mkdir(parents=True)
        self.container = Container(self.tree, self.directory / "space", {self.logs: "/var/log"})
        self.container.__enter__()
        try:
            (self.container.root / "etc/ssh/sshd_config").write_text(server_config(self.container))
            reduction = "on" if self.reduction else "off"
            self.container.shell(f"{client()}\n{people()}\nREDUCTION={reduction}\n{DAEMONS}")
        except BaseException:
            self.container.stop()
            raise
        return self

    def __exit__(self, *_):
        self.container.stop()

    @property
    def log(self):
        """Debian's auth.log, as rsyslog writes it: RFC 3339 timestamps."""
        return self.logs / "auth.log"

    @property
    def classic_log(self):
        """The same lines with timestamps as `Nov  5 04:03:02`."""
        return self.logs / "auth-classic.log"

    def attempt(self, *attempts):
        """Runs `Login`s (or shell commands) one after the other and waits until all they caused is in the logs."""
        self.container.shell(client_script(*attempts), timeout=300)
        self._settle()

    def _settle(self):
        mark = f"everything before this was written {time.monotonic_ns()}"
        # The listener's children write their last lines after the client has gone.
        self.container.shell(
            'listener=$(cat /run/sshd.pid)\n'
            'while [ -n "$(cat /proc/$listener/task/$listener/children)" ]; do sleep 0.02; done\n'
            f'logger -p auth.info -t test {shlex.quote(mark)}')
        deadline = time.monotonic() + 20
        while not all(mark in path.read_text(errors="replace") for path in (self.log, self.classic_log)):
            assert time.monotonic() < deadline, f"rsyslog did not write within 20 s: {mark}"
            time.sleep(0.02)
