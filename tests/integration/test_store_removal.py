# SPDX-License-Identifier: MIT
"""wrun rmi, prune and df: what leaves a store, what stays, and what is said about it."""
import fcntl
import json
import os
import signal
import subprocess
import time

from pulling import INTEGRITY, INTERRUPTED, NOT_FOUND, USAGE, WRUN, noise_layer, oci
from test_store_images import StoreTestCase

BUSY = 5
DAY = 24 * 60 * 60


def needs(image):
    """Names of the blobs of an image."""
    return {blob.digest[7:] for blob in [*image.layers, image.config, image.manifest]}


def total(*images):
    blobs = {blob.digest: len(blob.data) for image in images for blob in [*image.layers, image.config, image.manifest]}
    return sum(blobs.values())


class RemovalTestCase(StoreTestCase):
    def setUp(self):
        super().setUp()
        self.pull(self.reference)

    def put_sharing(self, repository="c/d", tag="2"):
        """An image whose first layer is also that of self.image."""
        image = oci.Image([self.image.layers[0], noise_layer(3000, seed=7)], {"Cmd": ["x"]},
                          os_version="10.0.20348.2322")
        self.registry.put_image(repository, image, tag)
        reference = f"{self.registry.address}/{repository}:{tag}"
        self.pull(reference)
        return image, reference

    def names(self):
        return set(self.store.blobs())

    def trash(self):
        return sorted(path.name for path in (self.store.root / "trash").iterdir())

    def make_old(self, path, seconds):
        then = time.time() - seconds
        os.utime(self.store.root / path, (then, then))

    def orphan(self, data=b"nobody's"):
        """A blob that no image needs."""
        digest = oci.digest(data)
        self.store.path(digest).write_bytes(data)
        return digest

    def record_run(self, image, name="job", done=False):
        """What a run on Windows writes down; only the record counts here."""
        run_id = "0123456789abcdef0123456789abcdef"
        folder = self.store.root / "runs" / run_id
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps({
            "version": 1, "id": run_id, "containerId": f"wrun-{run_id}", "name": name, "image": "x/y:1",
            "imageDigest": image.manifest.digest, "layers": ["f" * 32], "scratch": f"d:\\s\\scratch\\{run_id}",
            "processId": 4711, "keep": done, "done": done}))


class RmiTest(RemovalTestCase):
    def test_the_last_name_takes_everything_along(self):
        done = self.wrun("rmi", self.reference)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0], f"Untagged: {self.reference}")
        self.assertEqual({line.removeprefix("Deleted: sha256:") for line in lines[1:]}, needs(self.image))
        self.assertEqual((self.names(), self.store.references(), self.trash()), (set(), [], []))
        self.assertEqual(self.json("images"), [])

    def test_what_another_image_needs_stays(self):
        other, _ = self.put_sharing()
        self.wrun("rmi", self.reference)
        self.assertEqual(self.names(), needs(other))
        self.check_stored(other)

    def test_another_name_keeps_everything(self):
        self.wrun("tag", self.reference, "mine")
        self.assertEqual(self.wrun("rmi", "mine").stdout, "Untagged: docker.io/library/mine:latest\n")
        self.assertEqual(self.names(), needs(self.image))

    def test_the_index_goes_too(self):
        index = oci.index([self.image])
        self.registry.put_index("a/b", "2", index, [self.image])
        self.pull(f"{self.registry.address}/a/b:2")
        self.assertIn(index.digest[7:], self.names())
        self.wrun("rmi", self.reference)
        self.assertIn(index.digest[7:], self.names())
        self.wrun("rmi", f"{self.registry.address}/a/b:2")
        self.assertEqual(self.names(), set())

    def test_only_what_the_image_needed_goes(self):
        orphan = self.orphan()
        self.wrun("rmi", self.reference)
        self.assertEqual(self.names(), {orphan[7:]})

    def test_by_id(self):
        for name in self.image.manifest.digest, self.image.manifest.digest[7:19], self.image.config.digest[:20]:
            self.pull(self.reference)
            self.wrun("rmi", name)
            self.assertEqual(self.store.references(), [])

    def test_an_id_with_names_in_several_repositories(self):
        digest = self.image.manifest.digest
        self.wrun("tag", self.reference, "mine")
        done = self.wrun("rmi", digest, code=BUSY)
        self.check_says(done, "names in several repositories", self.reference, "docker.io/library/mine:latest", "--force")
        self.assertEqual(len(self.store.references()), 2)
        self.wrun("rmi", "-f", digest)
        self.assertEqual((self.store.references(), self.names()), ([], set()))

    def test_goes_on_after_a_failure_and_gives_the_worst_code(self):
        done = self.wrun("rmi", "not/there:1", "No Name", self.reference, code=USAGE)
        self.check_says(done, "'not/there:1' is not in the store", "No Name")
        self.assertEqual(self.store.references(), [])
        self.wrun("rmi", "not/there:1", code=NOT_FOUND)
        self.assertEqual(self.wrun("rmi", "--ignore-missing", "not/there:1").stdout, "")

    def test_the_same_twice(self):
        self.check_says(self.wrun("rmi", self.reference, self.reference), "")
        self.assertEqual(self.names(), set())

    def test_json(self):
        answer = self.json("rmi", self.reference)
        self.assertEqual(answer["untagged"], [self.reference])
        self.assertEqual({item["blob"][7:] for item in answer["deleted"]}, needs(self.image))
        self.assertEqual(answer["reclaimed"], total(self.image))

    def test_quiet(self):
        done = self.wrun("rmi", "-q", self.reference)
        self.assertEqual((done.stdout, done.stderr), ("", ""))

    def test_a_run_keeps_its_image(self):
        self.record_run(self.image)
        done = self.wrun("rmi", self.reference, code=BUSY)
        self.check_says(done, "is used by the run 'job' (process 4711)", "hint: wait until it ends")
        self.assertEqual(self.names(), needs(self.image))
        self.wrun("tag", self.reference, "mine")
        self.wrun("rmi", "mine")
        self.wrun("rmi", "--force", self.reference)
        self.assertEqual(self.store.references(), [])

    def test_so_does_a_kept_one(self):
        self.record_run(self.image, done=True)
        self.check_says(self.wrun("rmi", self.reference, code=BUSY),
                        "used by the kept layer of the run 'job'", "hint: remove that first: wrun rm job")

    def test_damaged_ones_can_be_removed(self):
        (self.store.root / "refs" / ("ab" * 32 + ".json")).write_text("{")
        self.store.path(self.image.manifest.digest).write_bytes(b"{}")
        self.assertEqual(self.wrun("rmi", "abab").stdout, f"Untagged: {'ab' * 32}\n")
        self.wrun("rmi", self.reference)
        self.assertEqual(self.store.references(), [])

    def test_with_a_damaged_image_beside_it_only_the_name_goes(self):
        other, reference = self.put_sharing()
        self.store.path(self.image.manifest.digest).write_bytes(b"{}")
        done = self.wrun("rmi", reference)
        self.check_says(done, "the content stays for now", self.reference)
        self.assertLessEqual(needs(other), self.names())
        self.assertEqual(done.stdout, f"Untagged: {reference}\n")


class PruneTest(RemovalTestCase):
    def test_nothing_to_do(self):
        self.assertEqual(self.wrun("prune").stdout, "Total reclaimed space: 0 B\n")
        self.check_stored(self.image)

    def test_unneeded_blobs_go(self):
        digest = self.orphan()
        self.assertEqual(self.wrun("prune", "--dry-run").stdout, f"Would delete: {digest}\nWould reclaim: 8 B\n")
        self.assertIn(digest[7:], self.names())
        self.assertEqual(self.wrun("prune").stdout, f"Deleted: {digest}\nTotal reclaimed space: 8 B\n")
        self.assertEqual((self.names(), self.trash()), (needs(self.image), []))

    def test_json(self):
        digest = self.orphan()
        self.assertEqual(self.json("prune", "--dry-run"), {
            "dryRun": True, "untagged": [], "deleted": [{"blob": digest, "size": 8}], "reclaimed": 8})
        self.assertEqual(self.json("prune"), {
            "untagged": [], "deleted": [{"blob": digest, "size": 8}], "reclaimed": 8})

    def test_only_what_is_old_enough(self):
        young, old = self.orphan(b"young"), self.orphan(b"old")
        self.make_old(f"blobs/sha256/{old[7:]}", 2 * DAY)
        self.assertIn(f"Deleted: {old}\n", self.wrun("prune", "--older-than", "1d12h").stdout)
        self.assertEqual(self.names(), needs(self.image) | {young[7:]})

    def test_all_takes_images_that_no_run_uses(self):
        other, reference = self.put_sharing()
        self.record_run(other)
        done = self.wrun("prune", "--all")
        self.assertEqual(done.stdout.splitlines()[0], f"Untagged: {self.reference}")
        self.assertEqual([record["reference"] for record in self.store.references()], [reference])
        self.assertEqual(self.names(), needs(other))

    def test_all_that_are_old(self):
        _, reference = self.put_sharing()
        (record,) = [path for path in (self.store.root / "refs").iterdir() if self.reference in path.read_text()]
        self.make_old(record, 8 * DAY)
        done = self.wrun("prune", "-a", "--older-than", "1w", "--dry-run")
        self.assertEqual(done.stdout.splitlines()[0], f"Would untag: {self.reference}")
        self.wrun("prune", "-a", "--older-than", "1w")
        self.assertEqual([record["reference"] for record in self.store.references()], [reference])

    def test_what_broken_off_pulls_left_stays_for_a_week(self):
        for name, age in [("11" * 32 + ".part", 8 * DAY), ("11" * 32 + ".map", 8 * DAY), ("22" * 32 + ".part", 6 * DAY)]:
            (self.store.root / "ingest" / name).write_bytes(b"part")
            self.make_old(f"ingest/{name}", age)
        done = self.wrun("prune")
        self.assertEqual(sorted(done.stdout.splitlines()), [
            f"Deleted: ingest/{'11' * 32}.map", f"Deleted: ingest/{'11' * 32}.part", "Total reclaimed space: 8 B"])
        self.assertEqual(self.store.partial(), ["22" * 32 + ".part"])
        self.wrun("prune", "--older-than", "1d")
        self.assertEqual(self.store.partial(), [])

    def test_a_part_that_somebody_holds_stays(self):
        name = "33" * 32
        (self.store.root / "ingest" / f"{name}.part").write_bytes(b"part")
        self.make_old(f"ingest/{name}.part", 9 * DAY)
        with open(self.store.root / "locks" / name, "wb") as lock:
            request = bytearray(32)
            request[0:2] = fcntl.F_WRLCK.to_bytes(2, "little")
            fcntl.fcntl(lock, 37, bytes(request))  # F_OFD_SETLK, which Python 3.11 does not name
            self.wrun("prune")
            self.assertEqual(self.store.partial(), [f"{name}.part"])
        self.wrun("prune")
        self.assertEqual(self.store.partial(), [])

    def test_what_killed_processes_left(self):
        for folder in "refs", "ingest", ".", "blobs/sha256":
            for name, age in (".tmp-old", 2 * 60 * 60), (".tmp-new", 60):
                (self.store.root / folder / name).write_bytes(b"x")
                self.make_old(f"{folder}/{name}", age)
        (self.store.root / "trash" / "forgotten").write_bytes(b"x")
        self.wrun("prune")
        for folder in "refs", "ingest", ".", "blobs/sha256":
            self.assertEqual([path.name for path in (self.store.root / folder).glob(".tmp-*")], [".tmp-new"])
            (self.store.root / folder / ".tmp-new").unlink()
        self.assertEqual(self.trash(), [])

    def test_old_locks_go(self):
        for path in (self.store.root / "locks").iterdir():
            self.make_old(path, 2 * 60 * 60)
        self.wrun("prune")
        self.assertEqual([path.name for path in (self.store.root / "locks").iterdir()], ["store"])
        self.pull(self.reference)

    def test_a_damaged_image_keeps_everything(self):
        other, _ = self.put_sharing()
        self.store.path(self.image.manifest.digest).write_bytes(b"{}")
        orphan = self.orphan()
        done = self.wrun("prune", "--all", code=INTEGRITY)
        self.check_says(done, f"the image {self.reference} is damaged", "hint: mend it with 'wrun pull'")
        self.assertLessEqual(needs(other) | {orphan[7:]}, self.names())

    def test_foreign_files_are_left_alone(self):
        strange = [self.store.root / "blobs/sha256/README", self.store.root / "refs/notes.txt",
                   self.store.root / "blobs/sha256" / ("A" * 64)]
        for path in strange:
            path.write_text("mine")
        self.wrun("prune", "--all")
        self.assertTrue(all(path.exists() for path in strange))

    def test_bad_spans(self):
        for text in "", "7", "d", "7y", "-1d", "1d ", "99999999999999999999s", "999999w":
            self.check_says(self.wrun("prune", "--older-than", text, code=USAGE), "is not a span of time")


class WaitingTest(RemovalTestCase):
    def hold(self):
        """The store's lock, as a pull has it."""
        lock = open(self.store.root / "locks/store", "rb")
        self.addCleanup(lock.close)
        request = bytearray(32)
        request[0:2] = fcntl.F_RDLCK.to_bytes(2, "little")
        fcntl.fcntl(lock, 37, bytes(request))
        return lock

    def start_wrun(self, *arguments):
        process = subprocess.Popen([WRUN, arguments[0], "--root", str(self.store.root), "--verbose", *arguments[1:]],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_a_removal_waits_for_pulls_and_says_so(self):
        for command in ["prune"], ["rmi", self.reference]:
            lock = self.hold()
            process = self.start_wrun(*command)
            self.assertIn("waiting for other wruns that pull images", process.stderr.readline())
            self.assertIsNone(process.poll())
            self.check_stored(self.image)
            lock.close()
            self.assertEqual(process.wait(20), 0)

    def test_the_wait_can_be_interrupted(self):
        self.hold()
        process = self.start_wrun("prune")
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(20), INTERRUPTED)

    def test_looking_does_not_wait(self):
        self.hold()
        self.assertEqual(len(self.json("images")), 1)
        self.json("df")


class DfTest(RemovalTestCase):
    def test_an_empty_store(self):
        self.store.root = self.store.root / "nowhere"
        answer = self.json("df")
        self.assertEqual(answer["images"], {"count": 0, "active": 0, "size": 0, "reclaimable": 0})
        self.assertFalse(self.store.root.exists())

    def test_shared_and_exclusive(self):
        other, reference = self.put_sharing()
        self.record_run(other)
        self.orphan()
        (self.store.root / "ingest/x.part").write_bytes(b"12345")
        (self.store.root / "trash/x").write_bytes(b"123")
        answer = self.json("df")
        shared = len(self.image.layers[0].data)
        self.assertEqual(answer["images"], {"count": 2, "active": 1, "size": total(self.image, other),
                                            "reclaimable": total(self.image) - shared})
        self.assertEqual(answer["blobs"], {"count": 1, "active": 0, "size": 8, "reclaimable": 8})
        self.assertEqual((answer["partial"]["size"], answer["trash"]["reclaimable"]), (5, 3))
        self.assertEqual((answer["runs"]["count"], answer["runs"]["active"]), (1, 1))
        self.assertEqual(answer["perImage"], [
            {"reference": self.reference, "digest": self.image.manifest.digest,
             "exclusive": total(self.image) - shared, "shared": shared},
            {"reference": reference, "digest": other.manifest.digest,
             "exclusive": total(other) - shared, "shared": shared}])
        self.assertGreater(answer["free"], 0)

    def test_what_df_promises_prune_gives(self):
        self.put_sharing()
        self.orphan()
        answer = self.json("df")
        promised = answer["images"]["reclaimable"] + answer["blobs"]["reclaimable"]
        self.assertEqual(self.json("prune", "--all")["reclaimed"], promised)

    def test_several_names_count_once(self):
        self.wrun("tag", self.reference, "mine")
        answer = self.json("df")
        self.assertEqual((answer["images"]["count"], answer["images"]["size"]), (1, total(self.image)))

    def test_table(self):
        titles, rows = self.rows("df")
        self.assertEqual(titles, ["TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"])
        self.assertEqual(rows[0][:3], ["Images", "1", "0"])
        self.assertIn("EXCLUSIVE", self.wrun("df", "--verbose").stdout)
        self.assertIn("Free on the volume: ", self.wrun("df").stdout)
