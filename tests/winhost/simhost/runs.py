# SPDX-License-Identifier: MIT
"""Running a Windows program on the machine, as from a command prompt there.

simrun.exe starts it, so that the command line, the environment and the 32-bit exit code are exactly Windows': a spec file in
UTF-16 (command line, directory, environment block) goes in, `S pid`, `E error`, `X exit code` come back through a FIFO.
"""

import os
import secrets
import select
import signal
import subprocess
import time

from . import machine, wine

SIMRUN = "C:\\windows\\system32\\simrun.exe"
MARK = "WINHOST_RUN"  # in the unix environment only: finds the processes of one run

ENVIRONMENT = {
    "ALLUSERSPROFILE": "C:\\ProgramData",
    "APPDATA": "C:\\users\\Administrator\\AppData\\Roaming",
    "COMPUTERNAME": "SIMHOST",
    "ComSpec": "C:\\windows\\system32\\cmd.exe",
    "HOMEDRIVE": "C:",
    "HOMEPATH": "\\users\\Administrator",
    "LOCALAPPDATA": "C:\\users\\Administrator\\AppData\\Local",
    "OS": "Windows_NT",
    "PATH": "C:\\windows\\system32;C:\\windows",
    "PATHEXT": ".COM;.EXE;.BAT;.CMD",
    "PROCESSOR_ARCHITECTURE": "AMD64",
    "ProgramData": "C:\\ProgramData",
    "ProgramFiles": "C:\\Program Files",
    "PUBLIC": "C:\\users\\Public",
    "SystemDrive": "C:",
    "SystemRoot": "C:\\windows",
    "TEMP": "C:\\windows\\temp",
    "TMP": "C:\\windows\\temp",
    "USERDOMAIN": "SIMHOST",
    "USERNAME": "Administrator",
    "USERPROFILE": "C:\\users\\Administrator",
    "windir": "C:\\windows",
}


def quote(argument):
    """One argument as CommandLineToArgvW reads it back."""
    if argument and not any(char in argument for char in ' \t\n\v"'):
        return argument
    quoted, slashes = "", 0
    for char in argument:
        if char == "\\":
            slashes += 1
            continue
        quoted += "\\" * (2 * slashes + 1 if char == '"' else slashes) + char
        slashes = 0
    return f'"{quoted}' + "\\" * (2 * slashes) + '"'


def command_line(arguments):
    return " ".join(map(quote, arguments))


def environment(extra):
    """The Windows environment of a run, sorted as Windows keeps it; names are case-insensitive."""
    variables = {name.upper(): (name, value) for name, value in ENVIRONMENT.items()}
    variables.update({name.upper(): (name, value) for name, value in extra.items()})
    return [f"{name}={value}" for _, (name, value) in sorted(variables.items())]


def specification(line, directory, variables):
    return ("\0".join([line, directory, *variables, "", ""])).encode("utf-16-le", "surrogatepass")


class Run:
    """One run of a program; `code` is its exit code, or None when it could not be started (`error` says why)."""

    def __init__(self, on, arguments, directory="C:\\", extra=None):
        self.machine = on
        self.token = secrets.token_hex(8)
        self.code = self.error = self.windows_pid = None
        self.base = on.path("run", self.token)
        arguments = [on.windows_path(arguments[0]), *arguments[1:]]
        with open(f"{self.base}.spec", "wb") as file:
            file.write(specification(command_line(arguments), directory, environment(extra or {})))
        os.mkfifo(f"{self.base}.status")
        self.status = os.open(f"{self.base}.status", os.O_RDWR | os.O_NONBLOCK)
        self.text = b""
        self.starter = None

    def start(self, **streams):
        """Start it with subprocess's stdin, stdout, stderr. Ctrl-C on a terminal reaches the Windows processes by themselves."""
        variables = {**wine.environment(self.machine.prefix), MARK: self.token, "TERM": os.environ.get("TERM", "dumb")}
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # inherited by nsenter, which else would die of it
        with wine.fixed_addresses():
            self.starter = subprocess.Popen(
                [*self.machine.enter(), wine.LOADER, SIMRUN, "--console", f"{self.base}.spec", f"{self.base}.status"],
                env=variables, cwd=self.machine.drive_c, **streams)
        signal.signal(signal.SIGINT, before)
        return self

    def wait(self):
        """Wait for the end; the exit code, or None when there is none."""
        ended = os.pidfd_open(self.starter.pid)
        while ended not in select.select([self.status, ended], [], [])[0]:
            self._read()
        self._read()
        os.close(ended)
        self.starter.wait()
        self._clean()
        return self.code

    def _read(self):
        try:
            self.text += os.read(self.status, 4096)
        except BlockingIOError:
            return
        *lines, self.text = self.text.split(b"\n")
        for line in lines:
            kind, value = line.split()[:2]
            name = {b"S": "windows_pid", b"E": "error", b"X": "code"}[kind]
            setattr(self, name, int(value))

    def _clean(self):
        os.close(self.status)
        for name in ("spec", "status"):
            os.unlink(f"{self.base}.{name}")

    def kill(self):
        kill(self.token)

    def interrupt(self):
        interrupt(self.token)


def processes(token):
    """The Windows processes of a run, by their unix numbers: simrun first, then the program and its children."""
    marked = machine.processes_with(f"{MARK}={token}".__eq__)
    return sorted(filter(machine.is_wine, marked), key=lambda pid: not is_simrun(pid))


def is_simrun(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().startswith("simrun")
    except OSError:
        return False


def kill(token):
    """As TerminateProcess from outside: no handler runs. simrun goes first, so nobody reports an exit code. Returns when nothing of the
    run is left, also of what was being started meanwhile.

    False when nothing ran.
    """
    ran = False
    while signal_all(token, signal.SIGKILL):
        ran = True
        time.sleep(0.002)
    return ran


def interrupt(token):
    """Ctrl-C: Wine turns SIGINT into the console event in each process; simrun ignores it."""
    return signal_all(token, signal.SIGINT)


def signal_all(token, signum):
    found = processes(token)
    for pid in found:
        machine.kill(pid, signum)
    return bool(found)
