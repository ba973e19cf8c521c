# SPDX-License-Identifier: MIT
"""Killed at many moments of a long pull, and pulled again.

What a kill may cost is what was on its way: a part for each connection. WRUN_KILLS is how often it is killed in all (50 for
the whole proof), WRUN_KILL_SEED makes the same moments again.
"""
import os
import random
import subprocess
import sys
import time

from pulling import FaultTestCase, cases, oci

KILLS = int(os.environ.get("WRUN_KILLS", "12"))
SEED = int(os.environ.get("WRUN_KILL_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
# As docs/registry.md says.
CONNECTIONS, PART = 8, 8 << 20
SIZES = (330_000_000, 40_000_000, 100_000_000, 20_000_000, 10_000_000)
RATE = 400_000_000
# What is unpacked behind the download is another matter.
OPTIONS = ("--no-unpack",)


def fast_noise(size, seed):
    """Like noise, in a moment: one block again and again, with a number in each."""
    block = bytearray(random.Random(seed).randbytes(1 << 20))
    out = bytearray()
    for number in range(-(-size // len(block))):
        block[:8] = number.to_bytes(8, "big")
        out += block
    return bytes(memoryview(out)[:size])


def make_large_image():
    layers = [cases.base_layer()]
    for seed, size in enumerate(SIZES, 1):
        layers.append(oci.Layer(cases.top().file("Files/noise.bin", fast_noise(size, seed)).bytes(), level=0))
    return oci.Image(layers, os_version="10.0.20348.2322")


class KilledTest(FaultTestCase):
    """kill -9 at random moments of a 500 MB pull, then pull again: always correct; bytes served in total < size + kills x what
    was in flight."""

    def make_image(self):
        return make_large_image()

    def kill_at(self, share):
        """Kills a pull when so much of what it has to fetch was served."""
        missing = self.total - self.kept()
        before, goal = self.served(), share * missing
        process = subprocess.Popen(self.command(self.reference, *OPTIONS), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   env=self.environment())
        with process:
            while self.served() - before < goal and process.poll() is None:
                time.sleep(0.001)
            process.kill()
            said = process.stderr.read().decode()
        # It may have come to its end in that very moment.
        self.assertIn(process.returncode, (-9, 0), said)
        self.check_killed()
        return process.returncode

    def served(self):
        return self.registry.served("/blobs/")

    def kept(self):
        return sum(len(layer.data) for layer in self.image.layers if self.store.has(layer))

    def check_killed(self):
        """What is published is whole, and the reference stands only where everything does."""
        for layer in self.image.layers:
            if self.store.has(layer):
                self.assertEqual(self.store.path(layer.digest).stat().st_size, len(layer.data))
        for record in self.store.references():
            self.assertEqual(record["digest"], self.image.manifest.digest)
            self.check_stored(self.image)

    def test_killed_again_and_again(self):
        """Several kills on the way of each pull, until all are used up."""
        chance = random.Random(SEED)
        print(f"seed {SEED}, {KILLS} kills", file=sys.stderr)
        self.registry.rate = RATE
        self.total = sum(len(layer.data) for layer in self.image.layers) + len(self.image.config.data)
        started, kills, rounds, worst = time.monotonic(), 0, 0, 0
        while kills < KILLS:
            self.store.clear()
            self.registry.forget()
            here = 0
            for _ in range(min(chance.randint(9, 15), KILLS - kills)):
                here += self.kill_at(chance.random() ** 3 * 0.6) == -9
            kills += max(here, 1)
            rounds += 1
            self.pull(self.reference, *OPTIONS)
            self.check_stored(self.image)
            wasted = self.served() - self.total
            self.assertLess(wasted, here * CONNECTIONS * PART)
            worst = max(worst, wasted / max(here, 1))
        print(f"{kills} kills in {rounds} pulls of {self.total >> 20} MiB: at most {worst / (1 << 20):.1f} MiB served twice for "
              f"each, {time.monotonic() - started:.0f} s", file=sys.stderr)
