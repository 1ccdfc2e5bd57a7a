"""The metrics, and contrib/prometheus: promtool accepts them, node_exporter from Debian's packages serves them."""

import re
import subprocess
import time

import pytest

from support.monitoring import metrics
from support.monitoring_container import (
    CONTRIB, EXIT_CODES, SENSORS, Daemon, config, is_listening, monitoring_container, run)

pytestmark = pytest.mark.needs("root", "debootstrap", "unshare", "nsenter", "dpkg-deb")

METRICS_FILE = "/var/lib/prometheus/node-exporter/servercheck.prom"


@pytest.fixture(scope="module")
def container(binary, tree_cache, tmp_path_factory):
    with monitoring_container(binary, tree_cache, tmp_path_factory.mktemp("monitoring")) as container:
        yield container


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
