# SPDX-License-Identifier: MIT
"""A running container: a Wine prefix over the merged volume of a scratch layer, in namespaces of its own.

The daemon talks to container_init.py, the container's pid 1. A program is started by simrun.exe inside: it takes command line,
directory and environment from a file, the three streams as its own standard handles, and reports over a FIFO
`S pid`, `E win32-error` or `X exit-code`.
"""

import array
import contextlib
import itertools
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import threading

from . import paths, wine
from .mountpoints import MountPoints

SPAWN_SECONDS = 60
END_SECONDS = 10
ERROR_DIRECTORY, ERROR_PROCESS_ABORTED = 267, 1067

HOST_NAMES = """
[System\\\\CurrentControlSet\\\\Control\\\\ComputerName\\\\ComputerName] 1
"ComputerName"="{netbios}"

[System\\\\CurrentControlSet\\\\Control\\\\ComputerName\\\\ActiveComputerName] 1
"ComputerName"="{netbios}"

[System\\\\CurrentControlSet\\\\Services\\\\Tcpip\\\\Parameters] 1
"Hostname"="{name}"
"""


class ContainerError(Exception):
    """The container could not be made or started, or is gone."""


class SpawnError(Exception):
    """Windows' reason why a program did not start: a Win32 error code."""

    def __init__(self, code):
        super().__init__(f"Win32 error {code}")
        self.code = code


class Process:
    """A program in the container, from its start to its exit code."""

    def __init__(self, container, number):
        self.container, self.number = container, number
        self.pid = None
        self.exit_code = None
        self.exited = threading.Event()
        self._on_exit = None
        self._lock = threading.Lock()
        self._report = os.path.join(container.directory, f"{number}.status")
        self._fifo = None

    def open_report(self):
        os.mkfifo(self._report, 0o600)
        self._fifo = os.open(self._report, os.O_RDWR | os.O_CLOEXEC)
        return self._report

    def wait_started(self):
        """Blocks until the program runs or cannot; SpawnError then."""
        words = self._next_report(SPAWN_SECONDS)
        if words and words[0] == "S":
            self.pid = int(words[1])
            threading.Thread(target=self._watch, daemon=True).start()
            return
        self._close_report()
        if words and words[0] == "E":
            raise SpawnError(int(words[1]))
        raise ContainerError("the program's starter died")

    def when_exited(self, action):
        """Calls action(process) once after the end, at once when that has come."""
        with self._lock:
            self._on_exit = action
            late = self.exited.is_set()
        if late:
            action(self)

    def gone(self):
        """The starter is gone; without a report the program was killed from outside."""
        with self._lock:
            if self._fifo is not None:
                os.write(self._fifo, f"X {ERROR_PROCESS_ABORTED}\n".encode())

    def _watch(self):
        words = self._next_report(None)
        self._finish(int(words[1]) if words else ERROR_PROCESS_ABORTED)

    def _finish(self, code):
        self._close_report()  # before anybody hears of the end and removes the directory
        with self._lock:
            if self.exited.is_set():
                return
            self.exit_code = code & 0xFFFFFFFF
            on_exit = self._on_exit
            self.exited.set()
        if on_exit:
            on_exit(self)

    def _next_report(self, seconds):
        """The words of the next line; None when the time is over."""
        line = b""
        while not line.endswith(b"\n"):
            if not select.select([self._fifo], [], [], seconds)[0]:
                return None
            line += os.read(self._fifo, 1)
        return line.decode().split()

    def _close_report(self):
        with self._lock:
            if self._fifo is not None:
                os.close(self._fifo)
                self._fifo = None
                os.unlink(self._report)


class Container:
    """`volume` is the merged view of the scratch; `mounts` a list of Mount."""

    def __init__(self, host, name, volume, hostname, mounts):
        self.host, self.name, self.volume = host, name, volume
        self.hostname = hostname or name[:15]
        self.directory = os.path.join(host.directory, "cont", name)
        self.prefix = os.path.join(self.directory, "prefix")
        self.on_death = None  # called once, when the container is gone
        self.dead = threading.Event()
        self._changed = threading.Condition()
        self._birth = threading.Lock()
        self._ended = False
        self._events = []
        self._numbers = itertools.count(1)
        self._processes = {}
        self._control = self._outer = self._init_pid = None
        self._mount_points = MountPoints(mounts, volume, self.prefix, self.directory, self._isolated())

    # --- life ---------------------------------------------------------------------------------------------------------------

    def create(self):
        self._make_prefix()
        spec = self._write_spec()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "container_init.py")
        with theirs, open(self._log(), "ab") as log, self._birth:
            if self._ended:
                raise ContainerError("the container was ended before it began")
            self._outer = subprocess.Popen(
                [sys.executable, "-I", "-S", program, str(theirs.fileno()), spec], pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        threading.Thread(target=self._listen, daemon=True).start()
        self._init_pid = self._await("created")["pid"]
        self._await("prepared")

    def start(self):
        self._send({"op": "start"})
        self._await("started")

    @property
    def init_pid(self):
        """Pid of the container's first process, whose namespaces are the container's."""
        return self._init_pid

    def end(self):
        """Ends every process and waits until nothing of the container is left."""
        with self._birth:
            self._ended = True
            if self._outer is None:
                return
        self._send({"op": "end"}, or_dead=True)
        if self._isolated() and self._init_pid:
            _kill(self._init_pid)
        try:
            self._outer.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._outer.kill()
            self._outer.wait()
        self.dead.wait(END_SECONDS)

    def remove(self):
        self._mount_points.remove()
        shutil.rmtree(self.directory, ignore_errors=True)

    # --- programs -------------------------------------------------------------------------------------------------------------

    def spawn(self, command_line, directory, environment, descriptors, user):
        """Starts a program with the three descriptors (closed here) as its streams; Process, SpawnError or ContainerError."""
        process = Process(self, next(self._numbers))
        try:
            if not self.is_directory(directory):
                raise SpawnError(ERROR_DIRECTORY)
            report = process.open_report()
            self._processes[process.number] = process
            spec = self._write_program(process.number, command_line, directory, environment)
            console = ["--console"] if os.isatty(descriptors[0]) else []
            self._execute(process.number, ["simrun.exe", *console, spec, report], user, descriptors)
        finally:
            for descriptor in set(descriptors):
                os.close(descriptor)
        process.wait_started()
        return process

    def interrupt(self, process):
        """Ctrl-C for a program and all it has started."""
        self._send({"op": "interrupt", "mark": self._mark(process.number)}, or_dead=True)

    def control(self, *arguments):
        """Runs simctl.exe in the container and waits for it."""
        process = Process(self, next(self._numbers))
        null = os.open("/dev/null", os.O_RDWR)
        done = threading.Event()
        process.gone = done.set
        self._processes[process.number] = process
        try:
            self._execute(process.number, ["simctl.exe", *map(str, arguments)], "ContainerAdministrator", [null] * 3)
        finally:
            os.close(null)
        done.wait(SPAWN_SECONDS)

    def is_directory(self, windows_path):
        try:
            return os.path.isdir(self.resolve(windows_path))
        except paths.PathError:
            return False

    def resolve(self, windows_path):
        """The file of a path as the container sees it, mounts included."""
        root, components = paths.split(windows_path)
        view = f"/proc/{self._init_pid}/root" if self._isolated() else ""
        device = os.path.join(self.prefix, "dosdevices", root)
        if not os.path.lexists(device):
            raise paths.PathError(f"no such drive: {windows_path!r}")
        return paths.under(view + os.path.realpath(device), components)

    # --- making -----------------------------------------------------------------------------------------------------------

    def _make_prefix(self):
        devices = os.path.join(self.prefix, "dosdevices")
        os.makedirs(devices)
        os.symlink(self.volume, os.path.join(devices, "c:"))
        wine.write_registry(self.prefix, self.host.build)
        with open(os.path.join(self.prefix, "system.reg"), "a", encoding="utf-8") as file:
            file.write(HOST_NAMES.format(netbios=self.hostname.upper()[:15], name=self.hostname))
        os.mkfifo(os.path.join(self.directory, "ready"), 0o600)

    def _write_spec(self):
        spec = {
            "isolated": self._isolated(),
            "hostname": self.hostname,
            "binds": self._mount_points.make(),
            "env": self._unix_environment("ContainerAdministrator"),
            "hold": [wine.LOADER, self._guest_program("simrun.exe"), "--hold", os.path.join(self.directory, "ready")],
            "ready_fifo": os.path.join(self.directory, "ready"),
            "log": self._log(),
            "directory": os.path.realpath(self.volume),
        }
        path = os.path.join(self.directory, "init.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(spec, file)
        return path

    def _write_program(self, number, command_line, directory, environment):
        """command line, directory, then NAME=VALUE, all in UTF-16 and ended by NUL; one more NUL at the end."""
        strings = [command_line, directory, *(f"{name}={value}" for name, value in environment.items())]
        path = os.path.join(self.directory, f"{number}.spec")
        with open(path, "wb") as file:
            file.write("".join(text + "\0" for text in strings).encode("utf-16-le") + b"\0\0")
        return path

    def _unix_environment(self, user, number=0):
        mark, _, value = self._mark(number).partition("=")
        return {**wine.environment(self.prefix), "USER": user, "TERM": "xterm", mark: value}

    def _mark(self, number):
        return f"WINHOST_PROCESS={self.name}/{number}"

    def _guest_program(self, name):
        """The simulation's own programs lie on the host and are not seen in the container.

        Each stands alone in a directory: that is where Windows looks first for the programs they start.
        """
        directory = os.path.join(self.host.directory, "guest")
        target = os.path.join(directory, name)
        os.makedirs(directory, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.symlink(os.path.join("..", "host", "drive_c", "windows", "system32", name), target)
        return target

    def _isolated(self):
        return self.host.reduced is None

    def _log(self):
        return os.path.join(self.directory, "log")

    # --- talk with the container's first process ----------------------------------------------------------------------------

    def _execute(self, number, argv, user, descriptors):
        argv = [wine.LOADER, self._guest_program(argv[0]), *argv[1:]]
        self._send({"op": "exec", "id": number, "argv": argv, "env": self._unix_environment(user, number)}, descriptors)

    def _send(self, message, descriptors=(), or_dead=False):
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        try:
            self._control.sendmsg([json.dumps(message).encode()], rights)
        except OSError:
            if not or_dead:
                raise ContainerError("the container is gone") from None

    def _await(self, event):
        """The next event of that kind; ContainerError when it cannot come any more."""
        with self._changed:
            while True:
                for found in self._events:
                    if found["event"] == event:
                        self._events.remove(found)
                        return found
                    if found["event"] == "failed":
                        raise ContainerError(found["text"])
                if self.dead.is_set():
                    raise ContainerError("the container died")
                self._changed.wait()

    def _listen(self):
        while True:
            try:
                data = self._control.recv(1 << 16)
            except OSError:
                data = b""
            if not data:
                break
            message = json.loads(data)
            if message["event"] == "gone":
                self._gone(message["id"])
            else:
                with self._changed:
                    self._events.append(message)
                    self._changed.notify_all()
        self._died()

    def _gone(self, number):
        process = self._processes.pop(number, None)
        if process:
            process.gone()

    def _died(self):
        self._outer.wait()
        for number in list(self._processes):
            self._gone(number)
        with self._changed:
            self.dead.set()
            self._changed.notify_all()
        self._control.close()
        if self.on_death:
            self.on_death()


def _kill(pid):
    try:
        os.kill(pid, 9)
    except ProcessLookupError:
        pass
