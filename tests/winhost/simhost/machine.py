# SPDX-License-Identifier: MIT
"""A machine as seen from outside: its directory, starting and ending it, and running programs on it."""

import contextlib
import fcntl
import os
import secrets
import select
import shutil
import signal
import stat
import subprocess
import sys
import time

from . import control, mounts, wine

DEFAULT_BUILD = 20348
SERVICES = (("vmcompute", "Hyper-V Host Compute Service"), ("hns", "Host Network Service"))
GUEST_PROGRAMS = ("simrun.exe", "simctl.exe")
STARTED_SECONDS = 60
NAMESPACES = mounts.CLONE_NEWNS | mounts.CLONE_NEWPID | mounts.CLONE_NEWUTS | mounts.CLONE_NEWIPC | mounts.CLONE_NEWNET


class MachineError(Exception):
    """What was asked cannot be done; the text says why."""


def find_programs(directory):
    """The PE files of the simulation below a build directory, by name."""
    found = {}
    for parent, _, names in os.walk(directory):
        for name in names:
            if name.endswith((".dll", ".exe")):
                found.setdefault(name, os.path.join(parent, name))
    return found


def probe_isolation(directory):
    """Why this machine cannot have namespaces and an overlay of its own, or None. Tried in a child that then ends."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        try:
            mounts.unshare(NAMESPACES)
            try_overlay(os.path.join(directory, "probe"))
        except OSError as error:
            os.write(writer, (error.strerror or str(error)).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as file:
        why = file.read()
    os.waitpid(pid, 0)
    shutil.rmtree(os.path.join(directory, "probe"), ignore_errors=True)
    return why or None


def try_overlay(directory):
    """Mounts what a container needs; it all ends with the process's namespace."""
    mounts.make_private()
    for name in ("lower", "upper", "work", "merged"):
        os.makedirs(os.path.join(directory, name), exist_ok=True)
    path = {name: os.path.join(directory, name) for name in os.listdir(directory)}
    mounts.overlay([path["lower"]], path["upper"], path["work"], path["merged"])


class Machine:
    def __init__(self, directory):
        self.directory = os.path.abspath(directory)
        self.prefix = os.path.join(self.directory, "host")
        self.drive_c = os.path.join(self.prefix, "drive_c")

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def exists(self):
        return os.path.exists(self.path("build"))

    def create(self, build=DEFAULT_BUILD, programs=None):
        """Make the machine's disk: the Wine prefix of a Windows of that build. `programs` as find_programs gives them."""
        if build not in wine.BUILDS:
            raise MachineError(f"unknown Windows build {build}; known are {', '.join(map(str, wine.BUILDS))}")
        for name in ("host/dosdevices", "drive_d", "drive_f", "vhd", "mnt", "chain", "cont", "run"):
            os.makedirs(self.path(name), exist_ok=True)
        wine.make_drive_c(self.drive_c)
        wine.write_registry(self.prefix, build, SERVICES)
        wine.link_drive(self.prefix, "c", "../drive_c")
        wine.link_drive(self.prefix, "d", "../../drive_d")
        self.install(programs or {})
        with open(self.path("build"), "w", encoding="utf-8") as file:
            file.write(f"{build}\n")

    def install(self, programs):
        """Put the simulation's DLLs and programs into system32, those that are new. Running programs keep what they have open."""
        system32 = os.path.join(self.drive_c, "windows", "system32")
        for name, source in programs.items():
            wanted = name.endswith(".dll") or name in GUEST_PROGRAMS
            if wanted and not is_copy(os.path.join(system32, name), source):
                wine.place(source, system32)

    @contextlib.contextmanager
    def only_one(self):
        """Holds off others who would make or start the same machine."""
        os.makedirs(os.path.dirname(self.directory), exist_ok=True)
        with open(self.directory + ".lock", "w", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def build(self):
        with open(self.path("build"), encoding="utf-8") as file:
            return int(file.read())

    def mode(self):
        with open(self.path("mode"), encoding="utf-8") as file:
            return file.read().strip()

    def pid(self):
        """The process that is the machine, by its number outside; None when it does not run."""
        if not control.answers(self.directory):
            return None
        with open(self.path("simhost.pid"), encoding="utf-8") as file:
            return int(file.read())

    def start(self, reduced=None):
        """Boot; returns the mode. `reduced` is a reason to do without isolation, None to find out."""
        if self.pid():
            return self.mode()
        why = reduced or probe_isolation(self.directory)
        mode = f"reduced: {why}" if why else "isolated"
        with open(self.path("mode"), "w", encoding="utf-8") as file:
            file.write(mode + "\n")
        reader, writer = os.pipe()
        with open(self.path("simhost.log"), "ab") as log:
            starter = subprocess.Popen(
                [sys.executable, "-m", "simhost.daemon", self.directory, str(writer)], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, pass_fds=[writer], start_new_session=True, env=self._daemon_environment())
        os.close(writer)
        self._wait_ready(reader)
        starter.wait()  # it only made the namespaces
        return mode

    def _daemon_environment(self):
        """WINEPREFIX is for the daemon's children: by it they are found when there is no namespace to end them."""
        package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        return {"PYTHONPATH": package, "PATH": os.environ.get("PATH", ""), "WINEPREFIX": self.prefix}

    def _wait_ready(self, reader):
        with os.fdopen(reader, encoding="utf-8") as file:
            ready = select.select([file], [], [], STARTED_SECONDS)[0]
            if not ready or file.readline() != "ready\n":
                raise MachineError(f"the simulated host did not start, see {self.path('simhost.log')}")

    def stop(self):
        """Shut down in order: Windows programs first, so that Wine writes its registry, then the rest at once."""
        pid = self.pid()
        if not pid:
            return
        subprocess.run([*self.enter(), wine.SERVER, "-k"], env=wine.environment(self.prefix), check=False,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.cut_power()

    def cut_power(self):
        """Everything on the machine ends at this instant; its disks stay as they are."""
        pid = self.pid()
        if not pid:
            return
        descriptor = os.pidfd_open(pid)
        os.kill(pid, signal.SIGKILL)
        select.select([descriptor], [], [], 10)
        os.close(descriptor)
        if self.mode() != "isolated":
            self.kill_by_prefix()

    def kill_by_prefix(self, but=None):
        """Without a namespace: every process whose Wine prefix is below the machine's directory."""
        wanted = f"WINEPREFIX={self.directory}/"
        for pid in processes_with(lambda variable: variable.startswith(wanted)):
            if pid != but:
                kill(pid, signal.SIGKILL)

    def enter(self):
        """The command prefix that runs a program on the machine. Costs a new process; nothing in reduced mode."""
        if self.mode() != "isolated":
            return []
        return ["nsenter", "-t", str(self.pid()), "-m", "-p", "-n", "-u", "-i", f"--wd={self.drive_c}"]

    def windows_path(self, program):
        """A unix path of a program becomes C:\\tools\\NAME, a link to it; Windows paths and bare names stay."""
        if "/" not in program and not os.path.exists(program):
            return program
        tools = os.path.join(self.drive_c, "tools")
        os.makedirs(tools, exist_ok=True)
        link = os.path.join(tools, os.path.basename(program))
        target = os.path.realpath(program)
        if not os.path.exists(target):
            raise MachineError(f"no such program: {program}")
        if not os.path.islink(link) or os.readlink(link) != target:
            temporary = f"{link}.{secrets.token_hex(4)}"
            os.symlink(target, temporary)
            os.replace(temporary, link)
        return f"C:\\tools\\{os.path.basename(program)}"

    def log_tail(self):
        with open(self.path("simhost.log"), encoding="utf-8", errors="replace") as file:
            return file.read()[-2000:]


def is_copy(target, source):
    """Whether the target is a file of the same size, made after the source."""
    try:
        there, here = os.lstat(target), os.stat(source)
    except FileNotFoundError:
        return False
    return stat.S_ISREG(there.st_mode) and there.st_size == here.st_size and there.st_mtime >= here.st_mtime


def processes_with(matches):
    """Every process one of whose environment variables matches."""
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if any(map(matches, environment_of(pid)))]


def environment_of(pid):
    """NAME=VALUE strings; none when it has ended. A Windows process always has some, but for a moment in which it is being started."""
    while True:
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                variables = file.read().decode("utf-8", "replace").split("\0")
        except OSError:
            return []
        if any(variables) or not is_wine(pid):
            return variables
        time.sleep(0.001)


def is_wine(pid):
    """Whether the process is a Windows one; nsenter and others carry the same environment."""
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe")).startswith("wine64")
    except OSError:
        return False


def kill(pid, signum):
    try:
        os.kill(pid, signum)
    except ProcessLookupError:
        pass


def wait_until(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
