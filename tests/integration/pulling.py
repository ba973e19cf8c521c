# SPDX-License-Identifier: MIT
"""What the tests of `wrun pull` share: running it, looking into its store, small Windows images."""
import functools
import hashlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from fault_registry import FaultRegistry  # noqa: E402
from image import cases, oci  # noqa: E402

WRUN = os.environ.get("WRUN", "wrun")

USAGE, NOT_FOUND, INTEGRITY, REGISTRY, NO_IMAGE, NO_SPACE, INTERRUPTED = 2, 4, 6, 7, 8, 10, 130
DENIED = UNSUPPORTED = 3


# More than docs/registry.md calls small, and no multiple of what is asked for at a time.
BIG = 41_000_000


# A program's peak counts from before its exec, so it is started by a small one. Prints exit code and peak.
STARTER = """import os, sys
process = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(process, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
"""


def peak_mb(command, environment=None):
    """Exit code, what was said, and the most memory the program had."""
    done = subprocess.run([sys.executable, "-S", "-c", STARTER, *command], capture_output=True, env=environment, check=True)
    code, peak = done.stdout.split()[-2:]
    return int(code), done.stderr.decode(), int(peak) / 1024


def noise(size, seed=0):
    """Bytes that gzip cannot shrink, the same in every run."""
    return random.Random(seed).randbytes(size)


def noise_layer(size, seed=0, **more):
    """A layer with one file of noise; the first seed makes a base layer."""
    tar = cases.top() if seed else cases.small_base()
    return oci.Layer(tar.file("Files/noise.bin", noise(size, seed)).bytes(), **more)


def make_image(os_version="10.0.20348.2322", layers=2, size=50_000, **more):
    return oci.Image([noise_layer(size, seed) for seed in range(layers)], {"Cmd": ["cmd"]},
                     os_version=os_version, **more)


@functools.cache
def big_image(size=BIG):
    """A base layer, and a layer that is large enough to be fetched by ranges; the same object for all cases."""
    layer = oci.Layer(cases.top().file("Files/big.bin", noise(size)).bytes(), level=0)
    return oci.Image([cases.base_layer(), layer], os_version="10.0.20348.2322")


class Store:
    def __init__(self, root):
        self.root = pathlib.Path(root)

    def blobs(self):
        return {path.name: path.read_bytes() for path in (self.root / "blobs/sha256").glob("*")}

    def path(self, digest):
        return self.root / "blobs/sha256" / digest.removeprefix("sha256:")

    def has(self, blob):
        return self.path(blob.digest).exists()

    def partial(self):
        return sorted(path.name for path in (self.root / "ingest").glob("*"))

    def clear(self):
        shutil.rmtree(self.root, ignore_errors=True)

    def part(self, blob):
        """What is kept of a blob for the next time: the file, and the ranges (first, end) of it that are done."""
        name = self.root / "ingest" / blob.digest.removeprefix("sha256:")
        data, text = name.with_suffix(".part").read_bytes(), name.with_suffix(".map").read_bytes()
        if not text:
            return data, []
        lines, hashed, rest = text.partition(b"hash sha256:")
        fields = [line.split() for line in lines.decode().splitlines()]
        assert hashed and rest.startswith(hashlib.sha256(lines).hexdigest().encode() + b"\n"), text
        assert fields[:2] == [["wrun", "part", "1"], ["size", str(len(blob.data))]], text
        return data, [(int(first), int(end)) for _, first, end in fields[2:]]

    def references(self):
        return [json.loads(path.read_text()) for path in (self.root / "refs").glob("*")]


class PullTestCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="wrun-pull-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.store = Store(pathlib.Path(self.folder) / "store")

    def command(self, reference, *options):
        return [WRUN, "pull", "--root", str(self.store.root), "--progress", "none", *options, reference]

    def environment(self):
        # A proxy of the machine must not stand between the tests and their servers.
        return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}

    def pull(self, reference, *options, code=0, timeout=60, env=None):
        """Runs wrun, checks the exit code (or that it is one of several) and that the store is sound; returns the finished
        process."""
        done = subprocess.run(self.command(reference, *options), capture_output=True, timeout=timeout,
                              env={**self.environment(), **(env or {})}, check=False)
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        self.assertIn(done.returncode, code if isinstance(code, tuple) else (code,), done.stderr)
        self.check_store(done.returncode)
        return done

    def pull_json(self, reference, *options):
        return json.loads(self.pull(reference, "--json", *options).stdout)

    def check_store(self, code=0):
        """Every blob is what its name says. What is half done stays only where the next pull can go on with it."""
        for name, data in self.store.blobs().items():
            self.assertEqual(hashlib.sha256(data).hexdigest(), name)
        if code == 0:
            self.assertEqual(self.store.partial(), [])
        for name in self.store.partial():
            self.assertRegex(name, r"^[0-9a-f]{64}\.(part|map)$")

    def check_no_part(self, blob):
        name = blob.digest.removeprefix("sha256:")
        self.assertEqual([part for part in self.store.partial() if part.startswith(name)], [])

    def check_stored(self, image):
        for blob in [*image.layers, image.config, image.manifest]:
            self.assertEqual(self.store.path(blob.digest).read_bytes(), blob.data)

    def check_says(self, done, *texts):
        for text in texts:
            self.assertIn(text, done.stderr)


class FaultTestCase(PullTestCase):
    """One registry of its own for each case, with one image in it."""

    def setUp(self):
        super().setUp()
        self.registry = self.start()
        self.image = self.make_image()
        self.registry.put_image("a/b", self.image, "1")
        self.reference = f"{self.registry.address}/a/b:1"

    def make_image(self):
        return make_image()

    def start(self, *args, **more):
        registry = FaultRegistry(*args, **more)
        self.addCleanup(registry.close)
        return registry

    def layer_path(self, number=0):
        return self.image.layers[number].digest

    def layer_size(self, number=0):
        return len(self.image.layers[number].data)

    def check_nothing_recorded(self):
        self.assertEqual(self.store.references(), [])


class BigFaultTestCase(FaultTestCase):
    """The second layer of the image is fetched by ranges."""

    def make_image(self):
        return big_image()

    def setUp(self):
        super().setUp()
        self.layer, self.size = self.layer_path(1), self.layer_size(1)

    def fault(self, action, times=-1, when=None):
        self.registry.fault(self.layer, action, times, when)

    def requests(self):
        return self.registry.seen(self.layer)

    def check_served(self, most, least=None):
        """So much of the layer left the registry; 'most' and 'least' are in sizes of it."""
        served = self.registry.served(self.layer)
        self.assertLessEqual(served, most * self.size)
        self.assertGreaterEqual(served, (most if least is None else least) * self.size)
