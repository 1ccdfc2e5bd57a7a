"""SMTP servers for tests: aiosmtpd as the real one, and one that speaks a script, faults included."""

import socket
import ssl
import threading
import warnings

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import MISSING, SMTP, AuthResult


class Recorder:
    """What reached the server, and which recipients it refuses."""

    def __init__(self, refused=None):
        self.refused = refused or {}
        self.commands = []
        self.messages = []

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        self.commands.append(f"EHLO {hostname}")
        return responses

    async def handle_AUTH(self, server, session, envelope, args):
        self.commands.append(f"AUTH {args[0]}")
        return MISSING

    async def handle_MAIL(self, server, session, envelope, address, options):
        self.commands.append(f"MAIL {address}")
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.commands.append(f"RCPT {address}")
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.commands.append("DATA")
        is_encrypted = server.transport.get_extra_info("ssl_object") is not None
        self.messages.append((is_encrypted, envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        return "250 OK queued"


class MailServer:
    """aiosmtpd on the loopback. `security`: None, "starttls" or "tls" (from the first byte)."""

    def __init__(self, security=None, certificate=None, login=None, refused=None, host="127.0.0.1", port=0):
        self.recorder = Recorder(refused)
        self.host = host
        context = None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.certificate, certificate.key)
        options = {}
        if login:
            def authenticate(server, session, envelope, mechanism, data):
                return AuthResult(
                    success=(data.login.decode(), data.password.decode()) == login, handled=False)
            options = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": security is not None}
        if security == "tls":
            # aiosmtpd knows only TLS it began itself.
            options["auth_require_tls"] = False
        # aiosmtpd warns of logins without TLS, which is what some tests are about.
        warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS")
        self.controller = Controller(
            self.recorder, hostname=host, port=port or free_port(host), server_hostname="mail.test",
            ssl_context=context if security == "tls" else None,
            **({"tls_context": context} if security == "starttls" else {}), **options)
        self.port = self.controller.port

    def __enter__(self):
        self.controller.start()
        return self

    def __exit__(self, *_):
        self.controller.stop()

    @property
    def commands(self):
        return self.recorder.commands

    @property
    def messages(self):
        return self.recorder.messages


class ScriptedServer:
    """Answers each line a client sends with `reply(line)`: bytes, or None for silence. Keeps all lines.

    What `reply` gives for "" is the greeting. After a 354 the message is one item, up to the dot.
    """

    def __init__(self, reply, host="127.0.0.1"):
        self.reply = reply
        self.lines = []
        self.host = host
        self.listener = socket.create_server((host, 0))
        self.port = self.listener.getsockname()[1]
        self.connections = []

    def __enter__(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        # shutdown wakes the thread that waits in accept; close alone does not.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.connections:
            connection.close()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        try:
            stream = connection.makefile("rb")
            answer = self.reply("")
            while True:
                if answer is not None:
                    connection.sendall(answer)
                if answer is not None and answer.startswith(b"354"):
                    content = b""
                    while not content.endswith(b"\r\n.\r\n"):
                        line = stream.readline()
                        if not line:
                            return
                        content += line
                    line = content
                else:
                    line = stream.readline()
                if not line:
                    return
                text = line.decode("utf-8", "replace").rstrip("\r\n")
                self.lines.append(text)
                answer = self.reply(text)
        except OSError:
            pass


def obedient(line):
    """A `reply` for ScriptedServer that accepts everything."""
    if line == "":
        return b"220 scripted.test ESMTP\r\n"
    if line == "DATA":
        return b"354 go on\r\n"
    if line == "QUIT":
        return b"221 bye\r\n"
    return b"250 ok\r\n"


def free_port(host):
    with socket.create_server((host, 0)) as listener:
        return listener.getsockname()[1]
