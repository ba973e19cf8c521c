# SPDX-License-Identifier: MIT
"""kill -9 at every call of a run on a named layer."""
import unittest

from hosted import IMAGE
from killing import Kills, OnLayer


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


class Runs(Kills):
    def setUp(self):
        super().setUp()
        self.isolated()  # what a scratch holds is looked at on its disk
        self.reference = IMAGE
        self.ok("pull", "--root", self.root, IMAGE)

    def test_run_on_a_layer(self):
        self.assertGreaterEqual(self.kill_everywhere(RunOn(self)), 20)
        self.kill_at_times(RunOn(self))


del Kills  # no tests of its own
if __name__ == "__main__":
    unittest.main()
