# SPDX-License-Identifier: MIT
"""The host: what all clients share. Modules hang their own state on it with `part`."""

import json
import os
import threading

from . import faults, journal, paths


class Host:
    """One simulated Windows machine.

    `lock` guards short changes of shared state; nobody holds it while waiting. `directory` is the machine's directory.
    """

    def __init__(self, directory, build=20348, reduced=None):
        self.directory = directory
        self.build = build
        self.reduced = reduced  # why isolation is not available, or None
        self.lock = threading.RLock()
        self.paths = paths.Paths(os.path.join(directory, "host"))
        self.faults = faults.Faults(os.path.join(directory, "faults.json"))
        self.journal = journal.Journal(os.path.join(directory, "journal.jsonl"))
        self.streams = {}  # attach token -> {number: function that takes the socket}
        self._parts = {}
        self._state_path = os.path.join(directory, "state.json")
        self._state = self._load()

    def part(self, make):
        """The one object of class `make` on this host, made at first use by make(host)."""
        with self.lock:
            if make not in self._parts:
                self._parts[make] = make(self)
            return self._parts[make]

    def section(self, name):
        """A dictionary that outlives the daemon; call `save` after changing it."""
        with self.lock:
            return self._state.setdefault(name, {})

    def save(self):
        """Write what outlives the daemon, all of it or nothing."""
        with self.lock:
            temporary = self._state_path + ".new"
            with open(temporary, "w", encoding="utf-8") as file:
                json.dump(self._state, file, indent=1)
            os.replace(temporary, self._state_path)

    def _load(self):
        try:
            with open(self._state_path, encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return {}

    def violation(self, text):
        """Note a misuse of the API that no return value can show; it stays until the machine is removed."""
        with self.lock, open(os.path.join(self.directory, "violations.txt"), "a", encoding="utf-8") as file:
            file.write(text.replace("\n", " ") + "\n")

    def violations(self):
        try:
            with open(os.path.join(self.directory, "violations.txt"), encoding="utf-8") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def expect_streams(self, token, streams):
        """Announce stream connections: `streams` maps 0, 1, 2 to a function that is given the socket in its own thread."""
        with self.lock:
            self.streams[token] = dict(streams)

    def take_stream(self, token, number):
        """The function waiting for that stream, once; None when nobody waits for it."""
        with self.lock:
            waiting = self.streams.get(token)
            if not waiting:
                return None
            taken = waiting.pop(number, None)
            if not waiting:
                del self.streams[token]
            return taken
