# SPDX-License-Identifier: MIT
"""kill -9 at every call that a command on named layers makes."""
import unittest

from killing import Kills, OnLayer
from simhost import vhd


class Prepare(OnLayer):
    def begin(self):
        self.name = f"n{self.number}"

    def command(self):
        return self.layer("prepare", self.name, "--from", self.test.reference, "--size", "30GB", "--label", "k=v")

    def outcome(self):
        if self.name not in self.test.names():
            return "before"
        record = self.test.named(self.name)
        disk = self.test.store.root / "scratch" / record["scratch"] / "sandbox.vhdx"
        self.test.assertEqual((record["state"], record["labels"], vhd.read_header(disk)["bytes"]), ("active", {"k": "v"}, 30 << 30))
        return "after"


class Commit(OnLayer):
    """Every other time the layer gets a new name."""

    def begin(self):
        super().begin()
        self.made = f"made{self.number}" if self.number % 2 else self.name

    def command(self):
        return self.layer("commit", self.name, *([self.made] if self.made != self.name else []))

    def outcome(self):
        if self.made in self.test.names() and self.test.named(self.made)["state"] == "committed":
            self.check_committed(self.made)
            self.test.assertEqual(self.test.names(), [self.made])
            return "after"
        self.check_active(self.name)
        self.test.assertEqual(self.test.names(), [self.name])
        return "before"


class CommitImage(OnLayer):
    """The layer stays as it is, whatever happens; what a killed commit had stored already goes."""

    def begin(self):
        super().begin()
        self.found = self.content()

    def content(self):
        return [sorted(self.test.store.names(folder)) for folder in ("blobs/sha256", "layers", "ingest")]

    def command(self):
        return ["commit", "--root", self.test.root, self.name, f"made/image:{self.number}"]

    def outcome(self):
        self.check_active(self.name)
        made = [record for record in self.test.store.references() if "made/image" in record["reference"]]
        if not made:
            self.test.assertEqual(self.content(), self.found)
            return "before"
        self.test.ok("verify", "--root", self.test.root, f"made/image:{self.number}")
        return "after"

    def end(self):
        self.test.ok("rmi", "--root", self.test.root, f"made/image:{self.number}")
        self.test.assertEqual(self.content(), self.found)
        super().end()


class CopyOut(OnLayer):
    """Of a committed layer, which is seen through a writable one on top of it."""

    def begin(self):
        super().begin()
        self.test.ok(*self.layer("commit", self.name))
        self.target = self.test.drive("d", f"copied{self.number}.txt")

    def command(self):
        return self.layer("cp", f"{self.name}:C:\\a\\case.txt", f"d:\\{self.target.name}")

    def outcome(self):
        self.test.assertEqual(self.test.names(), [self.name])
        self.check_committed(self.name)
        whole = self.target.exists() and self.target.read_bytes() == f"case {self.number}".encode()
        return "after" if whole else "before"


class Import(OnLayer):
    """A layer that another store has exported."""

    def begin(self):
        super().begin()
        self.test.ok(*self.layer("export", self.name, "-o", "d:\\exported.tar"))
        self.test.ok(*self.layer("rm", self.name))

    def command(self):
        return self.layer("import", self.name, "--from", self.test.reference, "-i", "d:\\exported.tar")

    def outcome(self):
        if self.name not in self.test.names():
            return "before"
        self.check_committed(self.name)
        return "after"


class Remove(OnLayer):
    """Every other time a committed one."""

    def begin(self):
        super().begin()
        if self.number % 2:
            self.test.ok(*self.layer("commit", self.name))

    def command(self):
        return self.layer("rm", self.name)

    def outcome(self):
        if self.name not in self.test.names():
            return "after"
        (self.check_committed if self.number % 2 else self.check_active)(self.name)
        return "before"


class Layers(Kills):
    def setUp(self):
        super().setUp()
        self.isolated()  # what a scratch holds is looked at on its disk
        _, self.image, self.reference = self.serve_image()
        self.ok("pull", "--root", self.root, self.reference)

    def test_prepare(self):
        self.assertGreaterEqual(self.kill_everywhere(Prepare(self)), 1)
        self.kill_at_times(Prepare(self))

    def test_commit(self):
        """Activate, Prepare, Unprepare, Export, Deactivate, Import, Destroy."""
        self.assertGreaterEqual(self.kill_everywhere(Commit(self)), 7)
        self.kill_at_times(Commit(self))

    def test_commit_of_an_image(self):
        self.assertGreaterEqual(self.kill_everywhere(CommitImage(self)), 5)
        self.kill_at_times(CommitImage(self))

    def test_cp(self):
        """Activate, Prepare, GetLayerMountPath twice, Unprepare, Deactivate, Destroy."""
        self.assertGreaterEqual(self.kill_everywhere(CopyOut(self)), 7)

    def test_import(self):
        self.assertGreaterEqual(self.kill_everywhere(Import(self)), 1)
        self.kill_at_times(Import(self))

    def test_rm(self):
        self.assertGreaterEqual(self.kill_everywhere(Remove(self)), 1)
        self.kill_at_times(Remove(self))


del Kills  # no tests of its own
if __name__ == "__main__":
    unittest.main()
