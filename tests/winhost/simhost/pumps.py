# SPDX-License-Identifier: MIT
"""Bytes between a process's pipes and the `stream` connections, with the back-pressure of both.

A connection's thread must end soon after its peer did: the daemon takes a Windows process for gone when its last connection is.
So every wait below also watches the peer, and what a vanished peer had sent is written out by a thread of its own.
"""

import os
import select
import socket
import threading

CHUNK = 1 << 16
GONE = select.POLLRDHUP | select.POLLHUP | select.POLLERR
SETTLE_SECONDS = 0.2


def write_all(descriptor, data):
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view):]


def _wait(*interests):
    """Polls (descriptor, events) pairs; what happened, by descriptor."""
    poll = select.poll()
    for descriptor, events in interests:
        poll.register(descriptor, events)
    return dict(poll.poll())


class Output:
    """From a pipe of the container to the caller, until every writer or the reader is gone."""

    def __init__(self, descriptor):
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def run(self, sock):
        descriptor = self._take()
        if descriptor is None:
            return
        try:
            self._pump(descriptor, sock)
        except OSError:
            pass  # the caller went away
        finally:
            os.close(descriptor)

    def abandon(self):
        """Nobody will read any more; does nothing while somebody does."""
        descriptor = self._take()
        if descriptor is not None:
            os.close(descriptor)

    def _take(self):
        with self._lock:
            descriptor, self._descriptor = self._descriptor, None
            return descriptor

    @staticmethod
    def _pump(descriptor, sock):
        while True:
            ready = _wait((descriptor, select.POLLIN), (sock, select.POLLRDHUP))
            if ready.get(sock.fileno(), 0) & GONE:
                return
            data = read_some(descriptor)
            if not data:
                sock.shutdown(socket.SHUT_WR)
                return
            sock.sendall(data)


def read_some(descriptor):
    try:
        return os.read(descriptor, CHUNK)
    except OSError:
        return b""  # a pseudo terminal ends with EIO


class Input:
    """From the caller to a pipe of the container, until the caller has no more or `finish` is called."""

    def __init__(self, descriptor):
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._wake_read, self._wake_write = os.pipe2(os.O_CLOEXEC)
        self._lock = threading.Lock()
        self._running = False

    def run(self, sock):
        with self._lock:
            if self._descriptor is None:
                return
            self._running = True
        rest = b""
        try:
            rest = self._pump(sock)
        except OSError:
            pass  # the caller or the program went away
        if rest:
            threading.Thread(target=self._write_rest, args=(rest,), daemon=True).start()
        else:
            self._close()

    def finish(self):
        """End of input once everything that was sent before has been written; also when the caller is still about to connect."""
        with self._lock:
            if self._wake_write is not None:
                os.write(self._wake_write, b"x")

    def abandon(self):
        """Nobody will write any more; does nothing while somebody does."""
        with self._lock:
            running = self._running
        if not running:
            self._close()

    def _pump(self, sock):
        """Returns what the program has not read yet when the caller is gone."""
        while True:
            ready = _wait((sock, select.POLLIN), (self._wake_read, select.POLLIN))
            if self._wake_read in ready:
                sock.settimeout(SETTLE_SECONDS)  # for what is still on its way
            try:
                data = sock.recv(CHUNK)
            except TimeoutError:
                return b""
            if not data:
                return b""
            rest = self._offer(sock, data)
            if rest:
                return rest + drain(sock)

    def _offer(self, sock, data):
        view = memoryview(data)
        while view:
            ready = _wait((self._descriptor, select.POLLOUT), (sock, select.POLLRDHUP))
            if self._descriptor in ready:
                view = view[os.write(self._descriptor, view):]
            elif ready.get(sock.fileno(), 0) & GONE:
                return bytes(view)
        return b""

    def _write_rest(self, data):
        os.set_blocking(self._descriptor, True)
        try:
            write_all(self._descriptor, data)
        except OSError:
            pass
        self._close()

    def _close(self):
        with self._lock:
            for name in ("_descriptor", "_wake_read", "_wake_write"):
                if getattr(self, name) is not None:
                    os.close(getattr(self, name))
                    setattr(self, name, None)


def drain(sock):
    """All that the ended peer had sent; it is in the socket's buffer already."""
    chunks = []
    try:
        while data := sock.recv(1 << 20):
            chunks.append(data)
    except OSError:
        pass
    return b"".join(chunks)
