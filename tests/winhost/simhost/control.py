# SPDX-License-Identifier: MIT
"""The daemon's control socket, reached through the machine's directory: for the command line and the tests."""

import json
import os
import secrets
import socket
import tempfile

from . import frames

NAME = "control.sock"


def listen(directory):
    """The daemon's side. A socket path may have 108 bytes at most, so it is taken relative to an open directory."""
    path = os.path.join(directory, NAME)
    if os.path.lexists(path):
        os.unlink(path)
    descriptor = os.open(directory, os.O_DIRECTORY)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"/proc/self/fd/{descriptor}/{NAME}")
    os.close(descriptor)
    listener.listen(16)
    return listener


def connect(directory):
    descriptor = os.open(directory, os.O_DIRECTORY)
    sock = socket.socket(socket.AF_UNIX)
    try:
        sock.connect(f"/proc/self/fd/{descriptor}/{NAME}")
        return sock
    except OSError:
        sock.close()
        raise
    finally:
        os.close(descriptor)


def answers(directory):
    """Whether a daemon runs for that machine."""
    try:
        connect(directory).close()
        return True
    except (FileNotFoundError, ConnectionRefusedError):
        return False


def ask(directory, function, dll="winhost", **arguments):
    """One call over the control socket: (hr text, values)."""
    with open(os.path.join(directory, "token"), encoding="utf-8") as file:
        token = file.read()
    with connect(directory) as sock:
        frames.send(sock, ["hello", token, "call", secrets.token_hex(8), str(os.getpid()), "winhost"])
        typed = [text for name, value in arguments.items() for text in (name, typed_value(value))]
        frames.send(sock, [dll, function, *typed])
        reply = frames.receive(sock)
    if reply is None:
        raise ConnectionError("the simulated host went away")
    return reply[0], frames.pairs(reply[1:])


def typed_value(value):
    if value is None:
        return "n"
    return f"u{value}" if isinstance(value, int) else f"s{value}"


def ask_json(directory, function):
    """A winhost call whose response is a JSON document."""
    code, values = ask(directory, function)
    if code != "0x00000000":
        raise ConnectionError(f"{function}: {code} {values.get('result', '')}")
    return json.loads(values["response"])


def plant(directory, scratch, things, parents=()):
    """Puts things on a scratch (planter.py says what they are); ValueError where that cannot be."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", dir=directory, encoding="utf-8") as file:
        json.dump(things, file)
        file.flush()
        code, values = ask(directory, "plant", scratch=scratch, parents=json.dumps(list(parents)), things=file.name)
    if code != "0x00000000":
        raise ValueError(f"{code} {json.loads(values['result'])['ErrorMessage']}")
