# SPDX-License-Identifier: MIT
"""wrun.exe on a simulated Windows host of its own: what the e2e cases share.

One machine serves a whole test module; it has a registry with the demo image. Every case ends with the
check that nothing is left of its runs and that no rule of the API was broken.
"""
import concurrent.futures
import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests/winhost"))
sys.path.insert(0, str(ROOT / "tests"))

from simhost import control, faults, machine, runs, wine  # noqa: E402

BUILD = pathlib.Path(os.environ.get("WRUN_WINDOWS_BUILD", ROOT / "build/mingw"))
EXE = pathlib.Path(os.environ.get("WRUN_EXE", BUILD / "wrun.exe"))
REGISTRY = "127.0.0.1:5000"
IMAGE = f"{REGISTRY}/demo/nanoserver:ltsc2022"
SILENCE = 0.2  # seconds without a word after a program's end


class Result:
    def __init__(self, code, out, err):
        self.code, self.bytes, self.err = code, out, err.decode("utf-8", "replace")
        self.out = out.decode("utf-8", "replace").replace("\r\n", "\n")

    def __str__(self):
        return f"code {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


def collect(stream, ended):
    """All that a program writes. The stream need not end with the program: Wine's server keeps those of one that was killed as it
    started, and a server that died is started anew by the next program, with its streams."""
    pieces = []
    with stream:
        while True:
            if not select.select([stream], [], [], SILENCE)[0]:
                if ended.is_set():
                    break
            elif piece := os.read(stream.fileno(), 1 << 16):
                pieces.append(piece)
            else:
                break
    return b"".join(pieces)


def feed(stdin, data):
    """Writes all that is taken; a program may end without reading its input."""
    if stdin:
        try:
            stdin.write(data)
            stdin.close()
        except BrokenPipeError:
            pass


class Hosted(unittest.TestCase):
    """Cases on one machine; `build` is the Windows build it claims to be."""

    build = 20348
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if not os.path.exists(wine.LOADER):
            raise unittest.SkipTest("Wine is not installed")
        if not EXE.exists():
            raise unittest.SkipTest(f"{EXE} is not built")
        cls.directory = tempfile.mkdtemp(prefix="wrun-e2e-")
        cls.host = machine.Machine(os.path.join(cls.directory, "m"))
        cls.addClassCleanup(cls.stop_machine)
        cls.host.create(cls.build, machine.find_programs(str(BUILD / "winhost")))
        cls.host.start()
        code, _ = control.ask(cls.host.directory, "registry")
        assert code == "0x00000000", f"no registry: {code}"
        cls.on_machine(sys.executable, str(ROOT / "tests/image/demo.py"), REGISTRY)

    @classmethod
    def stop_machine(cls):
        cls.host.stop()
        shutil.rmtree(cls.directory, ignore_errors=True)

    # ---- the machine ----

    @classmethod
    def on_machine(cls, *command):
        """A Linux program in the machine's network, for what serves the test."""
        done = subprocess.run([*cls.host.enter(), *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        assert done.returncode == 0, done.stdout.decode()
        return done.stdout.decode()

    def isolated(self):
        if self.host.mode() != "isolated":
            self.skipTest(f"needs namespaces: {self.host.mode()}")

    def drive(self, letter, *parts):
        root = self.host.drive_c if letter == "c" else self.host.path(f"drive_{letter}")
        return pathlib.Path(root, *parts)

    def mkdir(self, letter, name):
        path = self.drive(letter, name)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def journal(self):
        with open(self.host.path("journal.jsonl"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def calls(self, since=0):
        """Names of the API calls since a length of the journal."""
        return [entry["fn"] for entry in self.journal()[since:] if "dll" in entry and entry["dll"] != "winhost"]

    def fault(self, **rule):
        faults.add(self.host.path("faults.json"), rule)
        self.addCleanup(faults.clear, self.host.path("faults.json"))

    def leftovers(self):
        return [tuple(line) for line in control.ask_json(self.host.directory, "leftovers")]

    def assert_clean(self):
        self.assertEqual(self.leftovers(), [])

    # ---- wrun ----

    def start(self, *arguments, stdin=subprocess.DEVNULL, environment=None):
        run = runs.Run(self.host, [str(EXE), *arguments], extra=environment)
        return run.start(stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def wrun(self, *arguments, data=None, environment=None):
        """Runs wrun to its end; `data` is its standard input."""
        stdin = subprocess.DEVNULL if data is None else subprocess.PIPE
        run = self.start(*arguments, stdin=stdin, environment=environment)
        ended = threading.Event()
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            out, err = (pool.submit(collect, stream, ended) for stream in (run.starter.stdout, run.starter.stderr))
            pool.submit(feed, run.starter.stdin, data)
            code = run.wait()
            ended.set()
        self.assertTrue(run.windows_pid, f"never started (Windows error {run.error}): {arguments}")
        return Result(code, out.result(), err.result())

    def ok(self, *arguments, **more):
        result = self.wrun(*arguments, **more)
        self.assertEqual(result.code, 0, result)
        return result

    def run_image(self, *arguments, **more):
        """run -q ... without the chatter of a pull."""
        return self.wrun("run", "-q", *arguments, **more)

    def refused(self, code, *arguments, says, **more):
        """Ends with that code, and each text stands on stderr; nothing is left."""
        result = self.wrun(*arguments, **more)
        self.assertEqual(result.code, code, result)
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, result.err, result)
        self.assert_clean()
        return result
