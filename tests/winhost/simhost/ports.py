# SPDX-License-Identifier: MIT
"""Published ports: what WinNAT does with a port mapping, done by a small TCP proxy on the host."""

import errno
import secrets
import socket
import threading

from . import hresult
from .server import Refusal

TCP, UDP = 6, 17
FIRST_RANDOM, LAST_RANDOM = 49152, 65535


def choose_port(taken):
    """A free host port for a mapping that names none."""
    while True:
        port = FIRST_RANDOM + secrets.randbelow(LAST_RANDOM - FIRST_RANDOM + 1)
        if port not in taken:
            return port


def copy(source, target):
    try:
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one side is gone; the other sees the end when both are closed


class Proxy:
    """Listens on a port of the host and passes connections to an address; closed with `close`."""

    def __init__(self, port, target):
        self.target = target
        try:
            self.listener = socket.create_server(("0.0.0.0", port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                raise Refusal(hresult.SHARING_VIOLATION) from None
            raise
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near):
        with near:
            try:
                far = socket.create_connection(self.target, 5)
            except OSError:
                return
            far.settimeout(None)
            with far:
                back = threading.Thread(target=copy, args=(far, near), daemon=True)
                back.start()
                copy(near, far)
                back.join()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
