# SPDX-License-Identifier: MIT
"""Many processes at one store, removals among them; stores that are full or cannot be written."""
import random
import subprocess
import threading
import time

import fault_registry as faults
from pulling import NO_SPACE, UNSUPPORTED, WRUN, make_image, oci
from test_store_removal import RemovalTestCase, total
from test_store_images import StoreTestCase

SECONDS = 6
PROCESSES = 8
NOT_FOUND = 4


class RacesTest(StoreTestCase):
    def test_pulls_and_removals_at_random_leave_a_sound_store(self):
        """Eight at once: whatever a pull has promised is there, and what nobody needs can go."""
        shared = self.image.layers[0]
        references = [self.reference]
        for number in range(3):
            image = oci.Image([shared, *make_image(size=20_000 + number).layers[1:]], os_version="10.0.20348.2322")
            self.registry.put_image(f"r/{number}", image, "1")
            references.append(f"{self.registry.address}/r/{number}:1")
        failures, counts, end = [], {}, time.monotonic() + SECONDS

        def work(seed):
            choice = random.Random(seed)
            while time.monotonic() < end:
                verb, expected = choice.choice([("pull", {0}), ("pull", {0}), ("rmi", {0, NOT_FOUND}), ("prune", {0}),
                                                ("images", {0}), ("tag", {0, NOT_FOUND}), ("df", {0})])
                reference = choice.choice(references)
                arguments = {"rmi": [reference], "pull": [reference], "tag": [reference, f"t/{seed}:1"],
                             "prune": choice.choice([[], ["--all"]])}.get(verb, [])
                done = subprocess.run([WRUN, verb, "--root", str(self.store.root), "--progress", "none", *arguments],
                                      capture_output=True, env=self.environment(), timeout=60, check=False)
                counts[verb] = counts.get(verb, 0) + 1
                if done.returncode not in expected:
                    failures.append((verb, arguments, done.returncode, done.stderr.decode()))

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(PROCESSES)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertLessEqual({"pull", "rmi", "prune"}, set(counts))
        self.wrun("verify")
        self.wrun("prune", "--all")
        self.assertEqual((self.store.blobs(), self.store.references()), ({}, []))

    def test_a_pull_that_is_killed_while_a_removal_waits(self):
        event = threading.Event()
        self.addCleanup(event.set)
        self.registry.fault(self.layer_path(1), faults.stalled(20_000, event), times=1)
        pull = subprocess.Popen(self.command(self.reference), stderr=subprocess.DEVNULL, env=self.environment())
        self.addCleanup(pull.wait)
        self.addCleanup(pull.kill)
        deadline = time.monotonic() + 20
        while not self.store.path(self.layer_path(0)).exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        prune = subprocess.Popen([WRUN, "prune", "--root", str(self.store.root), "--verbose"], text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(prune.stdout.close)
        self.addCleanup(prune.stderr.close)
        self.assertIn("waiting for other wruns", prune.stderr.readline())
        self.assertIsNone(prune.poll())
        self.assertTrue(self.store.path(self.layer_path(0)).exists())
        pull.kill()
        self.assertEqual(prune.wait(20), 0)
        # Nobody needs what the pull had finished; what it had not, is too young to go.
        self.assertEqual(self.store.blobs(), {})
        event.set()
        self.pull(self.reference)
        self.check_stored(self.image)


class VolumeTestCase(RemovalTestCase):
    def mount(self, *options):
        command = ["mount", *options, str(self.store.root)]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode:
            self.skipTest("mounting needs root: " + done.stderr.decode().strip())
        self.addCleanup(subprocess.run, ["umount", str(self.store.root)], check=True)


class ReadOnlyTest(VolumeTestCase):
    def setUp(self):
        super().setUp()
        self.mount("--bind", str(self.store.root))
        subprocess.run(["mount", "-o", "remount,bind,ro", str(self.store.root)], check=True)

    def test_looking_works(self):
        self.assertEqual(len(self.json("images")), 1)
        self.assertEqual(self.json("df")["images"]["size"], total(self.image))
        self.assertIn("all sound", self.wrun("verify").stdout)
        self.assertIn(self.image.manifest.digest, self.wrun("inspect", "--json", self.reference).stdout)

    def test_changing_is_refused_with_a_remedy(self):
        for command in (["pull", self.reference], ["rmi", self.reference], ["tag", self.reference, "x:1"], ["prune"],
                        ["verify", "--repair"]):
            done = self.wrun(*command, code=UNSUPPORTED)
            self.check_says(done, "Read-only file system", f"hint: the store '{self.store.root}' cannot be written",
                            "--root")
        self.check_stored(self.image)


class FullTest(VolumeTestCase):
    def fill(self):
        """Not a byte is left."""
        subprocess.run(["cp", "-a", str(self.store.root), self.folder + "/copy"], check=True)
        self.mount("-t", "tmpfs", "-o", "size=4m", "none")
        subprocess.run(["cp", "-a", self.folder + "/copy/.", str(self.store.root)], check=True)
        with open(self.store.root / "filler", "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError:
                pass

    def test_a_full_volume_can_be_looked_at_and_freed(self):
        self.fill()
        self.assertEqual(len(self.json("images")), 1)
        self.assertIn("all sound", self.wrun("verify").stdout)
        self.check_says(self.wrun("tag", self.reference, "x:1", code=NO_SPACE), "No space left", "hint: free some space")
        self.wrun("rmi", self.reference)
        self.assertEqual(self.store.blobs(), {})
        self.wrun("prune")
