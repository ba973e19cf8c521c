# SPDX-License-Identifier: MIT
"""Killing wrun at its k-th call, for every k, and what must be true after the next wrun.

A deed is a command in a state that it finds, run once for each moment at which it can be killed. WRUN_KILL_ALL=1 takes every moment,
before and after each call; otherwise each call once, before or after it by turns that begin where WRUN_KILL_SEED says.
"""
import os
import random
import time

from hosted import control, faults
from pulled import Pulled, layer_names
from simhost import vhd

ALL = os.environ.get("WRUN_KILL_ALL") == "1"
SEED = int(os.environ.get("WRUN_KILL_SEED", time.time_ns() % 1000))
MOMENTS = ("kill-before", "kill-after")
TIMED = 40 if ALL else 3
MOST_CALLS, MOST_FAILURES = 200, 3

# what the next wrun may be: (arguments, exit code), commands that have nothing to do with the deed but may change the store.
# Those that only read or only note a name (images, inspect, tag, ...) leave what they find.
NEXT = ((["rm", "nosuch"], 4), (["layer", "prepare", "nosuch", "--from", "nosuch/nosuch", "--pull", "never"], 4), (["prune", "--dry-run"], 0))


def moments(k):
    return MOMENTS if ALL else (MOMENTS[(k + SEED) % 2],)


class Deed:
    """One command to be killed. `test` is the case it runs in; `number` is another one for each run."""

    layers = ()  # of the store, that are there whatever happens

    def __init__(self, test):
        self.test = test
        self.number = 0

    def begin(self):
        """Make the state it finds, another one each time."""

    def command(self):
        raise NotImplementedError

    def outcome(self):
        """'before' or 'after', when what the deed is about is wholly one of them; fails otherwise."""
        raise NotImplementedError

    def scratches(self):
        """Folders of scratches that may be there now."""
        return []

    def repeat(self, outcome):
        """The command again, or what stands for it when its work is done."""
        if outcome == "before":
            self.test.ok(*self.command())

    def end(self):
        """Give back what the run made, so that the store does not grow."""


class OnLayer(Deed):
    """A deed on a named writable layer that holds a file and lacks one of its image."""

    def begin(self):
        self.name = f"n{self.number}"
        self.test.ok("layer", "prepare", "--root", self.test.root, self.name, "--from", self.test.reference)
        self.test.plant(self.name, self.things())

    def things(self):
        return [{"path": "a\\case.txt", "data": f"case {self.number}"}, {"path": "License.txt", "type": "delete"}]

    def layer(self, *arguments):
        return ["layer", arguments[0], "--root", self.test.root, *arguments[1:]]

    def check_active(self, name):
        record = self.test.named(name)
        self.test.assertEqual((record["state"], record["from"]), ("active", self.test.reference))
        files = self.test.disk_files(record["scratch"])
        self.test.assertEqual(files.get("a/case.txt"), f"case {self.number}".encode())

    def check_committed(self, name):
        record = self.test.named(name)
        self.test.assertEqual((record["state"], record["from"]), ("committed", self.test.reference))
        files = self.test.store.layer(record["layer"]) / "Files"
        self.test.assertEqual((files / "a/case.txt").read_bytes(), f"case {self.number}".encode())
        self.test.assertFalse((files / "License.txt").exists())
        self.test.assertEqual(record["parents"], layer_names(self.test.image)[::-1])

    def end(self):
        for name in self.test.names():
            self.test.ok(*self.layer("rm", name))
        self.test.assertEqual(sorted(self.test.store.names("layers")), sorted(layer_names(self.test.image)))
        self.test.assertEqual(self.test.store.names("scratch"), [])


class Kills(Pulled):
    """Cases that kill."""

    def kill_everywhere(self, deed):
        """At every call; the number of calls."""
        k, whole, failures = 1, None, 0
        while whole is None:
            self.assertLess(k, MOST_CALLS)
            for moment in moments(k):
                struck = None
                with self.subTest(deed=type(deed).__name__, call=k, moment=moment, seed=SEED):
                    struck = self.strike(deed, k, moment)
                failures += struck is None
                self.assertLess(failures, MOST_FAILURES)
                whole = k - 1 if struck is False else whole
            k += 1
        self.assertGreater(whole, 0, "it made no call")
        return whole

    def strike(self, deed, k, moment):
        """One run with one kill; False when it made fewer calls."""
        self.start_deed(deed)
        rules, before = self.host.path("faults.json"), len(self.journal())
        faults.add(rules, {"fn": "*", "nth": k, "do": moment})
        try:
            result = self.wrun(*deed.command())
        finally:
            faults.clear(rules)
        struck = any("fault" in entry for entry in self.journal()[before:])
        self.assertEqual(struck, result.code != 0, result)
        if not struck:
            self.assertEqual(deed.outcome(), "after")
            self.check_settled(deed)
        self.check_after(deed, k)
        return struck

    def kill_at_times(self, deed):
        """Between the calls: at moments of the time that the command takes."""
        self.start_deed(deed)
        started = time.monotonic()
        self.ok(*deed.command())
        whole = time.monotonic() - started
        self.check_after(deed, 0)
        chance = random.Random(SEED)
        for turn in range(TIMED):
            at = chance.uniform(0, whole)
            with self.subTest(deed=type(deed).__name__, seconds=round(at, 3), seed=SEED):
                self.start_deed(deed)
                run = self.start(*deed.command())
                time.sleep(at)
                run.kill()
                self.finish(run)
                self.check_after(deed, turn)

    def start_deed(self, deed):
        deed.number += 1
        deed.begin()

    # ---- what must be true ----

    def check_after(self, deed, turn):
        arguments, code = NEXT[turn % len(NEXT)]
        result = self.wrun(*arguments, "--root", self.root)
        self.assertEqual(result.code, code, result)
        self.check_settled(deed)
        self.ok("verify", "--root", self.root)
        outcome = deed.outcome()
        self.assertIn(outcome, ("before", "after"))
        deed.repeat(outcome)
        self.assertEqual(deed.outcome(), "after")
        self.check_settled(deed)
        deed.end()

    def check_settled(self, deed):
        """Nothing half done, nothing mounted, nothing that nobody knows."""
        store = self.store
        for folder in ("tmp", "trash"):
            self.assertEqual(store.names(folder), [], folder)
        for name in store.names("ingest"):  # what the next pull goes on with
            self.assertRegex(name, r"^[0-9a-f]{64}\.(part|map)$")
        for name in store.names("layers"):
            self.assertRegex(name, "^[0-9a-f]{32}$")
            self.assertEqual(store.record(name)["chainId"].removeprefix("sha256:")[:32], name)
        records = [self.named(name) for name in store.names("names")]
        for record in records:
            self.assertIn(record["state"], ("active", "committed"), record)
            self.assertFalse(record.get("mounted", False), record)
            for parent in record["parents"]:
                self.assertTrue(store.layer(parent).joinpath("wrun.json").exists(), record)
        known = sorted([record["scratch"] for record in records if record["state"] == "active"] + deed.scratches())
        self.assertEqual(store.names("scratch"), known)
        left = [line for line in self.leftovers() if line[0] != "scratch" or line[1].lower().startswith(self.root)]
        self.assertEqual(left, [("scratch", f"D:\\store\\scratch\\{name}") for name in known])

    # ---- named layers ----

    def named(self, name):
        return self.store.json(f"names/{name}/layer.json")

    def names(self):
        return self.store.names("names")

    def disk_files(self, folder):
        """What a scratch itself holds: {path: bytes}."""
        path = self.store.root / "scratch" / folder
        guid = vhd.read_header(path / "sandbox.vhdx")["guid"]
        top = self.host.path("vhd", guid, "upper")
        found = {}
        for parent, _, names in os.walk(top):
            for path in (os.path.join(parent, name) for name in names):
                if os.path.isfile(path):  # and not what an overlay makes of something deleted
                    with open(path, "rb") as file:
                        found[os.path.relpath(path, top)] = file.read()
        return found

    def plant(self, name, things):
        """On the scratch of an active named layer."""
        record = self.named(name)
        control.plant(self.host.directory, f"{self.root}\\scratch\\{record['scratch']}", things,
                      [f"{self.root}\\layers\\{parent}" for parent in record["parents"]])


