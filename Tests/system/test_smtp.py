"""Mail by the real libcurl to real SMTP servers: what arrives, and what must not leave."""

import base64
import email
import email.policy
import email.utils
import re
import socket
import threading
import time

import pytest

from support.certificates import Authority
from support.channel_run import assert_secret_free, run_channels
from support.smtp_server import MailServer, ScriptedServer, obedient

PASSWORD = "pa5s/w0rd&|ü"
LOGIN = ("monitor", PASSWORD)
SENDER = "servercheck@example.org"
RECIPIENT = "admin@example.org"
# A loopback address of our own: port 465 of 127.0.0.1 may be taken.
TLS_HOST = "127.83.4.65"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"), "test-authority")


@pytest.fixture(scope="module")
def certificate(authority):
    return authority.issue("server", ["DNS:localhost", "IP:127.0.0.1", f"IP:{TLS_HOST}"])


def smtp(server, **keys):
    return {"smtp": {
        "server": server.host, "port": server.port, "from_mail": SENDER, "to_mail": RECIPIENT, **keys}}


def login():
    return {"username": LOGIN[0], "password": PASSWORD}


def send(servercheck, channel, **keys):
    return run_channels(servercheck, [channel], secrets=[PASSWORD], **keys)


def assert_delivered(result, text=f"smtp: delivered to {RECIPIENT}\n"):
    assert (result.stdout, result.stderr, result.exit_code) == (text, "", 0)


def assert_failed(result, text):
    assert (result.stdout, result.stderr, result.exit_code) == (f"smtp: failed: {text}\n", "", 2)


def assert_test_message(content, sender=SENDER, recipients=RECIPIENT):
    """The whole message as a mail program sees it."""
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(len(line) for line in content.split(b"\r\n")) <= 78
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert [part.defects for part in message.walk()] == [[]]
    host = socket.gethostname()
    headers = dict(message.items())
    sent = email.utils.parsedate_to_datetime(headers.pop("Date"))
    assert abs(time.time() - sent.timestamp()) < 60
    domain = re.escape(".".join(re.sub("[^A-Za-z0-9.-]", "", host).split(".")) or "localhost")
    assert re.fullmatch(rf"<test-\d+@{domain}>", headers.pop("Message-ID"))
    assert headers == {
        "From": sender, "To": recipients, "Subject": f"[{host}] Test message from servercheck",
        "Auto-Submitted": "auto-generated", "MIME-Version": "1.0", "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "quoted-printable"}
    assert re.fullmatch(
        r"Sent by servercheck test-channels at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00\.\n"
        r"This channel works; nothing is wrong\.\n", message.get_content().replace("\r\n", "\n"))


def test_plain_mail_arrives_whole(servercheck):
    with MailServer() as server:
        assert_delivered(send(servercheck, smtp(server)))
    [(tls, sender, recipients, content)] = server.messages
    assert (tls, sender, recipients) == (False, SENDER, [RECIPIENT])
    assert_test_message(content)
    name = re.sub("[^A-Za-z0-9.-]", "", socket.gethostname())
    assert server.commands == [f"EHLO {name}", f"MAIL {SENDER}", f"RCPT {RECIPIENT}", "DATA"]


def test_names_beyond_ascii_arrive(servercheck):
    with MailServer() as server:
        channel = smtp(server, from_mail="Wächter <servercheck@example.org>",
                       to_mail=["Jürgen Groß <j@example.org>", '"Doe, Jane" <jane@example.org>, admin@example.org'])
        assert_delivered(
            send(servercheck, channel), "smtp: delivered to j@example.org, jane@example.org, admin@example.org\n")
    [(_, sender, recipients, content)] = server.messages
    assert (sender, recipients) == (SENDER, ["j@example.org", "jane@example.org", "admin@example.org"])
    assert_test_message(content, "Wächter <servercheck@example.org>",
                        'Jürgen Groß <j@example.org>, "Doe, Jane" <jane@example.org>, admin@example.org')


def test_password_goes_to_the_loopback_in_the_clear(servercheck):
    with MailServer(login=LOGIN) as server:
        assert_delivered(send(servercheck, smtp(server, **login())))
    assert server.commands[1] == "AUTH PLAIN"
    assert len(server.messages) == 1


def test_starttls_with_login(servercheck, authority, certificate):
    secret = servercheck.directory / "password.secret"
    secret.write_text(PASSWORD + "\r\n")
    secret.chmod(0o600)
    with MailServer("starttls", certificate, LOGIN) as server:
        channel = smtp(server, send_starttls=True, ca_file=str(authority.file), username=LOGIN[0],
                       password_file="password.secret")
        assert_delivered(send(servercheck, channel))
    [(tls, _, recipients, content)] = server.messages
    assert (tls, recipients) == (True, [RECIPIENT])
    assert_test_message(content)


def test_secret_and_authority_come_as_credentials(servercheck, authority, certificate):
    credentials = servercheck.directory / "credentials"
    credentials.mkdir()
    secret = credentials / "mail.secret"
    secret.write_text(PASSWORD + "\n")
    secret.chmod(0o600)
    (credentials / "ca.pem").write_bytes(authority.file.read_bytes())
    with MailServer("starttls", certificate, LOGIN) as server:
        channel = smtp(server, send_starttls=True, ca_file="ca.pem", username=LOGIN[0], password_file="mail.secret")
        assert_delivered(send(servercheck, channel, env={"CREDENTIALS_DIRECTORY": credentials}))
    assert len(server.messages) == 1


@pytest.mark.needs("root")
def test_implicit_tls_with_login(servercheck, authority, certificate):
    with MailServer("tls", certificate, LOGIN, host=TLS_HOST, port=465) as server:
        assert_delivered(send(servercheck, smtp(server, ca_file=str(authority.file), **login())))
    [(tls, sender, recipients, content)] = server.messages
    assert (tls, sender, recipients) == (True, SENDER, [RECIPIENT])
    assert_test_message(content)


def test_without_starttls_nothing_is_sent(servercheck):
    with MailServer(login=LOGIN) as server:
        result = send(servercheck, smtp(server, send_starttls=True, **login()))
    assert_failed(result, f"127.0.0.1:{server.port} does not offer STARTTLS, so nothing was sent "
                          "(port 465 means TLS from the start; send_starttls false sends in the clear)")
    assert [command for command in server.commands if not command.startswith("EHLO")] == []


def test_a_refused_starttls_ends_the_transfer(servercheck):
    def reply(line):
        if line.startswith("EHLO"):
            return b"250-scripted.test\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n"
        return b"454 4.7.0 TLS not available now\r\n" if line == "STARTTLS" else obedient(line)

    with ScriptedServer(reply) as server:
        result = send(servercheck, smtp(server, send_starttls=True, **login()))
    assert_failed(result, f"127.0.0.1:{server.port} refused STARTTLS, so nothing was sent: "
                          "454 4.7.0 TLS not available now")
    assert [line.split(" ")[0] for line in server.lines if line != "QUIT"] == ["EHLO", "STARTTLS"]


def test_a_password_does_not_travel_in_the_clear_beyond_loopback(servercheck):
    """A server that would see it, on an address of this machine that is no loopback, if there is one."""
    with ScriptedServer(obedient, host=own_address() or "127.0.0.1") as server:
        host = server.host if own_address() else "192.0.2.1"
        channel = {"smtp": {**smtp(server, **login())["smtp"], "server": host}}
        result = send(servercheck, channel)
    assert result.stdout == (
        f"smtp: failed: username and password are not sent to {host}:{server.port} without encryption "
        "(set send_starttls to true, or port to 465)\n")
    assert result.exit_code == 2
    assert server.connections == []


def own_address():
    """An address of this machine that is no loopback; None when there is no network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            address = probe.getsockname()[0]
        except OSError:
            return None
    return None if address.startswith("127.") else address


def test_wrong_password(servercheck):
    with MailServer(login=(LOGIN[0], "another")) as server:
        result = send(servercheck, smtp(server, **login()))
    assert_failed(result, f"127.0.0.1:{server.port} refused the login: "
                          "535 5.7.8 Authentication credentials invalid (check username and password)")
    assert not any(command.startswith(("MAIL", "RCPT", "DATA")) for command in server.commands)


def test_a_server_that_quotes_the_password_shows_it_to_nobody(servercheck):
    quoted = "535 no: " + base64.b64encode(f"\0{LOGIN[0]}\0{PASSWORD}".encode()).decode() + " is " + PASSWORD

    def reply(line):
        if line.startswith("EHLO"):
            return b"250-scripted.test\r\n250 AUTH PLAIN\r\n"
        if line.startswith("AUTH"):
            return b"334 \r\n"
        return obedient(line) if line in ("", "QUIT") else f"{quoted}\r\n".encode()

    with ScriptedServer(reply) as server:
        result = send(servercheck, smtp(server, **login()))
    assert_failed(result, f"127.0.0.1:{server.port} refused the login: 535 no: *** is *** "
                          "(check username and password)")


def test_one_refused_recipient_does_not_keep_the_others_from_theirs(servercheck):
    others = ["b@example.org", "c@example.org"]
    with MailServer(refused={"gone@example.org": "550 5.1.1 no such user"}) as server:
        channel = smtp(server, to_mail="b@example.org, gone@example.org, c@example.org")
        result = send(servercheck, channel)
    assert_delivered(result, "smtp: delivered to b@example.org, gone@example.org, c@example.org; "
                             "WARNING: not delivered to gone@example.org (550 5.1.1 no such user)\n")
    [(_, _, recipients, _)] = server.messages
    assert recipients == others


def test_all_recipients_refused(servercheck):
    with MailServer(refused={"a@example.org": "550 no", "b@example.org": "451 later"}) as server:
        result = send(servercheck, smtp(server, to_mail=["a@example.org", "b@example.org"]))
    assert_failed(result, "127.0.0.1 refused every recipient: a@example.org (550 no), b@example.org (451 later)")
    assert server.messages == []
    assert "DATA" not in server.commands


@pytest.mark.parametrize("command", ["MAIL", "DATA"])
def test_a_refusal_is_told_with_the_servers_words(servercheck, command):
    def reply(line):
        return b"452-4.3.1 out\r\n452 4.3.1 of space|\x1b[31m\r\n" if line.startswith(command) else obedient(line)

    with ScriptedServer(reply) as server:
        result = send(servercheck, smtp(server))
    assert_failed(result, f"127.0.0.1:{server.port} refused the message: 452 4.3.1 out 4.3.1 of space??[31m")


def certificate_cases(authority, tmp_path):
    stranger = Authority(tmp_path, "stranger")
    return {
        "a name that is not the server's": (
            authority.issue("elsewhere", ["DNS:elsewhere.example.org"]), authority.file,
            "SSL: no alternative certificate subject name matches target host name '127.0.0.1'"),
        "a certificate that has expired": (
            authority.issue("expired", ["IP:127.0.0.1"], expired=True), authority.file,
            "SSL certificate problem: certificate has expired"),
        "an authority that nobody trusts": (
            stranger.issue("stranger", ["IP:127.0.0.1"]), authority.file,
            "SSL certificate problem: unable to get local issuer certificate"),
        "an authority the system does not know": (
            authority.issue("private", ["IP:127.0.0.1"]), None,
            "SSL certificate problem: unable to get local issuer certificate"),
    }


CASES = ["a name that is not the server's", "a certificate that has expired", "an authority that nobody trusts",
         "an authority the system does not know"]


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_certificate_gets_nothing(servercheck, authority, tmp_path_factory, case):
    shown, trusted, words = certificate_cases(authority, tmp_path_factory.mktemp("stranger"))[case]
    keys = {"ca_file": str(trusted)} if trusted else {}
    with MailServer("starttls", shown, LOGIN) as server:
        result = send(servercheck, smtp(server, send_starttls=True, **keys, **login()))
    assert_failed(result, f"the certificate of 127.0.0.1:{server.port} is not accepted: {words} "
                          "(ca_file names an authority of your own)")
    assert [command for command in server.commands if not command.startswith("EHLO")] == []


def test_verify_tls_false_accepts_any_certificate(servercheck, authority):
    shown = authority.issue("anything", ["DNS:elsewhere.example.org"], expired=True)
    with MailServer("starttls", shown, LOGIN) as server:
        assert_delivered(send(servercheck, smtp(server, send_starttls=True, verify_tls=False, **login())))
    [(tls, _, _, _)] = server.messages
    assert tls


@pytest.mark.parametrize("silent_at", ["", "EHLO", "RCPT", "Date", "QUIT"])
def test_a_silent_server_delays_no_other(servercheck, silent_at):
    """Also where libcurl itself blocks: after the end of the message, and after QUIT."""
    def reply(line):
        return None if (line == "" if silent_at == "" else line.startswith(silent_at)) else obedient(line)

    arrived = threading.Event()

    def prompt(line):
        if line.startswith("Date"):
            arrived.set()
        return obedient(line)

    with ScriptedServer(reply) as silent, ScriptedServer(prompt) as other:
        result = run_channels(
            servercheck, [smtp(silent), {"smtp": {**smtp(other)["smtp"], "name": "other"}}], "--timeout", 2,
            secrets=[PASSWORD])
    assert arrived.is_set()
    # After QUIT the message is accepted; nobody waits for a farewell.
    first = f"smtp: delivered to {RECIPIENT}" if silent_at == "QUIT" else (
        "smtp: failed: no answer within 2 s (--timeout)")
    assert result.stdout == f"{first}\nother: delivered to {RECIPIENT}\n"
    assert result.exit_code == (0 if silent_at == "QUIT" else 2)


def test_these_tests_see_a_password_in_a_line_of_auth_plain():
    for user in ["", "a", "ab", "abc"]:
        line = base64.b64encode(f"\0{user}\0{PASSWORD}".encode())
        with pytest.raises(AssertionError, match="the secret is in the log"):
            assert_secret_free({"the log": b"AUTH PLAIN " + line}, [PASSWORD])
    assert_secret_free({"the log": b"AUTH PLAIN AHUAb3RoZXI="}, [PASSWORD])
