# SPDX-License-Identifier: MIT
"""Pulling on the simulated host: a registry that misbehaves, and what a store must look like afterwards."""
import ctypes
import hashlib
import json
import os
import pathlib
import random
import shutil
import sys
import threading

from hosted import ROOT, Hosted, Result, collect

sys.path.insert(0, str(ROOT / "tests/integration"))

import fault_registry  # noqa: E402
from image import cases, oci  # noqa: E402

CLONE_NEWNET = 0x40000000
# As src/runner/exit_code.h has them.
USAGE, NOT_READY, NOT_FOUND, INTEGRITY, REGISTRY, NO_IMAGE, NO_SPACE = 2, 3, 4, 6, 7, 8, 10


def call_on_network(host, function):
    """Calls it in a thread that is on the machine's network; sockets made there stay there."""
    result = []

    def work():
        with open(f"/proc/{host.pid()}/ns/net", "rb") as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        result.append(function())

    if host.mode() != "isolated":
        return function()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return result[0]


def noise(size, seed=0):
    """Bytes that gzip cannot shrink, the same in every run."""
    return random.Random(seed).randbytes(size)


def make_image(size=0, seed=0, os_version=cases.VERSION):
    """A base layer and a layer on it that holds `size` bytes of noise."""
    tar = cases.top().file("Files/a/x.txt", b"x\r\n").file("Files/a/noise.bin", noise(size, seed))
    return oci.Image([cases.base_layer(), oci.Layer(tar.bytes())], os_version=os_version)


def layer_names(image):
    """What the store calls the layers' directories: half of the chain id, as image.h of the OCI defines that."""
    names, chain = [], None
    for layer in image.layers:
        chain = oci.digest(f"{chain} {layer.diff_id}".encode()) if chain else layer.diff_id
        names.append(chain.removeprefix("sha256:")[:32])
    return names


def snapshot(top, skip):
    """Every path below with what tells a change, but for the folder `skip`."""
    found = {}
    for parent, folders, names in os.walk(top):
        folders[:] = [name for name in folders if pathlib.Path(parent, name) != skip]
        for name in folders + names:
            path = os.path.join(parent, name)
            status = os.lstat(path)
            found[path] = (status.st_mode, status.st_size, status.st_mtime_ns) if name in names else status.st_mode
    return found


class Store:
    """A store as blob_store.h and layer_store.h document it."""

    def __init__(self, root):
        self.root = pathlib.Path(root)

    def names(self, folder):
        """What is in it, but for files whose writer was killed before it could rename them: everybody passes over them until a prune."""
        path = self.root / folder
        return sorted(entry.name for entry in path.iterdir() if not entry.name.startswith(".tmp-")) if path.exists() else []

    def blob(self, blob):
        return self.root / "blobs/sha256" / blob.digest.removeprefix("sha256:")

    def references(self):
        return [json.loads((self.root / "refs" / name).read_text()) for name in self.names("refs")]

    def layer(self, name):
        return self.root / "layers" / name

    def json(self, path):
        return json.loads((self.root / path).read_text())

    def record(self, name):
        return self.json(f"layers/{name}/wrun.json")

    def clear(self):
        shutil.rmtree(self.root, ignore_errors=True)


class Pulled(Hosted):
    """Cases with a store of their own on D:, and with a registry of their own."""

    root = "d:\\store"

    def setUp(self):
        self.store = Store(self.drive("d", "store"))
        self.addCleanup(self.store.clear)

    def serve(self):
        registry = call_on_network(self.host, fault_registry.FaultRegistry)
        self.addCleanup(registry.close)
        return registry

    def serve_image(self, **more):
        """A registry, an image in it, and its reference."""
        registry, image = self.serve(), make_image(**more)
        registry.put_image("a/b", image, "1")
        return registry, image, f"{registry.address}/a/b:1"

    def pull(self, reference, *options, code=0, says=()):
        """Ends with that code; each text stands on stderr; the store is sound, whatever happened."""
        result = self.wrun("pull", "--root", self.root, *options, reference)
        self.assertEqual(result.code, code, result)
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, result.err, result)
        self.check_store(code)
        return result

    def finish(self, run):
        """The result of a run that was started, and that says little: what a pipe holds."""
        code, ended = run.wait(), threading.Event()
        ended.set()
        return Result(code, collect(run.starter.stdout, ended), collect(run.starter.stderr, ended))

    def layer_calls(self, since):
        """Calls that change layers."""
        return [name for name in self.calls(since) if name.endswith(("Layer", "Image"))]

    def check_store(self, code=0):
        """What is there is complete and is what its name says; what is half done stays where the network failed."""
        if code != REGISTRY:
            self.assertEqual(self.store.names("ingest"), [])
        for name in self.store.names("ingest"):
            self.assertRegex(name, r"^[0-9a-f]{64}\.(part|map)$")
        self.assertEqual(self.store.names("tmp"), [])
        for name in self.store.names("layers"):
            self.assertRegex(name, "^[0-9a-f]{32}$")
            self.assertEqual(self.store.record(name)["chainId"].removeprefix("sha256:")[:32], name)
        for name in self.store.names("blobs/sha256"):
            content = (self.store.root / "blobs/sha256" / name).read_bytes()
            self.assertEqual(hashlib.sha256(content).hexdigest(), name)
        self.assert_clean()

    def check_complete(self, image):
        for blob in [*image.layers, image.config, image.manifest]:
            self.assertEqual(self.store.blob(blob).read_bytes(), blob.data)
        for name in layer_names(image):
            self.assertIn(name, self.store.names("layers"))
        self.assertIn(image.manifest.digest, [record["digest"] for record in self.store.references()])

    def check_nothing_published(self, image):
        """Neither the reference nor its second layer; the first may have been unpacked while the second was fetched."""
        self.assertEqual(self.store.references(), [])
        self.assertLessEqual(set(self.store.names("layers")), set(layer_names(image)[:1]))
        for blob in self.store.names("blobs/sha256"):
            self.assertNotEqual(f"sha256:{blob}", image.layers[1].digest)
