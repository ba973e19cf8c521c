# SPDX-License-Identifier: MIT
"""An authority of the tests and certificates from it."""
import functools
import pathlib
import subprocess
import tempfile


class Certificate:
    """files: certificate with its chain, and key; authority: what is to be trusted."""

    def __init__(self, name):
        self.folder = tempfile.TemporaryDirectory(prefix="wrun-tls-")
        path = pathlib.Path(self.folder.name)
        self.authority = str(path / "ca.pem")
        self.files = (str(path / "cert.pem"), str(path / "key.pem"))
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        openssl("req", "-x509", *key, "-days", "2", "-subj", "/CN=Authority of the tests", "-out", self.authority,
                "-keyout", str(path / "ca.key"))
        openssl("req", *key, "-subj", "/CN=test", "-out", str(path / "csr.pem"), "-keyout", self.files[1])
        (path / "extensions").write_text(f"subjectAltName=DNS:{name}\n")
        openssl("x509", "-req", "-in", str(path / "csr.pem"), "-CA", self.authority, "-CAkey", str(path / "ca.key"),
                "-CAcreateserial", "-days", "2", "-extfile", str(path / "extensions"), "-out", self.files[0])


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


@functools.cache
def certificate(name):
    return Certificate(name)
