"""contrib/ at work: Icinga 2, Nagios and NRPE from Debian's packages load it and use it as it is."""

import time

import pytest

from support.monitoring import status_dat
from support.monitoring_container import EXIT_CODES, SENSORS, Daemon, is_listening, monitoring_container, run
from support.perfdata import data

pytestmark = pytest.mark.needs("root", "debootstrap", "unshare", "nsenter", "dpkg-deb")

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


@pytest.fixture(scope="module")
def container(binary, tree_cache, tmp_path_factory):
    with monitoring_container(binary, tree_cache, tmp_path_factory.mktemp("monitoring")) as container:
        yield container


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
