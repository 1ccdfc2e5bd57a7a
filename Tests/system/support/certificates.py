"""Throw-away certificate authorities and the certificates that servers in tests show, made with the openssl program."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    """PEM files."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority of its own; `file` is what a client has to trust."""

    def __init__(self, directory, name):
        self.directory = Path(directory) / name
        self.directory.mkdir(parents=True)
        self.file = self.directory / "ca.pem"
        self.key = self.directory / "ca.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.file)

    def issue(self, name, names, expired=False):
        """A certificate for `names` (`DNS:localhost`, `IP:127.0.0.1`)."""
        path, key, request = (self.directory / f"{name}.{end}" for end in ("pem", "key", "csr"))
        extensions = self.directory / f"{name}.ext"
        extensions.write_text(f"subjectAltName={','.join(names)}\nbasicConstraints=CA:FALSE\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-keyout", key, "-out", request)
        # openssl x509 takes no dates before version 3.4; a negative number of days ends before it begins.
        openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.key, "-CAcreateserial",
                "-days", "-1" if expired else "2", "-extfile", extensions, "-out", path)
        return Certificate(path, key)


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True, text=True, timeout=60)
