# SPDX-License-Identifier: MIT
"""A process in a container as HCS shows it: its streams, its signals, its end."""

import datetime
import fcntl
import os
import pty
import struct
import termios
import threading
import time

from . import container, hresult, pumps
from .environment import machine_environment, merge_environment
from .server import Refusal

PROCESS_EXITED = 0x00010000
CONTROL_C_EXIT = 0xC000013A
CONTROL_C_SECONDS = 2
ATTACH_SECONDS = 2
ACCOUNTS = ("ContainerAdministrator", "ContainerUser")
STANDARD = {"StdIn": 0, "StdOut": 1, "StdErr": 2}


def account(user):
    """The account's proper spelling; none given means the administrator, as in Server Core."""
    if not user:
        return ACCOUNTS[0]
    for name in ACCOUNTS:
        if name.lower() == user.lower():
            return name
    raise Refusal(hresult.LOGON_FAILURE)


def image_name(command_line):
    """The first word's file name."""
    text = command_line.strip()
    word = text[1:].partition('"')[0] if text.startswith('"') else text.partition(" ")[0]
    name = word.rpartition("\\")[2]
    return name if "." in name else name + ".exe"


class Streams:
    """The ends of a new process's standard streams: `theirs` for the program, pumps for what the caller asked for."""

    def __init__(self, parameters):
        self.theirs = []
        self.pumps = {}
        self.terminal = None
        if parameters.get("EmulateConsole"):
            self._console(parameters)
        else:
            self._pipes(parameters)

    def _pipes(self, parameters):
        for number, name in enumerate(("CreateStdInPipe", "CreateStdOutPipe", "CreateStdErrPipe")):
            if not parameters.get(name):
                self.theirs.append(os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC))
                continue
            reader, writer = os.pipe2(os.O_CLOEXEC)
            self.theirs.append(writer if number else reader)
            self.pumps[number] = pumps.Output(reader) if number else pumps.Input(writer)

    def _console(self, parameters):
        """A pseudo console has no separate error stream."""
        self.terminal, slave = pty.openpty()
        self.resize(*parameters.get("ConsoleSize", (25, 80)))
        self.theirs = [slave, os.dup(slave), os.dup(slave)]
        if parameters.get("CreateStdInPipe"):
            self.pumps[0] = pumps.Input(os.dup(self.terminal))
        if parameters.get("CreateStdOutPipe"):
            os.set_blocking(self.terminal, True)
            self.pumps[1] = pumps.Output(os.dup(self.terminal))

    def resize(self, height, width):
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def close(self):
        """The program did not start, or nobody holds it any more: streams that were never attached end."""
        for pump in self.pumps.values():
            pump.abandon()
        if self.terminal is not None:
            os.close(self.terminal)
            self.terminal = None


WIN32 = 0x80070000


def create(system, parameters):
    """Starts the program; Process, or Refusal with Windows' reason."""
    user = account(parameters.get("User"))
    command_line = parameters.get("CommandLine", "")
    if not command_line.strip():
        raise Refusal(hresult.INVALID_ARGUMENT)
    base = machine_environment(system.container.hostname, user)
    variables = merge_environment(base, parameters.get("Environment", {}))
    directory = parameters.get("WorkingDirectory") or "C:\\"
    streams = Streams(parameters)
    try:
        program = system.container.spawn(command_line, directory, variables, streams.theirs, user)
    except container.SpawnError as error:
        streams.close()
        raise Refusal(WIN32 | error.code) from None
    except container.ContainerError:
        streams.close()
        raise Refusal(0xC0370105) from None
    return Process(system, program, streams, image_name(command_line))


class Process:
    def __init__(self, system, program, streams, image):
        self.system, self.program, self.image = system, program, image
        self.created = datetime.datetime.now(datetime.timezone.utc)
        self.handles = set()
        self.lock = threading.Lock()
        self._streams = streams
        self._interrupted_at = None
        self._told = False
        program.when_exited(self._exited)

    def streams(self):
        """What waits for `stream` connections, by number."""
        return {number: pump.run for number, pump in self._streams.pumps.items()}

    def open(self, ctx, token=None):
        where = []
        number = ctx.open("process", self, on_close=lambda: self._closed(*where))
        where += [ctx.client, number, ctx.host, token]
        with self.lock:
            self.handles.add((ctx.client, number))
            late = self._told
        if late:
            ctx.client.emit(number, PROCESS_EXITED)
        return number

    def _closed(self, client, number, host, token):
        with self.lock:
            self.handles.discard((client, number))
        if token:
            late = threading.Timer(ATTACH_SECONDS, self._give_up_streams, (host, token))
            late.daemon = True
            late.start()

    def _give_up_streams(self, host, token):
        """Nobody has come for them. Pipes do not depend on the handle: those opened before it was closed may still be on their way."""
        for stream in STANDARD.values():
            host.take_stream(token, stream)
        self._streams.close()

    def _exited(self, program):
        if self._interrupted_at and program.exit_code == 0 and time.monotonic() - self._interrupted_at < CONTROL_C_SECONDS:
            program.exit_code = CONTROL_C_EXIT  # Wine ends a program that does not handle Ctrl-C with 0
        with self.lock:
            handles = list(self.handles)
            self._told = True
        for client, number in handles:
            client.emit(number, PROCESS_EXITED)

    def properties(self):
        if not self.program.exited.is_set():
            return {"ProcessId": self.program.pid, "Exited": False, "LastWaitResult": hresult.signed(0x80070102)}
        return {"ProcessId": self.program.pid, "Exited": True, "ExitCode": self.program.exit_code, "LastWaitResult": 0}

    def terminate(self, code=container.ERROR_PROCESS_ABORTED):
        self.system.container.control(self.program.pid, "terminate", code)

    def signal(self, name):
        """Ctrl-C reaches the program's handler; of the other events the default handler's doing is simulated."""
        if name == "CtrlC":
            self._interrupted_at = time.monotonic()
            self.system.container.interrupt(self.program)
        else:
            self.terminate(CONTROL_C_EXIT)

    def close_handle(self, name):
        numbers = STANDARD.values() if name == "All" else [STANDARD[name]]
        for number in numbers:
            pump = self._streams.pumps.get(number)
            if isinstance(pump, pumps.Input):
                pump.finish()
            elif pump:
                pump.abandon()

    def resize(self, height, width):
        if self._streams.terminal is None:
            raise Refusal(hresult.INVALID_ARGUMENT)
        self._streams.resize(height, width)
