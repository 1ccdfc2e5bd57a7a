"""contrib/ at work: Icinga 2, Nagios, NRPE, promtool and node_exporter from Debian's packages load and use it as it is."""

import json
import re
import subprocess
import time
from pathlib import Path

import pytest

from support.monitoring import metrics, monitoring_layer, status_dat
from support.perfdata import data
from support.trees import Container, TreeUnavailable, debian_tree

pytestmark = pytest.mark.needs("root", "debootstrap", "unshare", "nsenter", "dpkg-deb")

CONTRIB = Path(__file__).resolve().parents[2] / "contrib"
METRICS_FILE = "/var/lib/prometheus/node-exporter/servercheck.prom"

# Each makes a run of its status, and depends on nothing but this machine's memory.
SENSORS = {
    "OK": {"free_memory": {"threshold": 99.9}},
    "WARNING": {"free_memory": {"threshold": 99.9, "warning_threshold": 0.01}},
    "CRITICAL": {"free_memory": {"threshold": 0.01}},
    "UNKNOWN": {"sshd_access": {"log_file": "/nonexistent/auth.log", "source": "file"}},
}
EXIT_CODES = {"OK": 0, "WARNING": 1, "CRITICAL": 2, "UNKNOWN": 3}

# What the packages do when they are installed, as far as it is needed here.
PREPARE = """
useradd --system --user-group --home-dir /var/lib/nagios nagios
useradd --system --user-group prometheus
useradd --system --user-group servercheck
mkdir -p /run/nagios /run/nagios4 /var/lib/nagios4/rw /var/lib/nagios4/spool/checkresults
chown -R nagios:nagios /run/nagios /run/nagios4 /var/lib/nagios4 /var/log/nagios4
chown -R nagios:nagios /var/cache/icinga2 /var/log/icinga2 /var/lib/icinga2
/usr/lib/icinga2/prepare-dirs /etc/default/icinga2
rm -r /etc/icinga2/conf.d
mkdir /etc/icinga2/conf.d /etc/servercheck
mkdir -m 755 /run/servercheck
touch /var/log/auth.log
chgrp adm /var/log/auth.log
chmod 640 /var/log/auth.log
# What contrib/README.md says.
usermod -aG adm nagios
install -d -o nagios -g nagios -m 750 /var/lib/servercheck-nagios
chgrp servercheck /var/lib/prometheus/node-exporter
chmod 775 /var/lib/prometheus/node-exporter
"""

ICINGA = """
object Host "watched" {
  check_command = "dummy"
  vars.servercheck = true
}
object Host "other" {
  check_command = "dummy"
}
object Host "without-timer" {
  check_command = "dummy"
}
object Service "servercheck" {
  host_name = "without-timer"
  check_command = "servercheck-run"
  vars.servercheck_state_dir = "/var/lib/servercheck-nagios"
  /* Only when a test asks for it. */
  enable_active_checks = false
}
object CheckerComponent "checker" { }
object ExternalCommandListener "command" { }
object StatusDataWriter "status" { update_interval = 1s }
"""

# Instead of Debian's, whose checks of localhost need the monitoring plugins. No notification: there is no mail here.
NAGIOS = """
define command {
    command_name    check-host-alive
    command_line    /bin/true
}
define host {
    use             linux-server
    host_name       localhost
    address         127.0.0.1
}
define host {
    use             linux-server
    host_name       remote
    address         127.0.0.1
}
define service {
    use                     generic-service
    host_name               remote
    service_description     servercheck
    check_command           check_nrpe_servercheck
    max_check_attempts      1
}
"""


def until(what, seconds=30):
    """What `what` returns, as soon as that is true."""
    end = time.monotonic() + seconds
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < end, f"not within {seconds} s: {what.__name__}"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def container(binary, tree_cache, tmp_path_factory):
    try:
        tree = debian_tree(tree_cache, "bookworm")
        layer = monitoring_layer(tree_cache, tree)
    except TreeUnavailable as error:
        pytest.skip(f"needs Debian's monitoring packages: {error}")
    with Container(tree, tmp_path_factory.mktemp("monitoring") / "space", {
        binary: "/usr/local/bin/servercheck",
        CONTRIB: "/contrib",
    }, layers=[layer]) as container:
        container.shell(PREPARE)
        yield container


def is_listening(container, port):
    tables = [Path(f"/proc/{container.init}/net/{name}").read_text() for name in ("tcp", "tcp6")]
    return any(re.search(rf":{port:04X} 0+:0000 0A ", table) for table in tables)


class Daemon:
    """A program in the foreground, ended with the container at the latest."""

    def __init__(self, container, *command):
        self.log = container.space.with_suffix("." + Path(command[0]).name)
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                container.command(*command), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                env={"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root"})

    def wait_for(self, what):
        def there():
            assert self.process.poll() is None, self.log.read_text()
            return what()
        return until(there)

    def stop(self):
        self.process.terminate()
        self.process.wait()


@pytest.fixture(scope="module")
def icinga(container):
    (container.root / "etc/icinga2/conf.d/test.conf").write_text(ICINGA)
    container.shell("cp /contrib/icinga2/servercheck.conf /etc/icinga2/conf.d/")
    container.run("icinga2", "daemon", "-C")
    daemon = Daemon(container, "icinga2", "daemon")
    pipe = container.root / "run/icinga2/cmd/icinga2.cmd"
    daemon.wait_for(pipe.is_fifo)
    yield Engine(daemon, pipe, container.root / "var/cache/icinga2/status.dat")
    daemon.stop()


@pytest.fixture(scope="module")
def nrpe(container):
    container.shell("cp /contrib/nrpe/servercheck.cfg /etc/nagios/nrpe.d/")
    daemon = Daemon(container, "nrpe", "-f", "-c", "/etc/nagios/nrpe.cfg")
    daemon.wait_for(lambda: is_listening(container, 5666))
    yield daemon
    daemon.stop()


@pytest.fixture(scope="module")
def nagios(container, nrpe):
    (container.root / "etc/nagios4/objects/localhost.cfg").write_text(NAGIOS)
    container.shell("""
        cp /contrib/nagios/servercheck.cfg /etc/nagios4/conf.d/
        sed -i 's/^enable_notifications=.*/enable_notifications=0/; s/^check_for_updates=.*/check_for_updates=0/
            s/^use_syslog=.*/use_syslog=0/; s/^status_update_interval=.*/status_update_interval=1/' /etc/nagios4/nagios.cfg
    """)
    done = container.run("nagios4", "-v", "/etc/nagios4/nagios.cfg")
    assert "Total Warnings: 0\nTotal Errors:   0\n" in done.stdout
    daemon = Daemon(container, "nagios4", "/etc/nagios4/nagios.cfg")
    pipe = container.root / "var/lib/nagios4/rw/nagios.cmd"
    daemon.wait_for(pipe.is_fifo)
    yield Engine(daemon, pipe, container.root / "var/lib/nagios4/status.dat")
    daemon.stop()


class Engine:
    """A running Icinga 2 or Nagios: takes orders from its command pipe, writes a status.dat."""

    def __init__(self, daemon, pipe, status):
        self.daemon, self.pipe, self.status = daemon, pipe, status

    def check(self, *hosts):
        """Lets the service `servercheck` of each host be checked now."""
        now = int(time.time())
        self.pipe.write_text("".join(f"[{now}] SCHEDULE_FORCED_SVC_CHECK;{host};servercheck;{now}\n" for host in hosts))

    def shows(self, host, result, perfdata=True):
        """Waits until the service has this result: state, text, long text and performance data."""
        first, *rest = result.stdout.splitlines()
        text, _, numbers = first.partition(" | ")
        expected = {"current_state": str(result.returncode), "plugin_output": text,
                    "long_plugin_output": "\\n".join(rest),
                    "performance_data": sorted((datum.label, datum.value, datum.unit) for datum in data(numbers))}
        seen = {}

        def the_result():
            fields = status_dat(self.status.read_text() if self.status.exists() else "").get(host, {})
            # The order of lines and the quotes around labels that need none are each program's own.
            seen.update({key: fields.get(key, "").rstrip() for key in expected})
            seen["performance_data"] = sorted(
                (datum.label, datum.value, datum.unit) for datum in data(seen["performance_data"]))
            return seen == expected

        try:
            self.daemon.wait_for(the_result)
        except AssertionError:
            assert seen == expected


@pytest.fixture(params=list(SENSORS))
def ran(request, container):
    """A run as root with everything in its place, whose result `status` then tells any user."""
    result = run(container, [SENSORS[request.param]])
    assert result.returncode == EXIT_CODES[request.param]
    assert result.stdout.startswith(f"SERVERCHECK {request.param} - ")
    return result


def config(container, sensors, **keys):
    path = container.root / "etc/servercheck/config.json"
    path.write_text(json.dumps({"messaging_channels": [], "sensors": sensors, **keys}))
    path.chmod(0o600)


def run(container, sensors, **keys):
    config(container, sensors, **keys)
    return container.run("env", "LOG_LEVEL=CRITICAL", "servercheck", check=False)


def test_icinga_checks_and_reports(container, icinga, ran):
    icinga.check("watched")
    icinga.shows("watched", ran)


def test_nagios_checks_and_reports_also_by_nrpe(container, nagios, ran):
    nagios.check("localhost", "remote")
    nagios.shows("localhost", ran)
    nagios.shows("remote", ran)


def test_nrpe_passes_text_perfdata_and_exit_status_on(container, nrpe, ran):
    done = check_nrpe(container)
    assert (done.returncode, done.stdout, done.stderr) == (ran.returncode, ran.stdout, "")


def test_nrpe_passes_a_long_output_on(container, nrpe):
    result = run(container, [{"free_memory": {"name": f"memory {number}", "threshold": 100}} for number in range(100)])
    assert len(result.stdout) > 10_000
    assert check_nrpe(container).stdout == result.stdout


def check_nrpe(container):
    return container.run(
        "/usr/lib/nagios/plugins/check_nrpe", "-H", "127.0.0.1", "-c", "check_servercheck", check=False)


def test_icinga_runs_it_itself_where_there_is_no_timer(container, icinga):
    run(container, [SENSORS["WARNING"], {"sshd_access": {}}])
    container.shell("chgrp nagios /etc/servercheck/config.json; chmod 640 /etc/servercheck/config.json")
    icinga.check("without-timer")
    last = container.root / "var/lib/servercheck-nagios/last.json"
    icinga.daemon.wait_for(last.exists)
    ran = container.run("servercheck", "status", "--state-dir", "/var/lib/servercheck-nagios", check=False)
    assert "OK sshd_access: " in ran.stdout
    assert ran.returncode == EXIT_CODES["WARNING"]
    icinga.shows("without-timer", ran)


def test_only_hosts_that_say_so_get_the_service(icinga):
    services = status_dat(icinga.daemon.wait_for(lambda: icinga.status.exists() and icinga.status.read_text()))
    assert set(services) == {"watched", "without-timer"}


# Prometheus

HOSTILE = '/mnt/a "quoted" \\back, {x="1"} 5'


@pytest.mark.parametrize("word", list(SENSORS))
def test_promtool_has_nothing_to_say_about_the_metrics(container, word):
    result = run(container, [SENSORS[word]])
    assert result.returncode == EXIT_CODES[word]
    for command in (["run", "--dry-run"], ["status"]):
        done = container.shell(
            f"servercheck {' '.join(command)} --format openmetrics 2>/dev/null >/tmp/metrics || true; "
            "promtool check metrics </tmp/metrics")
        assert (done.stdout, done.stderr) == ("", "")
        samples = metrics((container.root / "tmp/metrics").read_text())
        assert samples["servercheck_status", ()] == EXIT_CODES[word]


def test_promtool_accepts_every_metric_there_is(container, sensors_of_all_kinds):
    result = run(container, sensors_of_all_kinds, metrics_file="/tmp/all.prom")
    assert result.returncode in (0, 1, 2)
    assert not result.stdout.count("Prometheus does not see"), result.stdout
    done = container.shell("promtool check metrics </tmp/all.prom")
    assert (done.stdout, done.stderr) == ("", "")
    samples = metrics((container.root / "tmp/all.prom").read_text())
    assert ("servercheck_ssh_attempts_total", (("sensor", "sshd_access"),)) in samples
    ratio = samples["servercheck_disk_used_ratio", (("mountpoint", HOSTILE.replace("\\", "\\\\").replace('"', '\\"')),
                                                    ("sensor", "diskspace"))]
    assert ratio == 0


@pytest.fixture
def sensors_of_all_kinds(container):
    container.run("mkdir", "-p", HOSTILE)
    container.run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", HOSTILE)
    yield [{"diskspace": {"partitions": {HOSTILE: {"threshold": 90, "warning_threshold": 80}}}},
           {"free_memory": {"threshold": 99.9, "warning_threshold": 99}}, {"sshd_access": {}}]
    container.run("umount", HOSTILE)


@pytest.fixture(scope="module")
def node_exporter(container):
    daemon = Daemon(container, "setpriv", "--reuid=prometheus", "--regid=prometheus", "--clear-groups",
                    "prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile")
    daemon.wait_for(lambda: is_listening(container, 9100))
    yield lambda: scrape(container)
    daemon.stop()


def scrape(container):
    """What node_exporter serves, over the container's loopback."""
    script = "import sys, urllib.request as web; sys.stdout.write(web.urlopen(sys.argv[1], timeout=10).read().decode())"
    return subprocess.run(
        ["nsenter", f"--target={container.init}", "--net", "--", "/usr/bin/python3", "-c", script,
         "http://127.0.0.1:9100/metrics"], check=True, capture_output=True, text=True, timeout=30).stdout


def test_node_exporter_serves_what_the_service_user_wrote(container, node_exporter, sensors_of_all_kinds):
    """As the unit runs it: the config a credential, the umask 0077."""
    config(container, sensors_of_all_kinds, metrics_file=METRICS_FILE)
    container.shell(f"""
        rm -f {METRICS_FILE}
        install -d -o servercheck /run/credentials /run/own /var/lib/own
        install -o servercheck -m 400 /etc/servercheck/config.json /run/credentials/
    """)
    done = container.run(
        "setpriv", "--reuid=servercheck", "--regid=servercheck", "--groups=adm", "env",
        "CREDENTIALS_DIRECTORY=/run/credentials", "STATE_DIRECTORY=/var/lib/own", "RUNTIME_DIRECTORY=/run/own",
        "sh", "-c", "umask 077; exec servercheck", check=False)
    written = metrics((container.root / METRICS_FILE[1:]).read_text())
    served = metrics(node_exporter())
    assert served["node_textfile_scrape_error", ()] == 0
    assert {key: value for key, value in served.items() if key[0].startswith("servercheck_")} == written
    assert served["servercheck_status", ()] == done.returncode


@pytest.mark.parametrize("word", list(SENSORS))
def test_node_exporter_serves_each_status(container, node_exporter, word):
    before = time.time()
    run(container, [SENSORS[word]], metrics_file=METRICS_FILE)
    served = metrics(node_exporter())
    assert served["node_textfile_scrape_error", ()] == 0
    assert served["servercheck_status", ()] == EXIT_CODES[word]
    assert int(before) <= served["servercheck_last_run_timestamp_seconds", ()] <= time.time()


# What is done to /metrics with the old file in it, 8 KiB that anyone may write to; what the finding says, if there is one.
OBSTACLES = {
    "read-only": (
        "mount -o remount,ro /metrics", "cannot open /metrics/a.prom.new: Read-only file system "
        "(in the unit: add ReadWritePaths=/metrics with systemctl edit servercheck.service)"),
    "root's": (
        "chmod 755 /metrics", "cannot open /metrics/a.prom.new: Permission denied "
        "(let the user that runs servercheck write to /metrics)"),
    "full": (
        "rm /metrics/a.prom; head -c 8k /dev/zero >/metrics/filler",
        "cannot write /metrics/a.prom.new: No space left on device (free some space or inodes)"),
    "full but for the old file": ("head -c 4k /dev/zero >/metrics/filler", None),
}


@pytest.mark.parametrize("obstacle", list(OBSTACLES))
def test_a_metrics_file_that_cannot_be_written_is_shown_with_the_remedy(container, obstacle):
    script, expected = OBSTACLES[obstacle]
    config(container, [SENSORS["OK"]], metrics_file="/metrics/a.prom")
    container.shell(f"""
        mkdir -p /metrics
        mount -t tmpfs -o size=8k,mode=777 tmpfs /metrics
        echo old >/metrics/a.prom
        {script}
        install -o servercheck -m 400 /etc/servercheck/config.json /tmp/config.json
    """)
    done = container.run("setpriv", "--reuid=servercheck", "--regid=servercheck", "--clear-groups", "servercheck",
                         "--config", "/tmp/config.json", "--state-dir", "/tmp/state", check=False)
    text = container.run("cat", "/metrics/a.prom", check=False).stdout
    container.run("umount", "/metrics")
    if expected:
        assert done.stdout.splitlines()[1] == f"WARNING metrics_file: Prometheus does not see this run: {expected}"
        assert (done.returncode, text) == (1, "" if obstacle == "full" else "old\n")
    else:
        assert (done.returncode, metrics(text)["servercheck_status", ()]) == (0, 0)


def test_promtool_checks_and_tests_the_alert_rules(container):
    container.run("promtool", "check", "rules", "/contrib/prometheus/servercheck.rules.yml")
    container.run("promtool", "test", "rules", "/contrib/prometheus/servercheck.rules.test.yml")
    # And a rule that is wrong fails there.
    container.shell("""
        cp -r /contrib/prometheus /tmp/rules
        sed -i 's/> 600/> 6000/' /tmp/rules/servercheck.rules.yml
        ! promtool test rules /tmp/rules/servercheck.rules.test.yml
    """)


def test_every_metric_in_the_alert_rules_exists(container, sensors_of_all_kinds):
    run(container, sensors_of_all_kinds, metrics_file="/tmp/all.prom")
    known = {name for name, _ in metrics((container.root / "tmp/all.prom").read_text())}
    rules = (CONTRIB / "prometheus/servercheck.rules.yml").read_text()
    used = set(re.findall(r"\bservercheck_[a-z_]+", rules))
    assert used - known == {"servercheck_notifications_pending"}
