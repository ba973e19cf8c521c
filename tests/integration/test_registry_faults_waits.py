# SPDX-License-Identifier: MIT
"""Faults that take half a minute to be sure of. All of them are waited for at once."""
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time

import fault_registry as faults
from pulling import REGISTRY, PullTestCase, Store, make_image


class Scene:
    """A registry with a fault, and a pull from it in the background."""

    def __init__(self, case, image=None):
        self.folder = tempfile.mkdtemp(prefix="wrun-wait-")
        case.addClassCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.store = Store(pathlib.Path(self.folder) / "store")
        self.registry = faults.FaultRegistry()
        case.addClassCleanup(self.registry.close)
        self.image = image or make_image()
        self.registry.put_image("a/b", self.image, "1")
        self.layer = self.image.layers[1]

    def fault(self, action, times=-1, part=None):
        self.registry.fault(part or self.layer.digest, action, times)

    def start(self, case):
        self.started = time.monotonic()
        self.process = subprocess.Popen(case.command(f"{self.registry.address}/a/b:1"), stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, env=case.environment())
        self.ended = threading.Thread(target=self.collect)
        self.ended.start()

    def collect(self):
        self.said = self.process.stderr.read().decode()
        self.process.stderr.close()
        self.code = self.process.wait()
        self.took = time.monotonic() - self.started


class WaitTest(PullTestCase):
    # Kept bytes of a layer of about 300 kB: cut at every so many.
    CUTS = (0, 1, 1000, 4096, 20_000, 65_536, 100_000, 200_000)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scenes = {}
        cls.go_on = threading.Event()
        cls.addClassCleanup(cls.go_on.set)

        cls.scene("stall").fault(faults.stalled(20_000, cls.go_on), times=1)
        cls.scene("stall at the first byte").fault(faults.stalled(0, cls.go_on), times=1)
        cls.scene("no answer").fault(faults.after(cls.go_on), times=1)
        cls.scene("drip").fault(cls.drip, times=1)
        for keep in cls.CUTS:
            cls.scene(f"cut at {keep}", make_image(size=300_000)).fault(faults.truncated(keep))
        cls.scene("reset").fault(faults.reset(5000))
        cls.scene("reset at once").fault(faults.at_once)
        cls.scene("broken").fault(faults.error(503, "UNAVAILABLE", "down for maintenance"))
        cls.scene("tag broken").fault(faults.error(500, "UNKNOWN", "oh no"), part="/manifests/")
        cls.scene("three times broken").fault(faults.status(502), times=3)
        cls.scene("much to wait").fault(faults.error(429, "TOOMANYREQUESTS", Retry_After="4"), times=5)
        cls.scene("gone").registry.close()

        case = cls("nothing")
        for scene in cls.scenes.values():
            case.store = scene.store
            scene.start(case)

    @classmethod
    def scene(cls, name, image=None):
        cls.scenes[name] = Scene(cls, image)
        return cls.scenes[name]

    @classmethod
    def drip(cls, handler):
        """A byte now and then is no progress."""
        code, headers, body = handler.blob_answer(handler.blob())
        handler.begin(code, {**headers, "Content-Length": str(len(body))})
        for position in range(0, 60):
            handler.send(body[position:position + 1])
            if cls.go_on.wait(1):
                break

    def nothing(self):
        """What setUpClass builds its command with."""

    def ended(self, name, code=0):
        """The pull's end, with its store checked."""
        scene = self.scenes[name]
        scene.ended.join(90)
        self.assertFalse(scene.ended.is_alive())
        self.assertEqual(scene.code, code, scene.said)
        self.store = scene.store
        self.check_store(code)
        if code == 0:
            self.check_stored(scene.image)
        else:
            self.assertEqual(scene.store.references(), [])
            self.assertFalse(scene.store.has(scene.layer))
        return scene

    def statuses(self, scene):
        return [request.status for request in scene.registry.seen(scene.layer.digest)]

    # stall forever: retry; LOW_SPEED fires

    def test_stall(self):
        for name in ("stall", "stall at the first byte", "no answer", "drip"):
            with self.subTest(name):
                scene = self.ended(name)
                self.assertGreater(scene.took, 25)
                self.assertLess(scene.took, 50)
                self.assertEqual(len(scene.registry.seen(scene.layer.digest)), 2)
        scene = self.scenes["stall"]
        self.assertEqual(scene.registry.seen(scene.layer.digest)[1].range, (20_000, len(scene.layer.data) - 1))

    # cut at every k-th byte (k = 1 ... 64 KiB) on small blob: completes or <= 6 without progress

    def test_cuts(self):
        for keep in self.CUTS:
            with self.subTest(keep):
                size = len(self.scenes[f"cut at {keep}"].layer.data)
                # Less than 1 MiB is no progress; six times it is tried again.
                enough = 7 * keep >= size
                scene = self.ended(f"cut at {keep}", 0 if enough else REGISTRY)
                requests = scene.registry.seen(scene.layer.digest)
                self.assertEqual(len(requests), -(-size // keep) if enough else 7)
                expected = [None] + [(keep * count, size - 1) for count in range(1, len(requests))] if keep else [None] * 7
                self.assertEqual([request.range for request in requests], expected)
                self.assertLessEqual(scene.registry.served(scene.layer.digest), size)

    def test_what_was_kept_is_not_fetched_again(self):
        """The pull after one that gave up goes on where that stopped."""
        scene = self.ended("cut at 20000", REGISTRY)
        scene.registry.faults.clear()
        self.pull(f"{scene.registry.address}/a/b:1")
        self.check_stored(scene.image)
        self.assertEqual(scene.registry.served(scene.layer.digest), len(scene.layer.data))

    # RST mid-body: retry

    def test_reset_always(self):
        for name in ("reset", "reset at once"):
            with self.subTest(name):
                scene = self.ended(name, REGISTRY)
                # A connection that was used before may have gone in between: that is tried again without being counted.
                self.assertIn(len(scene.registry.seen(scene.layer.digest)), (7, 8))
                self.assertIn(scene.registry.address, scene.said)
                self.assertIn("hint: ", scene.said)

    # 500, 502, 503, 504 x n then ok: ok with backoff

    def test_broken_always(self):
        scene = self.ended("broken", REGISTRY)
        self.assertEqual(self.statuses(scene), [503] * 7)
        self.assertIn("status 503 (UNAVAILABLE: down for maintenance)", scene.said)
        # 0.5 + 1 + 2 + 4 + 8 + 16 seconds, each a fifth more or less.
        self.assertGreater(scene.took, 25)
        self.assertLess(scene.took, 45)

    def test_tag_broken_always(self):
        scene = self.ended("tag broken", REGISTRY)
        self.assertEqual(len(scene.registry.seen("/manifests/")), 7)
        self.assertIn("oh no", scene.said)

    def test_broken_three_times(self):
        scene = self.ended("three times broken")
        self.assertEqual(self.statuses(scene), [502] * 3 + [200])
        self.assertGreater(scene.took, 2.8)
        self.assertLess(scene.took, 10)

    def test_retry_after_again_and_again(self):
        scene = self.ended("much to wait")
        self.assertEqual(self.statuses(scene), [429] * 5 + [200])
        self.assertGreaterEqual(scene.took, 20)

    def test_nobody_there(self):
        scene = self.ended("gone", REGISTRY)
        self.assertIn("hint: check that the registry is running", scene.said)
