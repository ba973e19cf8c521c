# SPDX-License-Identifier: MIT
"""A host in a directory of its own and a client of its protocol, without machine and Wine."""

import json
import os
import shutil
import socket
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from simhost import frames, hcn_calls, server  # noqa: E402,F401
from simhost.host import Host  # noqa: E402

TRACES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data", "traces")
TOKEN = "secret"


def trace(name):
    """The entries of a recording."""
    with open(os.path.join(TRACES, name), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class Process:
    """A Windows process that uses the API: one call connection, and more when asked for."""

    def __init__(self, address, name="a1", pid=100):
        self.address, self.name, self.pid = address, name, pid
        self.sock = self.connect("call")

    def connect(self, kind, *rest):
        sock = socket.create_connection(self.address)
        sock.settimeout(10)
        frames.send(sock, ["hello", TOKEN, kind, self.name, str(self.pid), "test.exe", *rest])
        return sock

    def call(self, dll, function, **arguments):
        """(HRESULT as a number, reply values). Documents may be given as objects."""
        texts = []
        for name, value in arguments.items():
            if isinstance(value, (dict, list)):
                value = json.dumps(value)
            texts += [name, "n" if value is None else f"u{value}" if isinstance(value, int) else f"s{value}"]
        frames.send(self.sock, [dll, function, *texts])
        code, *rest = frames.receive(self.sock)
        return int(code, 16), frames.pairs(rest)

    def close(self):
        self.sock.close()


class HostTest(unittest.TestCase):
    """A fresh host of `build` for every test, its server on a port."""

    build = 20348

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="simhost-test-")
        self.addCleanup(shutil.rmtree, self.directory, True)
        self.start()

    def start(self):
        server.log = lambda text: None  # what a test provokes is not news
        self.host = Host(self.directory, self.build, reduced="unit test")
        self.addCleanup(self.host.journal.close)
        self.server = server.Server(self.host, TOKEN)
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        threading.Thread(target=self.server.serve, args=(listener,), daemon=True).start()
        self.address = listener.getsockname()

    def process(self, name="a1", pid=100):
        process = Process(self.address, name, pid)
        self.addCleanup(process.close)
        return process

    def journal(self):
        with open(os.path.join(self.directory, "journal.jsonl"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]
