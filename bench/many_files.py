# SPDX-License-Identifier: MIT
"""An image of two layers with very many files, as an OCI layout, made once and kept between runs.

It has the shape of a Windows image: names, depth and records as there, sizes that spread widely around a few kilobytes,
a store of components with few files each beside directories with thousands, hard links between them; the second
layer replaces, adds, deletes and links across. What is in the files is cut out of this machine's programs."""
import hashlib
import io
import json
import math
import pathlib
import random
import shutil
import subprocess
import sys
import tarfile

import content

TAG = "1"
UPPER_PART = 0.15           # of the files; half of them replace others
LINK_PART = 0.05
MEDIAN, SPREAD, LARGEST = 3000, 1.75, 16 << 20   # bytes; of a log-normal distribution
FLAT_PART, FLAT_SIZE = 0.25, 4000
COMPONENT_SIZE = 8
MATERIAL = 160 << 20


class Material:
    """Bytes of real programs, cut at random places."""

    def __init__(self, dice):
        parts, size = [], 0
        for path in content.programs():
            parts.append(path.read_bytes())
            size += len(parts[-1])
            if size >= MATERIAL:
                break
        self.data, self.dice = b"".join(parts), dice

    def cut(self):
        size = min(int(self.dice.lognormvariate(math.log(MEDIAN), SPREAD)), LARGEST)
        start = self.dice.randrange(len(self.data) - size)
        return self.data[start:start + size]


class Layer:
    """Writes one compressed layer."""

    def __init__(self, folder):
        self.path = pathlib.Path(folder) / "layer"
        command = ["pigz", "-6n"] if shutil.which("pigz") else ["gzip", "-6n"]
        self.out = self.path.open("wb")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=self.out)
        self.hashing = content.Hashing(self.process.stdin)
        self.tar = tarfile.open(fileobj=self.hashing, mode="w|", format=tarfile.PAX_FORMAT)
        self.folders = set()

    def add(self, name, kind, data=b"", target=""):
        self.enter(name)
        info = tarfile.TarInfo(name)
        info.type, info.size, info.linkname, info.mode = kind, len(data), target, 0o644
        if kind == tarfile.DIRTYPE:
            self.folders.add(name)
            info.mode = 0o755
        attributes = "16" if kind == tarfile.DIRTYPE else "32"
        info.pax_headers = {"MSWINDOWS.fileattr": attributes, "MSWINDOWS.rawsd": content.SECURITY,
                            "mtime": "1717243200.1234567", "LIBARCHIVE.creationtime": "1714564800.7654321"}
        self.tar.addfile(info, io.BytesIO(data))

    def enter(self, name):
        """Each directory comes once, before what is in it."""
        folder = name.rpartition("/")[0]
        if folder and folder not in self.folders:
            self.add(folder, tarfile.DIRTYPE)

    def whiteout(self, name):
        self.enter(name)
        folder, _, last = name.rpartition("/")
        self.tar.addfile(tarfile.TarInfo(f"{folder}/.wh.{last}"))

    def finish(self, blobs):
        """Publishes the blob; its descriptor, the diff id and the size of the tar."""
        self.tar.close()
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise RuntimeError("the compressor failed")
        self.out.close()
        digest, size = content.digest_of(self.path), self.path.stat().st_size
        self.path.rename(blobs / digest.removeprefix("sha256:"))
        descriptor = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest, "size": size}
        return descriptor, "sha256:" + self.hashing.hash.hexdigest(), self.hashing.size


def names_of(count):
    """Names as Windows has them, each under a directory."""
    flat = int(count * FLAT_PART)
    for number in range(flat):
        yield f"Files/Windows/System32/{number // FLAT_SIZE:02}/module-{number:06}.dll"
    for number in range(count - flat):
        part = f"amd64_microsoft-windows-component{number // COMPONENT_SIZE:06}_31bf3856ad364e35_10.0.20348.1_none"
        yield f"Files/Windows/WinSxS/{part}/file-{number:06}.dat"


def write_base(folder, blobs, names, material, dice):
    layer, last = Layer(folder), None
    for name in names:
        if last and dice.random() < LINK_PART:
            layer.add(name, tarfile.LNKTYPE, target=last)
        else:
            layer.add(name, tarfile.REGTYPE, material.cut())
            last = name
    return layer.finish(blobs)


def write_upper(folder, blobs, names, count, material, dice):
    layer = Layer(folder)
    changed = dice.sample(names, count)
    for name in sorted(changed[:count // 2]):
        layer.add(name, tarfile.REGTYPE, material.cut())
    for number, name in enumerate(sorted(changed[count // 2:])):
        part = f"Files/Windows/WinSxS/amd64_update{number // COMPONENT_SIZE:06}_31bf3856ad364e35_10.0.20348.2_none"
        if number % 20 == 0:
            layer.add(f"{part}/linked-{number:06}.dat", tarfile.LNKTYPE, target=name)
            layer.whiteout(name)
        else:
            layer.add(f"{part}/file-{number:06}.dat", tarfile.REGTYPE, material.cut())
    return layer.finish(blobs)


def put(blobs, media_type, document):
    data = json.dumps(document).encode()
    digest = content.put(blobs, data, hashlib.sha256(data).hexdigest())
    return {"mediaType": media_type, "digest": digest, "size": len(data)}


def describe(layout, blobs, layers, system):
    kind = "application/vnd.oci.image."
    config = put(blobs, kind + "config.v1+json", {
        "architecture": "amd64", "os": system, "os.version": "10.0.20348.2322", "created": "2026-01-01T00:00:00Z",
        "config": {"Cmd": ["cmd"]}, "history": [{"created_by": "bench/layers"} for _ in layers],
        "rootfs": {"type": "layers", "diff_ids": [layer[1] for layer in layers]}})
    manifest = put(blobs, kind + "manifest.v1+json", {
        "schemaVersion": 2, "mediaType": kind + "manifest.v1+json", "config": config,
        "layers": [layer[0] for layer in layers]})
    names = {"org.opencontainers.image.ref.name": TAG, "io.containerd.image.name": f"bench/layers:{TAG}"}
    index = {"schemaVersion": 2, "manifests": [{**manifest, "annotations": names}]}
    (layout / "index.json").write_text(json.dumps(index))
    (layout / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')


def make(root, count):
    layout = root / f"layout-{count}"
    blobs = layout / "blobs/sha256"
    shutil.rmtree(layout, ignore_errors=True)
    blobs.mkdir(parents=True)
    dice = random.Random(count)
    material, upper = Material(dice), int(count * UPPER_PART)
    names = list(names_of(count - upper // 2))
    layers = [write_base(layout, blobs, names, material, dice), write_upper(layout, blobs, names, upper, material, dice)]
    describe(layout, blobs, layers, "windows")
    # umoci makes a runtime's configuration, which it can for Linux only.
    linux = root / f"layout-{count}-linux"
    shutil.rmtree(linux, ignore_errors=True)
    linux.mkdir()
    (linux / "blobs").symlink_to(blobs.parent)
    describe(linux, blobs, layers, "linux")
    made = {"layout": str(layout), "linux_layout": str(linux), "tar_size": sum(layer[2] for layer in layers),
            "size": sum(layer[0]["size"] for layer in layers),
            "blobs": [str(blobs / layer[0]["digest"][7:]) for layer in layers]}
    (root / f"layout-{count}.json").write_text(json.dumps(made))


def find_or_make(root, count):
    """Where the layouts are, the blobs from the base layer on, and sizes."""
    note = root / f"layout-{count}.json"
    if not note.exists():
        subprocess.run([sys.executable, __file__, str(root), str(count)], check=True)
    return json.loads(note.read_text())


if __name__ == "__main__":
    make(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
