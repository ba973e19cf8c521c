# SPDX-License-Identifier: MIT
"""What the tests of `wrun save`, `load` and `import` share: archives of every kind, made with tarfile."""
import hashlib
import io
import json
import pathlib
import subprocess
import tarfile
import tempfile

from pulling import WRUN, PullTestCase, Store, oci
from image import layertar

NAME = "example.org/demo/app:1"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'


def layer_tar(number=0, size=5000):
    tar = layertar.LayerTar().directories("Files", f"Files/dir{number}")
    return tar.file(f"Files/dir{number}/file.txt", bytes([number]) * size).bytes()


def make_image(os_version="10.0.20348.2322", layers=2, **more):
    return oci.Image([oci.Layer(layer_tar(i)) for i in range(layers)], {"Cmd": ["cmd"]}, os_version=os_version, **more)


def member(name, data=b"", kind=tarfile.REGTYPE, target=""):
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = len(data), kind, target
    return info, data


def tar_of(members, form=tarfile.USTAR_FORMAT):
    """The bytes of a tar file; 'members' are (name, data) or what member() gives."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for entry in members:
            info, data = entry if isinstance(entry[0], tarfile.TarInfo) else member(*entry)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def names_of(data):
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return tar.getnames()


def read_tar(data):
    """{name: bytes} of the files."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {info.name: tar.extractfile(info).read() for info in tar if info.isfile()}


def hex_of(digest):
    return digest.removeprefix("sha256:")


def blob_member(blob):
    return "blobs/sha256/" + hex_of(blob.digest), blob.data


def blobs_of(*images):
    return {blob.digest: blob for image in images for blob in [*image.layers, image.config, image.manifest]}


def index_json(*entries):
    return oci.dump({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(entries)})


def named(blob, name=None, ref=None, **more):
    """The descriptor of an index.json entry."""
    notes = {}
    if name:
        notes["io.containerd.image.name"] = name
    if ref:
        notes["org.opencontainers.image.ref.name"] = ref
    return blob.descriptor(**({"annotations": notes} if notes else {}), **more)


def oci_members(images, index, extra=()):
    """A layout whose documents come last, as in a sorted tar."""
    blobs = [*blobs_of(*images).values(), *extra]
    return [*[blob_member(blob) for blob in blobs], ("index.json", index), ("oci-layout", LAYOUT)]


def oci_archive(image, name=NAME):
    return tar_of(oci_members([image], index_json(named(image.manifest, name))))


def layer_id(number):
    return hashlib.sha256(b"layer %d" % number).hexdigest()


def docker_members(tars, image, tags, ids=None):
    """What docker before version 25 wrote; 'tars' are the uncompressed layers."""
    ids = ids or [layer_id(i) for i in range(len(tars))]
    members = []
    for name, data in zip(ids, tars):
        members += [member(name + "/", kind=tarfile.DIRTYPE), (f"{name}/VERSION", b"1.0"),
                    (f"{name}/json", b"{}"), (f"{name}/layer.tar", data)]
    config = hex_of(image.config.digest) + ".json"
    entry = {"Config": config, "RepoTags": tags, "Layers": [f"{name}/layer.tar" for name in ids]}
    return [*members, (config, image.config.data), ("manifest.json", oci.dump([entry])),
            ("repositories", b'{"demo/app":{"1":"x"}}')]


class ArchiveTestCase(PullTestCase):
    """Stores of their own, and wrun called with bytes for its input."""

    def wrun(self, verb, *arguments, data=None, code=0, store=None, timeout=60, prefix=()):
        root = (store or self.store).root
        done = subprocess.run([*prefix, WRUN, verb, "--root", str(root), "--progress", "none", *map(str, arguments)],
                              input=data, stdin=None if data is not None else subprocess.DEVNULL,
                              capture_output=True, timeout=timeout, env=self.environment(), check=False)
        done.stderr = done.stderr.decode()
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def other_store(self, name):
        return Store(pathlib.Path(self.folder) / name)

    def path(self, name, data=None):
        path = pathlib.Path(self.folder) / name
        if data is not None:
            path.write_bytes(data)
        return path

    def load(self, data, *arguments, store=None, **more):
        """Loads from standard input; the references, and the store is sound."""
        done = self.wrun("load", *arguments, data=data, store=store, **more)
        self.check_sound(store or self.store)
        prefix = b"Loaded image: "
        lines = done.stdout.splitlines()
        self.assertTrue(all(line.startswith(prefix) for line in lines), done.stdout)
        return [line.removeprefix(prefix).decode() for line in lines]

    def refuse(self, data, *says, code, arguments=(), **more):
        """Loading fails, and the store is as empty as before."""
        done = self.wrun("load", *arguments, data=data, code=code, **more)
        for text in says:
            self.assertIn(text, done.stderr)
        self.check_empty()
        return done

    def save(self, *arguments, **more):
        return self.wrun("save", *arguments, **more).stdout

    def check_sound(self, store):
        for name, data in store.blobs().items():
            self.assertEqual(hashlib.sha256(data).hexdigest(), name)
        self.assertEqual(store.partial(), [])

    def check_empty(self):
        self.assertEqual((self.store.blobs(), self.store.partial(), self.store.references()), ({}, [], []))

    def check_holds(self, image, store=None):
        """The blobs of that image, the very bytes, and no others."""
        self.assertEqual((store or self.store).blobs(), {hex_of(x.digest): x.data for x in blobs_of(image).values()})

    def records(self, store=None):
        return {x["reference"]: x["digest"] for x in (store or self.store).references()}

    def manifest_of(self, store=None):
        """The only image's manifest, parsed."""
        digest, = set(self.records(store).values())
        return json.loads((store or self.store).path(digest).read_bytes())
