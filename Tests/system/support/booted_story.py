"""What happens on a booted server from the first installation to the last trace: told once for each suite, in chapters.

Each chapter returns what was seen; the tests look at that afterwards. Waiting for the timer is what takes the time, so the
stories of both suites run side by side, behind the other tests.
"""

import threading
import time
from concurrent.futures import Future
from types import SimpleNamespace as Seen

from support.booted_journal import journal_kept
from support.booted_package import installed, installed_by_script, purged, rebooted, removed, upgraded
from support.booted_server import CONFIG, LAST, SERVICE, STATE, Server, calm_config
from support.sshd import Login

# The three connections of the attack: 7 attempts, more than the 5 that are allowed.
ATTACK = [Login("198.51.100.7", "alice", answers=("a", "b", "c")), Login("198.51.100.7", "alice", answers=("a", "b", "c")),
          Login("2001:db8::8", "nosuch")]
TOKEN = "7262524:AAH-never-to-be-seen-anywhere"


def without_config(server):
    """The admin has deleted the config."""
    server.shell(f"mv {CONFIG} /root/kept.json")
    cursor = server.cursor()
    service = server.start()
    lines = [entry["MESSAGE"] for entry in server.journal("--after-cursor", cursor)]
    server.shell(f"mv /root/kept.json {CONFIG}; systemctl reset-failed")
    return Seen(service=service, lines=lines)


def attacked(server):
    """Somebody tries passwords; the next to look is the timer."""
    # A minute that passes meanwhile would let two runs see a part each.
    if time.time() % 60 > 50:
        time.sleep(61 - time.time() % 60)
    server.configure(calm_config())
    first = server.start()
    before = server.last()
    started = server.timer_microseconds("LastTriggerUSec")
    server.attack(*ATTACK)
    cursor = server.cursor()
    fired = server.wait_for_timer(after=started)
    return Seen(first=first, before=before, fired=fired, next=server.timer_microseconds("NextElapseUSecRealtime"),
                service=server.service(), last=server.last(), mails=server.mails(),
                lines=own_lines(server, cursor))


def attacked_again(server):
    """The attacker goes on; it is the same incident."""
    before = server.mails()
    server.attack(*ATTACK)
    service = server.start()
    return Seen(service=service, last=server.last(), mails=server.mails()[len(before):])


def partitions(server):
    """Every partition, seen from within the sandbox and by root outside; then one turns read-only, one gets full."""
    def compared():
        # What btrfs has still to commit changes what it counts as available.
        server.run("sync")
        service = server.start()
        return Seen(service=service, inside=server.last(),
                    outside=server.servercheck("run", "--dry-run", "--format", "json").stdout)

    plain = compared()
    server.outside(f"mount -o remount,ro {server.space}/full")
    read_only = compared()
    server.outside(f"mount -o remount,rw {server.space}/full")
    server.shell("head -c 20M /dev/zero >/srv/full/rubbish 2>/dev/null || true; sync")
    full = compared()
    server.shell("rm /srv/full/rubbish; sync")
    server.start()
    return Seen(plain=plain, read_only=read_only, full=full)


def judged(server):
    """A run of each status, and what systemd makes of it."""
    def seen(config):
        server.configure(config)
        cursor = server.cursor()
        service = server.start()
        return Seen(service=service, lines=own_lines(server, cursor),
                    is_failed=server.run("systemctl", "is-failed", SERVICE, check=False).stdout.strip(),
                    system=server.run("systemctl", "is-system-running", check=False).stdout.strip())

    server.let_attack_pass()
    critical = seen(calm_config(free_memory={"threshold": 0.1}))
    lasting = seen(calm_config(free_memory={"threshold": 0.1}))
    # Where journald comes too late (`start` says why) it lets pass what LogLevelMax is to hold back: then once more.
    for _ in range(4):
        if all(priority < 6 for priority, _ in lasting.lines):
            break
        lasting = seen(calm_config(free_memory={"threshold": 0.1}))
    warning = seen(calm_config(free_memory={"threshold": 99.9, "warning_threshold": 0.1}))
    unknown = seen("{")
    ok = seen(calm_config())
    return Seen(critical=critical, lasting=lasting, warning=warning, unknown=unknown, ok=ok)


def memory_alarm(server):
    """Something outside the sandbox takes more memory than anything else."""
    server.shell("systemd-run --quiet --unit=hog sh -c '(head -c 200M /dev/zero; sleep 600) | tail -c 200M'")
    server.shell("for try in $(seq 200); do grep -Eq 'VmRSS:.* 2[0-9]{5} kB' /proc/$(pidof tail)/status && break; sleep 0.1; done")
    count = len(server.mails())
    server.configure(calm_config(free_memory={"threshold": 0.1}))
    service = server.start()
    mails = server.mails()[count:]
    server.shell("systemctl stop hog")
    server.configure(calm_config())
    server.start()
    return Seen(service=service, mails=mails)


def others(server):
    """People without rights, the unit's own user among them."""
    server.let_attack_pass()
    server.start()
    by_alice = server.servercheck("status", user="alice")
    return Seen(
        status=by_alice, as_json=server.servercheck("status", "--format", "json", user="nobody"),
        config_mode=server.run("stat", "--format=%U:%G %a", CONFIG).stdout.strip(),
        config=[server.run("runuser", "-u", user, "--", "cat", CONFIG, check=False).returncode
                for user in ("alice", "servercheck")],
        credentials=server.shell("ls -A /run/credentials/servercheck.service 2>/dev/null || true").stdout)


def secrets(server):
    """A channel with a token that cannot be reached: a failure that is told everywhere but without the token."""
    config = calm_config(free_memory={"threshold": 0.1})
    config["messaging_channels"].append(
        {"telegram": {"chat_id": "1", "token": TOKEN, "api_url": "http://127.0.0.1:9"}})
    server.configure(config)
    cursor = server.cursor()
    service = server.start()
    server.run("journalctl", "--sync")
    texts = {
        "journal": server.run("journalctl", "--output=export", "--all").stdout,
        "state": server.shell(f"cat {STATE}").stdout, "last": server.shell(f"cat {LAST}").stdout,
        "systemctl": server.run("systemctl", "status", SERVICE, check=False).stdout,
        "show": server.run("systemctl", "show", SERVICE).stdout,
    }
    server.configure(calm_config())
    server.start()
    return Seen(service=service, lines=own_lines(server, cursor), texts=texts)


def metrics_written(server):
    """For node_exporter: where the unit may write, and where its sandbox does not let it."""
    def seen(path):
        server.shell(f"install -d -o servercheck {path.rpartition('/')[0]}")
        server.configure({**calm_config(), "metrics_file": path})
        service = server.start()
        written = server.root / path.lstrip("/")
        return Seen(service=service, last=server.last(), text=written.read_text() if written.exists() else None,
                    mode=server.shell(f"stat --format='%U %a' {path}", check=False).stdout.strip(),
                    folder=server.shell(f"ls -A {path.rpartition('/')[0]}").stdout.split())

    # The unit names the folder as one that may be missing.
    collector = seen("/var/lib/prometheus/node-exporter/servercheck.prom")
    elsewhere = seen("/srv/metrics/servercheck.prom")
    dropin = "/etc/systemd/system/servercheck.service.d"
    server.shell(f"mkdir {dropin}; printf '[Service]\\nReadWritePaths=/srv/metrics\\n' >{dropin}/metrics.conf\n"
                 "systemctl daemon-reload")
    allowed = seen("/srv/metrics/servercheck.prom")
    server.shell(f"rm -r {dropin} /srv/metrics /var/lib/prometheus; systemctl daemon-reload")
    server.configure(calm_config())
    server.start()
    return Seen(collector=collector, elsewhere=elsewhere, allowed=allowed)


def by_hand(server):
    """Root runs it by hand; then again where no state was before; then leaves a state file that only root can read."""
    def seen(script):
        server.attack(Login("198.51.100.20", "alice", answers=("a", "b")))
        server.shell(script)
        mine = server.last()
        server.attack(Login("198.51.100.21", "alice", answers=("a",)))
        service = server.start()
        return Seen(service=service, mine=mine, last=server.last(),
                    owner=server.run("stat", "--format=%U %a", STATE).stdout.strip())

    server.let_attack_pass()
    run = "servercheck --quiet >/dev/null 2>&1 || [ $? -le 2 ]"
    again = seen(run)
    # Without --state-dir the same folder is root's default.
    anew = seen(f"rm -rf /var/lib/servercheck\n{run}")
    locked = seen(f"chown root:root {STATE}; chmod 600 {STATE}")
    return Seen(again=again, anew=anew, locked=locked)


def quiet(server):
    """A minute in which nothing changed."""
    server.configure(calm_config())
    server.start()
    server.start()
    started = server.timer_microseconds("LastTriggerUSec")
    cursor = server.cursor()
    fired = server.wait_for_timer(after=started)
    return Seen(started=started, fired=fired, next=server.timer_microseconds("NextElapseUSecRealtime"),
                entries=server.journal("--after-cursor", cursor), service=server.service(), mails=server.mails())


def own_lines(server, cursor):
    """What the journal got of the unit after a cursor: (priority, message)."""
    # journalctl of systemd 252 skips one too many when both a cursor and a unit are given.
    return [(int(entry["PRIORITY"]), entry["MESSAGE"]) for entry in server.journal("--after-cursor", cursor)
            if SERVICE in (entry.get("UNIT"), entry.get("_SYSTEMD_UNIT"))]


CHAPTERS = [installed, without_config, attacked, partitions, memory_alarm, secrets, judged, others, metrics_written,
            attacked_again, journal_kept, quiet, by_hand, upgraded, rebooted, removed, purged, installed_by_script]


class Story:
    """`story["attacked"]` waits for the chapter and returns what was seen; what went wrong in it is raised there."""

    def __init__(self, suite):
        self.suite = suite
        self.chapters = {name: Future() for name in ["booted", *(chapter.__name__ for chapter in CHAPTERS)]}
        # How long each took.
        self.seconds = {}
        self.server = None
        self.is_over = False

    def __getitem__(self, chapter):
        return self.chapters[chapter].result()

    def tell(self, find_tree, directory, files):
        """In a thread. `find_tree` returns the tree; `files` are copied into it."""
        try:
            tree = find_tree(self.suite)
            if self.is_over:
                raise RuntimeError("the tests were interrupted")
            began = time.monotonic()
            with Server(self.suite, tree, directory, files) as self.server:
                self.seconds["booted"] = time.monotonic() - began
                self.chapters["booted"].set_result(Seen())
                for chapter in CHAPTERS:
                    if self.is_over:
                        raise RuntimeError("the tests were interrupted")
                    began = time.monotonic()
                    future = self.chapters[chapter.__name__]
                    try:
                        future.set_result(chapter(self.server))
                    except Exception as error:
                        future.set_exception(error)
                    self.seconds[chapter.__name__] = time.monotonic() - began
        except BaseException as error:
            for future in self.chapters.values():
                if not future.done():
                    future.set_exception(error)


class Stories:
    """All suites' stories, side by side."""

    def __init__(self, suites, find_tree, directory, files):
        self.stories = {suite: Story(suite) for suite in suites}
        self.threads = []
        for suite, story in self.stories.items():
            place = directory / suite
            place.mkdir()
            self.threads.append(threading.Thread(target=story.tell, args=(find_tree, place, files), daemon=True))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self.stories

    def __exit__(self, *_):
        # Where tests were interrupted: a server that is gone ends its story at once.
        for story in self.stories.values():
            story.is_over = True
            if story.server:
                story.server.stop()
        for thread in self.threads:
            thread.join()
