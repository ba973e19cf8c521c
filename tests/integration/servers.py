# SPDX-License-Identifier: MIT
"""Real servers on free ports of loopback, each with a folder of its own."""
import pathlib
import shutil
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.request


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def need(program):
    if not shutil.which(program):
        raise unittest.SkipTest(f"{program} is not installed")


class Server:
    """Started by start(), waited for, ended by close()."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.log = open(self.folder / "log", "w+", encoding="utf-8")

    def start(self, *command):
        need(command[0])
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 20
        while self.process.poll() is None and time.monotonic() < deadline:
            if self.answers():
                return
            time.sleep(0.05)
        raise RuntimeError(f"{command[0]} does not start: " + (self.folder / "log").read_text())

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
            return True
        except OSError:
            return False

    def close(self):
        self.process.terminate()
        self.process.wait(10)
        self.log.close()


class DockerRegistry(Server):
    """Debian's docker-registry. 'more' are lines of its configuration, where {folder} is its folder; 'data' is where it keeps
    its content."""

    def __init__(self, folder, more="", data=None):
        super().__init__(folder)
        self.data = data or self.folder / "data"
        (self.folder / "config.yml").write_text(
            f"version: 0.1\nlog:\n  accesslog:\n    disabled: false\n"
            f"storage:\n  filesystem:\n    rootdirectory: {self.data}\n"
            f"http:\n  addr: {self.address}\n{more.format(folder=self.folder)}")
        self.start("docker-registry", "serve", str(self.folder / "config.yml"))

    def answers(self):
        try:
            urllib.request.urlopen(f"http://{self.address}/v2/", timeout=5).close()
            return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def requests(self):
        """Method and path of each request so far, from its access log."""
        lines = (self.folder / "log").read_text().splitlines()
        return [line.split('"')[1].rsplit(" ", 1)[0] for line in lines if '"GET /v2/' in line or '"HEAD /v2/' in line]


class Nginx(Server):
    """'locations' are lines of its one server. It writes down what the tests ask for: requests() gives (status, bytes, range,
    authorization, path)."""

    def __init__(self, folder, locations, certificate=None):
        super().__init__(folder)
        secure = " ssl" if certificate else ""
        keys = f"ssl_certificate {certificate.files[0]}; ssl_certificate_key {certificate.files[1]};" if certificate else ""
        temporary = "\n".join(f"{kind}_temp_path {self.folder}/{kind};"
                              for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.folder / "nginx.conf").write_text(f"""
daemon off; master_process off; pid {self.folder}/pid; error_log stderr;
events {{ }}
http {{
    {temporary}
    default_type application/octet-stream;
    log_format seen "$status $body_bytes_sent $http_range|$http_authorization|$uri";
    access_log {self.folder}/access seen;
    server {{ listen 127.0.0.1:{self.port}{secure}; {keys} {locations} }}
}}
""")
        self.start("nginx", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"))

    def requests(self):
        found = []
        for line in (self.folder / "access").read_text().splitlines():
            counts, authorization, path = line.split("|")
            status, size, range_ = counts.split(" ")
            found.append((int(status), int(size), range_, authorization, path))
        return found
