"""A stand-in for the Bot API on the loopback, with the answers that https://core.telegram.org/bots/api publishes."""

import json
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def delivered(chat_id=123):
    return 200, {"ok": True, "result": {"message_id": 7, "date": 1800000000, "text": "…",
                                        "chat": {"id": chat_id, "type": "private", "first_name": "A"}}}


def refused(code, description, **parameters):
    answer = {"ok": False, "error_code": code, "description": description}
    if parameters:
        answer["parameters"] = parameters
    return code, answer


class TelegramServer:
    """Answers requests in the order of `answers`; the last one again and again.

    An answer is (status, object as JSON or bytes or str), "hang" (never answers) or "drip" (a byte now and then), or
    "redirect:URL".
    """

    def __init__(self, *answers, certificate=None, host="127.0.0.1"):
        self.answers = list(answers)
        self.requests = []
        self.faults = []
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                outer.handle(self)

            do_GET = do_POST

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                # Clients that give up are what some tests are about; anything else is a fault of this server.
                error = sys.exc_info()[1]
                if not isinstance(error, (ConnectionError, TimeoutError, ssl.SSLError)):
                    outer.faults.append(error)

        self.server = Server((host, 0), Handler)
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.certificate, certificate.key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.scheme = "https"
        self.url = f"{self.scheme}://{host}:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()
        assert self.faults == []

    def handle(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        with self.lock:
            self.requests.append((request.command, request.path, request.headers.get("Content-Type"), body))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer == "hang":
            self.stopped.wait(60)
            return
        if answer == "drip":
            request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not self.stopped.wait(0.1):
                request.wfile.write(b"{")
            return
        if isinstance(answer, str):
            request.send_response(302)
            request.send_header("Location", answer.removeprefix("redirect:"))
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        status, content = answer
        is_object = isinstance(content, dict)
        data = json.dumps(content) if is_object else content
        data = data.encode() if isinstance(data, str) else data
        request.send_response(status)
        request.send_header("Content-Type", "application/json" if is_object else "text/html")
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    @property
    def bodies(self):
        """The JSON of all requests."""
        return [json.loads(body) for _, _, _, body in self.requests]
