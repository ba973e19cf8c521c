# SPDX-License-Identifier: MIT
"""kill -9 at every call of a run on a named layer, and of a copy out of a run that was kept."""
import json
import unittest

from hosted import IMAGE
from killing import Deed, Kills, OnLayer


class RunOn(OnLayer):
    """What a killed container wrote may be there or not; what was there before is."""

    def things(self):
        return [{"path": "app\\case.txt", "data": f"case {self.number}"}]

    def command(self):
        return ["run", "-q", "--root", self.test.root, "--layer", self.name, "tool", "write", "C:\\app\\run.txt", f"run {self.number}"]

    def outcome(self):
        record = self.test.named(self.name)
        self.test.assertEqual(record["state"], "active")
        files = self.test.disk_files(record["scratch"])
        self.test.assertEqual(files.get("app/case.txt"), f"case {self.number}".encode())
        return "after" if files.get("app/run.txt") == f"run {self.number}".encode() else "before"

    def end(self):
        self.test.ok(*self.layer("rm", self.name))


class CopyOfRun(Deed):
    """Out of the layer of a run that was kept: it is mounted for the copy, and still kept afterwards."""

    def begin(self):
        self.name = f"r{self.number}"
        self.test.ok("run", "-q", "--root", self.test.root, "--network", "none", "--keep", "--name", self.name, IMAGE,
                     "tool", "write", "C:\\app\\case.txt", f"case {self.number}")
        self.target = self.test.drive("d", f"of-run{self.number}.txt")

    def command(self):
        return ["layer", "cp", "--root", self.test.root, f"{self.name}:C:\\app\\case.txt", f"d:\\{self.target.name}"]

    def kept(self):
        listed = json.loads(self.test.ok("layer", "ls", "--all", "--json", "--root", self.test.root).out)
        return {layer["run"]: layer["path"].rpartition("\\")[2] for layer in listed if layer["state"] == "kept"}

    def scratches(self):
        return list(self.kept().values())

    def outcome(self):
        self.test.assertEqual(list(self.kept()), [self.name])
        whole = self.target.exists() and self.target.read_bytes() == f"case {self.number}".encode()
        return "after" if whole else "before"

    def end(self):
        self.test.ok("rm", "--root", self.test.root, self.name)
        self.test.assertEqual(self.test.store.names("scratch"), [])


class Runs(Kills):
    def setUp(self):
        super().setUp()
        self.isolated()  # what a scratch holds is looked at on its disk
        self.reference = IMAGE
        self.ok("pull", "--root", self.root, IMAGE)

    def test_run_on_a_layer(self):
        self.assertGreaterEqual(self.kill_everywhere(RunOn(self)), 20)
        self.kill_at_times(RunOn(self))

    def test_cp_of_a_kept_run(self):
        """Activate, Prepare, GetLayerMountPath twice, Unprepare, Deactivate."""
        self.assertGreaterEqual(self.kill_everywhere(CopyOfRun(self)), 5)


del Kills  # no tests of its own
if __name__ == "__main__":
    unittest.main()
