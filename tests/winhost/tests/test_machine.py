# SPDX-License-Identifier: MIT
"""A whole machine: its Windows as programs see it, exit codes, Ctrl-C, kills, power cuts, and doing without isolation."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from rig import WINHOST, guest_programs

from simhost import control, faults, frames, runs, wine
from simhost import machine as machines

ENVIRONMENT = {**os.environ, "PYTHONPATH": WINHOST}


def setUpModule():
    if not os.path.exists(wine.LOADER):
        raise unittest.SkipTest("Wine is not installed")
    if not shutil.which("x86_64-w64-mingw32-gcc"):
        raise unittest.SkipTest("the cross compiler is not installed")


class MachineTest(unittest.TestCase):
    """One machine for the tests of a class."""

    build, reduced = 20348, None

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix="winhost-machine-")
        cls.addClassCleanup(shutil.rmtree, cls.directory, True)
        cls.machine = machines.Machine(cls.directory)
        cls.machine.create(cls.build, guest_programs())
        cls.tool = guest_programs()["tool.exe"]
        cls.mode = cls.machine.start(cls.reduced)
        cls.addClassCleanup(cls.machine.stop)

    def run_on(self, *arguments, give="", **options):
        """(exit code, stdout) of a program on the machine."""
        one = runs.Run(self.machine, list(arguments), **options)
        with tempfile.TemporaryFile("w+", errors="replace") as out, tempfile.TemporaryFile("w+") as into:
            into.write(give)
            into.seek(0)
            one.start(stdin=into, stdout=out, stderr=subprocess.STDOUT)
            one.wait()
            out.seek(0)
            self.error = one.error
            return one.code, out.read()

    def cmd(self, line):
        code, out = self.run_on("cmd", "/c", line)
        self.assertEqual(code, 0, out)
        return out

    def command(self, *arguments):
        """The command line on this machine."""
        return subprocess.run([*self.winhost(), *arguments], capture_output=True, text=True, timeout=60, check=False, env=ENVIRONMENT)

    def winhost(self):
        return [sys.executable, "-m", "simhost", "--machine", self.directory]

    def start_run(self, *arguments):
        """A run through the command line, and the file by which it can be killed."""
        run_file = os.path.join(self.directory, "run-file")
        if os.path.exists(run_file):
            os.unlink(run_file)
        process = subprocess.Popen(
            [*self.winhost(), "run", "--run-file", run_file, "--exit-file", run_file + ".exit", "--", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        return process, run_file


class ProgramTest(MachineTest):
    def test_version(self):
        self.assertIn("10.0.20348", self.cmd("ver"))

    def test_whole_exit_code(self):
        self.assertEqual(self.run_on("cmd", "/c", "exit 305419896")[0], 305419896)
        done = self.command("run", "--exit-file", os.path.join(self.directory, "code"), "--", "cmd", "/c", "exit 259")
        self.assertEqual(done.returncode, 3)
        with open(os.path.join(self.directory, "code"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "259\n")

    def test_arguments_arrive(self):
        arguments = ["a b", 'c"d', "C:\\x\\", 'e\\"', "", "f\\\\g"]
        _, out = self.run_on(self.tool, "args", *arguments)
        self.assertEqual([line.strip("[]\r") for line in out.splitlines()], arguments)

    def test_streams(self):
        self.assertEqual(self.run_on(self.tool, "cat", give="one\ntwo\n"), (0, "one\ntwo\n"))

    def test_only_a_windows_environment(self):
        os.environ["LEAK_OF_THE_HOST"] = "1"
        self.addCleanup(os.environ.pop, "LEAK_OF_THE_HOST")
        _, out = self.run_on("cmd", "/c", "set", extra={"GIVEN": "a b", "path": "C:\\p"})
        names = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
        self.assertEqual((names["GIVEN"], names["path"], names["USERNAME"]), ("a b", "C:\\p", "Administrator"))
        unexpected = {name for name in names if name.isupper() and not name.startswith("WINE")} - {"GIVEN"} - {
            name.upper() for name in runs.ENVIRONMENT} - {"PROMPT"}
        self.assertEqual(unexpected, set())

    def test_drives(self):
        self.cmd("echo x> d:\\f.txt")
        self.assertTrue(os.path.exists(os.path.join(self.directory, "drive_d", "f.txt")))
        self.assertEqual(self.cmd("type \\\\?\\Volume{00000000-0000-0000-0000-000000000044}\\f.txt").strip(), "x")
        self.assertNotEqual(self.run_on("cmd", "/c", "dir z:\\")[0], 0)

    def test_services_are_installed(self):
        for name in ("vmcompute", "hns"):
            self.assertEqual(self.run_on("sc", "query", name)[0], 0)

    def test_no_such_program(self):
        self.assertEqual(self.run_on("nosuch.exe")[0], None)
        self.assertEqual(self.error, 2)
        done = self.command("run", "nosuch.exe")
        self.assertEqual((done.returncode, done.stderr), (126, "winhost: cannot start nosuch.exe: Windows error 2\n"))

    def test_kill(self):
        process, run_file = self.start_run(self.tool, "sleep", "30")
        self.assertTrue(machines.wait_until(lambda: self.command("kill", run_file).returncode == 0, 10))
        self.assertEqual(process.wait(10), 137)
        with open(run_file + ".exit", encoding="utf-8") as file:
            self.assertEqual(file.read(), "killed\n")
        self.assertEqual(self.command("kill", run_file).returncode, 1)

    @unittest.skipIf(subprocess.run(["setarch", "-R", "true"], check=False).returncode, "addresses cannot be fixed here")
    def test_addresses_are_fixed(self):
        """Of Windows' services and of what is run."""
        process, run_file = self.start_run(self.tool, "sleep", "30")
        self.assertTrue(machines.wait_until(lambda: os.path.exists(run_file), 10))
        found = {}
        machines.wait_until(lambda: "tool.exe" in found or found.update(self.personalities()), 10)
        self.assertEqual(self.command("kill", run_file).returncode, 0)
        process.wait(10)
        self.assertLessEqual({"services.exe", "simrun.exe", "tool.exe"}, set(found))
        self.assertEqual([name for name, flags in found.items() if not flags & wine.ADDR_NO_RANDOMIZE], [])
        with wine.fixed_addresses():
            pass
        with open("/proc/thread-self/personality", encoding="ascii") as file:
            self.assertFalse(int(file.read(), 16) & wine.ADDR_NO_RANDOMIZE)

    def personalities(self):
        """Of the machine's Windows processes, by their names."""
        found = {}
        for pid in filter(machines.is_wine, machines.processes_with(f"WINEPREFIX={self.machine.prefix}".__eq__)):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/comm", encoding="utf-8") as name:  # it may end meanwhile
                with open(f"/proc/{pid}/personality", encoding="ascii") as flags:
                    found[name.read().strip()] = int(flags.read(), 16)
        return found

    def test_interrupt(self):
        process, run_file = self.start_run(self.tool, "ctrlwait")
        process.stdout.readline()
        self.assertEqual(self.command("kill", "--interrupt", run_file).returncode, 0)
        process.wait(10)
        with open(run_file + ".exit", encoding="utf-8") as file:
            self.assertNotEqual(file.read(), "killed\n")

    def test_nothing_left(self):
        done = self.command("leftovers")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertEqual(json.loads(self.command("leftovers", "--json").stdout), [])

    def test_status(self):
        facts = json.loads(self.command("status", "--json").stdout)
        self.assertEqual((facts["running"], facts["build"], facts["mode"]), (True, self.build, self.mode))


class IsolationTest(MachineTest):
    def setUp(self):
        if self.mode != "isolated":
            self.skipTest(f"needs namespaces and overlay ({self.mode})")

    def test_power_cut_and_reboot(self):
        process, _ = self.start_run(self.tool, "sleep", "30")
        time.sleep(0.3)
        self.machine.cut_power()
        self.assertEqual(process.wait(10), 137)
        self.assertEqual(machines.processes_with(f"WINEPREFIX={self.machine.prefix}".__eq__), [])
        with open("/proc/self/mountinfo", encoding="utf-8") as file:
            self.assertNotIn(self.directory, file.read())
        self.assertIsNone(self.machine.pid())
        self.machine.start()
        self.assertIn("10.0.20348", self.cmd("ver"))

    def test_own_network(self):
        out = subprocess.run([*self.machine.enter(), "cat", "/proc/net/dev"], capture_output=True, text=True, check=True).stdout
        self.assertEqual([line.split(":")[0].strip() for line in out.splitlines()[2:]], ["lo"])

    def test_small_volume_fills_up(self):
        code, _ = self.run_on(self.tool, "write", "f:\\big", "x")
        self.assertEqual(code, 0)
        self.assertFalse(os.path.exists(os.path.join(self.directory, "drive_f", "big")))


class ReducedTest(MachineTest):
    reduced = "a test wants it"

    def test_runs_and_ends(self):
        self.assertEqual(self.mode, "reduced: a test wants it")
        self.assertEqual(self.run_on("cmd", "/c", "exit 3")[0], 3)
        self.machine.stop()
        prefix = f"WINEPREFIX={self.machine.prefix}"
        self.assertTrue(machines.wait_until(lambda: not machines.processes_with(prefix.__eq__), 5))
        self.machine.start(self.reduced)


class FaultTest(MachineTest):
    def test_power_is_lost_at_a_call(self):
        faults.add(self.machine.path("faults.json"), {"fn": "HcnEnumerateNetworks", "nth": 1, "do": "lose-power"})
        with self.assertRaises((ConnectionError, frames.ProtocolError)):
            control.ask(self.directory, "HcnEnumerateNetworks", "computenetwork", query=None)
        self.assertTrue(machines.wait_until(lambda: not self.machine.pid(), 5))
        prefix = f"WINEPREFIX={self.machine.prefix}"
        self.assertTrue(machines.wait_until(lambda: not machines.processes_with(prefix.__eq__), 5))
        self.machine.start(self.reduced)
        self.assertEqual(control.ask(self.directory, "HcnEnumerateNetworks", "computenetwork", query=None)[1]["response"], "[]")


WRUN_WITHOUT_DEMO = "import sys; from simhost import wrun; wrun.DEMO_IMAGE = ''; sys.exit(wrun.main())"


class ToolsTest(MachineTest):
    """tools/wrun, with another program in the place of wrun.exe."""

    def setUp(self):
        if self.mode != "isolated":
            self.skipTest(f"needs a network of its own ({self.mode})")
        if not shutil.which("docker-registry"):
            self.skipTest("docker-registry is not installed")

    def wrun(self, *arguments):
        environment = {**ENVIRONMENT, "WINHOST_MACHINE": self.directory, "WINHOST_DLLS": os.path.dirname(self.tool), "WRUN_EXE": self.tool}
        return subprocess.run([sys.executable, "-c", WRUN_WITHOUT_DEMO, *arguments], env=environment, capture_output=True, text=True,
                              timeout=60, check=False)

    def test_starts_what_is_needed(self):
        self.machine.stop()
        first = self.wrun("args", "C:\\Windows\\", "/c", "a b")
        self.assertEqual((first.returncode, first.stdout.splitlines()), (0, ["[C:\\Windows\\]", "[/c]", "[a b]"]))
        self.assertEqual(first.stderr, f"tools/wrun: starting the simulated Windows host in {self.directory}\n")
        again = self.wrun("exit", "7")
        self.assertEqual((again.returncode, again.stdout, again.stderr), (7, "", ""))
        registry = subprocess.run([*self.machine.enter(), "cat", "/proc/net/tcp"], capture_output=True, text=True, check=True).stdout
        self.assertIn("0100007F:1388", registry)

    def test_leftovers(self):
        control.ask(self.directory, "violation", text="a misuse")
        done = self.wrun("--leftovers")
        self.assertEqual((done.returncode, done.stdout.split(": ", 1)[0]), (1, "violation"))


class AbandonedTest(MachineTest):
    def test_ends_with_its_directory(self):
        pid = self.machine.pid()
        os.rename(self.directory, self.directory + ".gone")
        self.addCleanup(shutil.rmtree, self.directory + ".gone", True)
        self.assertTrue(machines.wait_until(lambda: not running(pid), 20))


def running(pid):
    """Whether the process is there and more than a remnant."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class ReducedFaultTest(FaultTest):
    reduced = "a test wants it"


class BuildTest(MachineTest):
    build = 26100

    def test_version(self):
        self.assertIn("10.0.26100", self.cmd("ver"))

    def test_unknown_build(self):
        with self.assertRaisesRegex(machines.MachineError, "unknown Windows build 1"):
            machines.Machine(os.path.join(self.directory, "x")).create(1)


if __name__ == "__main__":
    unittest.main()
