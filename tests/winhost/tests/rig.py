# SPDX-License-Identifier: MIT
"""For the tests of the simulated host: a machine of their own, and a client that speaks the DLLs' protocol."""

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
WINHOST = os.path.dirname(HERE)
sys.path.insert(0, WINHOST)

from simhost import control, frames, hcs, hresult, layer_calls, layerstore, machine, server, wine  # noqa: E402,F401
from simhost.host import Host  # noqa: E402

GUEST_SOURCES = os.path.join(WINHOST, "guest")
GUEST_PROGRAMS = {"simrun": ["-municode"], "simctl": ["-municode"], "tool": []}
COMPILE = ["x86_64-w64-mingw32-gcc", "-D_WIN32_WINNT=0x0A00", "-DUNICODE", "-D_UNICODE", "-O1"]
STREAM_SECONDS = 60
HIVES = ("SYSTEM", "SOFTWARE", "SAM", "SECURITY", "DEFAULT")
PENDING = "0xc0370103"
OK = "0x00000000"

_guest_directory = None


def guest_programs():
    """The programs of guest/, compiled once for a test run."""
    global _guest_directory
    if _guest_directory is None:
        _guest_directory = tempfile.mkdtemp(prefix="winhost-guest-")
        unittest.addModuleCleanup(shutil.rmtree, _guest_directory)
        for name, options in GUEST_PROGRAMS.items():
            output, source = os.path.join(_guest_directory, f"{name}.exe"), os.path.join(GUEST_SOURCES, f"{name}.c")
            subprocess.run([*COMPILE, *options, "-I", GUEST_SOURCES, "-o", output, source, "-lws2_32"], check=True)
    return machine.find_programs(_guest_directory)


class Client:
    """A Windows process as the daemon sees it: call, event and stream connections under one name."""

    def __init__(self, directory):
        self.directory = directory
        self.name = secrets.token_hex(8)
        self.open = []
        self.events = []
        self.changed = threading.Condition()
        self.calls = self._connect("call")
        self._listen()

    def _connect(self, kind, *rest):
        with open(os.path.join(self.directory, "token"), encoding="utf-8") as file:
            token = file.read()
        sock = control.connect(self.directory)
        frames.send(sock, ["hello", token, kind, self.name, str(os.getpid()), "test", *rest])
        self.open.append(sock)
        return sock

    def _listen(self):
        sock = self._connect("events")

        def run():
            while (frame := frames.receive(sock)) is not None:
                with self.changed:
                    self.events.append(frame)
                    self.changed.notify_all()

        self.listener = threading.Thread(target=run, daemon=True)
        self.listener.start()

    def call(self, function, dll="vmcompute", **arguments):
        """(HRESULT text, values); an argument's `.` is written as two underscores."""
        request = [dll, function]
        for name, value in arguments.items():
            request += [name.replace("__", "."), control.typed_value(value)]
        frames.send(self.calls, request)
        code, *rest = frames.receive(self.calls)
        return code, frames.pairs(rest)

    def layer(self, function, **arguments):
        return self.call(function, driverInfo__Flavour=1, driverInfo__HomeDir="", **arguments)

    def stream(self, token, number):
        sock = self._connect("stream", token, str(number))
        sock.settimeout(STREAM_SECONDS)
        return sock

    def wait_event(self, handle, kind, seconds=20):
        """The first event of that type on that handle."""
        with self.changed:
            found = []

            def seen():
                found[:] = [frame for frame in self.events if frame[0] == handle and int(frame[1], 16) == kind]
                return found

            if not self.changed.wait_for(seen, seconds):
                raise AssertionError(f"no event {kind:#x} on handle {handle}: {self.events}")
            return found[0]

    def die(self):
        """As when the process is killed."""
        for sock in self.open:
            sock.shutdown(2)
            sock.close()


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def make_base_files(layer, programs=("cmd.exe",), more=()):
    """Files\\ of a base layer: hives, programs of the distribution, and `more` (path, bytes)."""
    for name in HIVES:
        write(os.path.join(layer, "Files", "Windows", "System32", "config", name), b"regf" + name.encode())
    for name in programs:
        with open(os.path.join(wine.BUILTINS, name), "rb") as file:
            write(os.path.join(layer, "Files", "Windows", "System32", name), file.read())
    for path, data in more:
        write(os.path.join(layer, "Files", path), data)


def descriptor(path):
    name = path.rpartition("\\")[2]
    return {"LayerId": layerstore.name_to_guid(name), "Flags": 0, "Path": path}


class Desk:
    """The API without a daemon: calls go straight to their implementation, on a machine in reduced mode."""

    def __init__(self, test):
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.machine = machine.Machine(tempfile.mkdtemp(prefix="winhost-test-", dir=memory))
        test.addCleanup(shutil.rmtree, self.machine.directory)
        self.machine.create(20348)
        self.reboot(test)
        self.client = server.Client("desk", os.getpid(), "test", self.host)
        self.notes = {}

    def reboot(self, test):
        """A host on the disks as they are, as after a power cut."""
        self.host = Host(self.machine.directory, 20348, "unit test")
        test.addCleanup(self.host.journal.close)

    def call(self, function, dll="vmcompute", **arguments):
        named = {name.replace("__", "."): value for name, value in arguments.items()}
        context = server.Context(self.host, self.client, dll, function, named)
        reply = server.perform(context)
        self.notes = context.notes
        return hresult.text(reply.hr), reply.values

    def layer(self, function, **arguments):
        return self.call(function, driverInfo__Flavour=1, driverInfo__HomeDir="", **arguments)

    def disk(self, *parts):
        return os.path.join(self.machine.drive_c, *parts)


def chain(*paths):
    """The descriptor array of layers, topmost first."""
    return json.dumps([descriptor(path) for path in paths])
