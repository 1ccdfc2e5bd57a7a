#!/usr/bin/env python3
"""One of the servers that messages are sent to, in a process of its own: `servers.py mail` or `servers.py telegram`.

Prints where it listens; ends when standard input does, and prints how many messages came.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Tests/system"))

from support.smtp_server import MailServer  # noqa: E402
from support.telegram_server import TelegramServer, delivered  # noqa: E402

with MailServer() if sys.argv[1] == "mail" else TelegramServer(delivered()) as server:
    print(server.port if sys.argv[1] == "mail" else server.url, flush=True)
    sys.stdin.read()
    print(len(server.messages if sys.argv[1] == "mail" else server.requests))
