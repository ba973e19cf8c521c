# SPDX-License-Identifier: MIT
"""Layers are checked behind the download: what is found there, and when, and whose fault it is."""
import contextlib
import gzip
import json
import pathlib
import re
import signal
import subprocess
import threading
import time
import unittest

import fault_registry as faults
from pulling import INTEGRITY, NOT_FOUND, UNSUPPORTED, FaultTestCase, noise, noise_layer, oci
from image import cases

NO_UNPACK = "--no-unpack"
MB = 1_000_000


def raw_layer(data, tar):
    """A layer whose blob is just these bytes, and whose content ought to be the tar."""
    return oci.Layer(data, compress=False, diff_id=oci.digest(tar))


def on_base(*layers):
    return oci.Image([cases.base_layer(), *layers], {"Cmd": ["cmd"]}, os_version=cases.VERSION)


class PipelineTestCase(FaultTestCase):
    def serve(self, image, name="c/d"):
        self.registry.put_image(name, image, "1")
        return f"{self.registry.address}/{name}:1"

    def check_is_the_images_fault(self, image, *says):
        """The pull fails, the blob is kept, and without the check nothing is wrong."""
        reference = self.serve(image)
        done = self.pull(reference, code=INTEGRITY)
        self.check_says(done, *says, "layer 2 of 2", "tell who made the image")
        self.check_nothing_recorded()
        self.assertTrue(self.store.has(image.layers[1]))
        self.assertEqual(len(self.registry.seen(image.layers[1].digest)), 1)
        self.pull(reference, NO_UNPACK)
        self.check_stored(image)
        self.assertEqual(len(self.registry.seen(image.layers[1].digest)), 1)

    def follow(self, reference, *options):
        """A pull under way, and its events as they come."""
        process = subprocess.Popen(self.command(reference, "--progress", "json", *options), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=self.environment())
        for stream in (process.stdout, process.stderr):
            self.addCleanup(stream.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, (json.loads(line) for line in process.stderr)

    def wait_for(self, events, name, subject, least=0):
        for event in events:
            if event.get("event") == name and event.get("subject") == subject and event.get("done", 0) >= least:
                return event
        self.fail(f"no {name} of {subject}")


class Content(PipelineTestCase):
    """What a layer may not be."""

    def setUp(self):
        super().setUp()
        self.tar = cases.top().file("Files/a/x.txt", noise(100_000)).bytes()
        self.blob = gzip.compress(self.tar, 6, mtime=0)

    def test_several_members_and_zeros_behind_them_are_right(self):
        half = len(self.tar) // 2
        members = gzip.compress(self.tar[:half]) + gzip.compress(b"") + gzip.compress(self.tar[half:], 1)
        image = on_base(raw_layer(members, self.tar))
        self.pull(self.serve(image))
        self.check_stored(image)
        image = on_base(raw_layer(members + bytes(1000), self.tar))
        self.pull(self.serve(image, "c/zeros"))
        self.check_stored(image)

    def test_garbage_behind_the_last_member(self):
        self.check_is_the_images_fault(on_base(raw_layer(self.blob + b"garbage", self.tar)), "gzip")

    def test_zeros_and_then_something(self):
        self.check_is_the_images_fault(on_base(raw_layer(self.blob + bytes(10) + b"x", self.tar)),
                                       "something follows the gzip data")

    def test_wrong_checksum(self):
        wrong = bytearray(self.blob)
        wrong[-8] ^= 1
        self.check_is_the_images_fault(on_base(raw_layer(bytes(wrong), self.tar)), "checksum or length")

    def test_wrong_length(self):
        wrong = bytearray(self.blob)
        wrong[-1] ^= 1
        self.check_is_the_images_fault(on_base(raw_layer(bytes(wrong), self.tar)), "checksum or length")

    def test_cut_short(self):
        self.check_is_the_images_fault(on_base(raw_layer(self.blob[:-5], self.tar)), "cut short")

    def test_a_bomb(self):
        """The tar is in order, as far as it comes: one file of zeros."""
        header = cases.top().file("Files/a/zeros.bin", b"").bytes()
        name = header.rindex(b"Files/a/zeros.bin")
        size = 3 << 30
        block = bytearray(header[name:name + 512])
        block[124:136] = b"%011o\0" % size
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
        blob = gzip.compress(header[:name] + bytes(block)) + gzip.compress(bytes(16 << 20), 9) * 192
        self.check_is_the_images_fault(on_base(raw_layer(blob, b"any")), "more than 200 times as large as the blob")

    def test_another_compression_than_promised(self):
        layer = oci.Layer(self.tar, compress=False)
        self.check_is_the_images_fault(on_base(layer), "not compressed, but its media type is")

    def test_wrong_diff_id(self):
        layer = raw_layer(self.blob, b"another tar")
        self.check_is_the_images_fault(on_base(layer), f"wrong content: it has the digest {oci.digest(self.tar)}")

    def test_hostile_layers(self):
        for name, make in cases.HOSTILE.items():
            if name == "link-to-nothing":
                continue  # it might be in the layers below, which are not at hand
            with self.subTest(name):
                tar = make()
                layer = oci.Layer(tar if isinstance(tar, bytes) else tar.bytes())
                reference = self.serve(on_base(layer), f"case/{name}")
                done = self.pull(reference, code=(INTEGRITY, UNSUPPORTED))
                self.check_says(done, "layer 2 of 2")
                self.check_nothing_recorded()

    def test_links_to_the_layers_below_are_believed(self):
        tar = cases.top()
        tar.entry("Files/a/link.txt", "1", b"", link="Files/License.txt")
        self.pull(self.serve(on_base(oci.Layer(tar.bytes()))))


class Streaming(PipelineTestCase):
    """What is done while the rest is still coming."""

    def make_image(self):
        return oci.Image([noise_layer(50_000), noise_layer(6 * MB, 1)], {"Cmd": ["cmd"]}, os_version=cases.VERSION)

    def stall(self, keep, number=1):
        event = threading.Event()
        self.addCleanup(event.set)
        self.registry.fault(self.layer_path(number), faults.stalled(keep, event), times=1)
        return event

    def dribble(self, change=lambda blob: blob):
        """Sends the second layer in pieces, the last one when the event is set; progress is told at most four times a second."""
        event = threading.Event()
        self.addCleanup(event.set)

        def action(handler):
            blob = change(handler.blob())
            handler.begin(200, {"Content-Length": str(len(blob))})
            for start in range(0, 4 * MB, MB):
                handler.send(blob[start:start + MB])
                handler.wfile.flush()
                time.sleep(0.15)
            event.wait(20)
            handler.send(blob[4 * MB:])

        self.registry.fault(self.layer_path(1), action, times=1)
        return event

    def test_a_layer_is_done_before_the_next_has_come(self):
        go_on = self.stall(1000)
        process, events = self.follow(self.reference)
        self.wait_for(events, "check-done", self.image.layers[0].diff_id)
        self.assertIsNone(process.poll())
        self.check_nothing_recorded()
        go_on.set()
        self.wait_for(events, "check-done", self.image.layers[1].diff_id)
        self.assertEqual(process.wait(20), 0)
        self.check_stored(self.image)

    def test_a_layer_is_read_while_it_comes(self):
        go_on = self.dribble()
        process, events = self.follow(self.reference)
        self.wait_for(events, "check-progress", self.image.layers[1].diff_id, least=MB)
        self.assertFalse(self.store.has(self.image.layers[1]))
        self.assertIsNone(process.poll())
        go_on.set()
        self.wait_for(events, "check-done", self.image.layers[1].diff_id)
        self.assertEqual(process.wait(20), 0)

    def test_content_that_breaks_off_is_no_fault_of_the_image(self):
        self.registry.fault(self.layer_path(1), faults.truncated(2 * MB), times=2)
        self.pull(self.reference)
        self.check_stored(self.image)

    def test_wrong_content_that_is_noticed_before_its_end(self):
        """The check cannot make sense of it long before the digest is known."""
        go_on = self.dribble(lambda blob: blob[:MB] + bytes(MB) + blob[2 * MB:])
        process, events = self.follow(self.reference)
        self.wait_for(events, "blob-progress", self.layer_path(1), least=3 * MB)
        self.assertIsNone(process.poll())
        go_on.set()
        self.assertEqual(process.wait(20), 0)
        self.check_store()
        self.check_stored(self.image)
        self.assertEqual(len(self.registry.seen(self.layer_path(1))), 2)

    def test_a_network_that_fails_is_what_is_told(self):
        self.registry.fault(self.layer_path(1), faults.status(404))
        done = self.pull(self.reference, code=NOT_FOUND)
        self.check_says(done, self.layer_path(1))
        self.check_nothing_recorded()

    def test_killed_in_the_middle(self):
        self.dribble()
        process, events = self.follow(self.reference)
        self.wait_for(events, "check-progress", self.image.layers[1].diff_id, least=MB)
        process.kill()
        process.wait()
        self.check_nothing_recorded()
        self.pull(self.reference)
        self.check_stored(self.image)

    def test_interrupted_in_the_middle(self):
        self.dribble()
        process, events = self.follow(self.reference)
        self.wait_for(events, "check-progress", self.image.layers[1].diff_id, least=MB)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(10), 130)
        self.pull(self.reference)
        self.check_stored(self.image)


class Damaged(PipelineTestCase):
    """A power cut may leave a blob of the right size with the wrong bytes."""

    def damage(self, number, change):
        path = self.store.path(self.image.layers[number].digest)
        content = bytearray(path.read_bytes())
        change(content)
        path.write_bytes(content)

    def test_damage_is_found_and_mended(self):
        def zeros(content):
            content[:] = bytes(len(content))

        def zeros_at_the_end(content):
            content[-1000:] = bytes(1000)

        def one_bit(content):
            content[len(content) // 2] ^= 4

        for change in (zeros, zeros_at_the_end, one_bit):
            for reference in (self.reference, f"{self.registry.address}/a/b@{self.image.manifest.digest}"):
                with self.subTest(change.__name__, reference=reference):
                    self.store.clear()
                    self.pull(reference, NO_UNPACK)
                    self.damage(1, change)
                    before = [len(self.registry.seen(layer.digest)) for layer in self.image.layers]
                    done = self.pull(reference)
                    self.check_says(done, f"the stored blob {self.layer_path(1)} was damaged", "fetching it again")
                    self.check_stored(self.image)
                    self.assertEqual([len(self.registry.seen(layer.digest)) for layer in self.image.layers],
                                     [before[0], before[1] + 1])

    def test_every_blob_is_damaged(self):
        """One is mended in each pull at least, and what cannot be mended now is told."""
        self.pull(self.reference, NO_UNPACK)
        self.damage(0, lambda content: content.__setitem__(slice(None), bytes(len(content))))
        self.damage(1, lambda content: content.__setitem__(slice(None), bytes(len(content))))
        done = subprocess.run(self.command(self.reference), capture_output=True, env=self.environment(), check=False)
        self.assertIn(done.returncode, (0, INTEGRITY), done.stderr)
        self.pull(self.reference)
        self.check_stored(self.image)

    def test_what_cannot_be_fetched_again_is_gone(self):
        self.pull(self.reference, NO_UNPACK)
        self.damage(0, lambda content: content.__setitem__(slice(None), bytes(len(content))))
        self.registry.fault(self.layer_path(0), faults.status(404))
        done = self.pull(self.reference, code=NOT_FOUND)
        self.check_says(done, "was damaged", self.layer_path(0))
        self.assertFalse(self.store.has(self.image.layers[0]))


class Amounts(PipelineTestCase):
    def make_image(self):
        """Content that fits no buffer: 150 MB of it hardly compressed, 100 MB hollow."""
        noisy = cases.top().file("Files/noise.bin", noise(MB) * 150)
        hollow = cases.top().file("Files/zeros.bin", bytes(100 * MB))
        return on_base(oci.Layer(noisy.bytes(), level=0), oci.Layer(hollow.bytes(), level=1))

    def most_memory(self, process):
        """What it had in memory at most, in kB; seen often enough, for it only ever grows."""
        most = 0
        while process.poll() is None:
            with contextlib.suppress(OSError):
                text = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
                most = max([most, *map(int, re.findall(r"VmHWM:\s+(\d+) kB", text))])
            time.sleep(0.01)
        return most

    def test_memory_does_not_grow_with_the_image(self):
        self.assertGreater(self.layer_size(1), 140 * MB)
        process = subprocess.Popen(self.command(self.reference), stdout=subprocess.DEVNULL, env=self.environment())
        most = self.most_memory(process)
        self.assertEqual(process.returncode, 0)
        self.check_stored(self.image)
        self.assertGreater(most, 1000)
        self.assertLess(most, 64 << 10)


if __name__ == "__main__":
    unittest.main()
