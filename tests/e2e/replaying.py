# SPDX-License-Identifier: MIT
"""Scripts for replay.exe (tests/winhost/replay), and machines of the simulated host to run them on.

A script calls the DLLs from outside of wrun, so these tests judge the simulated host alone.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TRACES = os.path.join(HERE, "..", "data", "traces")
sys.path.insert(0, os.path.join(HERE, "..", "winhost"))

from simhost import control, layerstore, machine, runs, wine  # noqa: E402

BUILD = os.environ.get("WRUN_WINDOWS_BUILD", os.path.join(HERE, "..", "..", "build", "mingw"))
REPLAY = os.path.join(BUILD, "winhost", "replay.exe")
SCRIPT_SECONDS = 120

OK, PENDING = "0x00000000", "0xc0370103"
SYSTEM_EXITED, CREATED, STARTED, PROCESS_EXITED = "0x00000001", "0x00000002", "0x00000003", "0x00010000"
CALLBACK_SECONDS = 30

HIVES = ("SYSTEM", "SOFTWARE", "SAM", "SECURITY", "DEFAULT")
DRIVER = "driver:1:"


def missing():
    """Why nothing can be replayed here, or None."""
    if not os.path.exists(wine.LOADER):
        return f"Wine is not installed ({wine.LOADER})"
    if not os.path.exists(REPLAY):
        return f"replay.exe is not built ({REPLAY})"
    return None


class Script:
    """Lines of a script. `call` is a function of the DLLs, everything else a statement of replay.exe."""

    def __init__(self):
        self.lines = []

    def call(self, function, *arguments):
        """Adds a call; the number of its line, by which its result is known."""
        for text in arguments:
            if "\t" in text or "\n" in text:
                raise ValueError(f"{function}: a field cannot hold {text!r}")
        self.lines.append("\t".join([function, *arguments]))
        return len(self.lines)

    def wait(self, callback, kind, seconds=CALLBACK_SECONDS):
        return self.call("@wait", callback, kind, str(seconds))

    def text(self):
        return "\n".join(self.lines) + "\n"


def compact(document):
    """A document as text for a field."""
    return document if isinstance(document, str) else json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def text(document):
    return "null" if document is None else f"text:{compact(document)}"


class Host:
    """A machine that lives as long as one test case or one class."""

    def __init__(self, build=machine.DEFAULT_BUILD):
        self.machine = machine.Machine(tempfile.mkdtemp(prefix="wrun-replay-"))
        self.machine.create(build, machine.find_programs(os.path.join(BUILD, "winhost")))
        self.machine.start()
        self.scripts = 0

    def close(self):
        self.machine.stop()
        shutil.rmtree(self.machine.directory, ignore_errors=True)

    def disk(self, path):
        """The file of an absolute path on C:."""
        return os.path.join(self.machine.drive_c, *path.removeprefix("C:\\").split("\\"))

    def replay(self, script):
        """The results by line number; line 0 has the notifications nobody waited for."""
        self.scripts += 1
        os.makedirs(self.disk("C:\\replay"), exist_ok=True)
        name = f"C:\\replay\\{self.scripts}.txt"
        with open(self.disk(name), "w", encoding="utf-8") as file:
            file.write(script.text())
        run = runs.Run(self.machine, [REPLAY, name])
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            run.start(stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
            code = run.wait()
            output.seek(0)
            errors.seek(0)
            lines = [json.loads(line) for line in output.read().decode().splitlines()]
            if code != 0:
                raise AssertionError(f"replay.exe ended with {code}: {errors.read().decode()}after {lines[-1:]}")
        results = {line["line"]: line for line in lines}
        results[0] = [line for line in lines if line["line"] == 0]
        return results

    def leftovers(self):
        """(kind, text) of what is left on the machine, violations among it."""
        return [tuple(each) for each in control.ask_json(self.machine.directory, "leftovers")]

    def violations(self):
        return [line for kind, line in self.leftovers() if kind == "violation"]

    def journal(self):
        with open(self.machine.path("journal.jsonl"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    @staticmethod
    def wait_until(condition):
        if not machine.wait_until(condition, CALLBACK_SECONDS):
            raise AssertionError(f"not within {CALLBACK_SECONDS} seconds")

    # --- disks ------------------------------------------------------------------------------------------------------------------

    def write(self, path, data=b""):
        os.makedirs(os.path.dirname(self.disk(path)), exist_ok=True)
        with open(self.disk(path), "wb") as file:
            file.write(data)

    def remove(self, path):
        os.unlink(self.disk(path))

    def folder(self, path):
        os.makedirs(self.disk(path), exist_ok=True)

    def put_program(self, path, source):
        os.makedirs(os.path.dirname(self.disk(path)), exist_ok=True)
        shutil.copyfile(source, self.disk(path))

    def put_base(self, path):
        """The files of a base layer that can run cmd.exe and tool.exe, before ProcessBaseImage."""
        for name in HIVES:
            self.write(f"{path}\\Files\\Windows\\System32\\config\\{name}", b"regf" + name.encode())
        self.put_program(f"{path}\\Files\\Windows\\System32\\cmd.exe", os.path.join(wine.BUILTINS, "cmd.exe"))
        self.put_program(f"{path}\\Files\\Windows\\System32\\tool.exe", os.path.join(BUILD, "winhost", "tool.exe"))


class ReplayTest(unittest.TestCase):
    """A test with a machine of its own, or of its class."""

    maxDiff = None

    def make_host(self, build=machine.DEFAULT_BUILD):
        if missing():
            self.skipTest(missing())
        host = Host(build)
        self.addCleanup(host.close)
        return host


def layer_id(path):
    return layerstore.name_to_guid(path.rpartition("\\")[2])


def layer(path, identity=None, flags=0):
    """One field of a descriptor array."""
    return f"layer:{identity or layer_id(path)}:{flags}:{path}"
