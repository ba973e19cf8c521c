# SPDX-License-Identifier: MIT
"""One image with one big layer, made of programs and libraries of this machine and kept between runs.

The layer has the shape of a Windows layer (Files/..., Windows' records in PAX headers) and the compression
ratio of real binaries. It is laid out as the files of a registry, so that a plain web server can serve it."""
import base64
import hashlib
import io
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
from image import layertar  # noqa: E402

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
SOURCES = ("/usr/bin", "/usr/lib")
SECURITY = base64.b64encode(layertar.SD_PLAIN).decode()


class Hashing:
    """A file object for tarfile: hashes what passes."""

    def __init__(self, target):
        self.target, self.hash, self.size = target, hashlib.sha256(), 0

    def write(self, data):
        self.hash.update(data)
        self.size += len(data)
        return self.target.write(data)


def programs():
    for folder in SOURCES:
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if path.is_file() and not path.is_symlink() and 4096 < path.stat().st_size < 32 << 20:
                yield path


def add_folder(tar, name):
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, 0o755
    info.pax_headers = {"MSWINDOWS.fileattr": "16", "MSWINDOWS.rawsd": SECURITY}
    tar.addfile(info)


def add_file(tar, name, data):
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o644
    info.pax_headers = {"MSWINDOWS.fileattr": "32", "MSWINDOWS.rawsd": SECURITY}
    tar.addfile(info, io.BytesIO(data))


def write_layer(path, size):
    """Adds programs until the compressed file has 'size' bytes; returns the diff id and the tar's size."""
    compressor = ["pigz", "-6n"] if shutil.which("pigz") else ["gzip", "-6n"]
    with path.open("wb") as out:
        process = subprocess.Popen(compressor, stdin=subprocess.PIPE, stdout=out)
        hashing = Hashing(process.stdin)
        with tarfile.open(fileobj=hashing, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            add_folder(tar, "Files")
            for number, source in enumerate(itertools.cycle(programs())):
                if number % 1000 == 0:
                    add_folder(tar, f"Files/{number // 1000:04}")
                add_file(tar, f"Files/{number // 1000:04}/{number:06}-{source.name}", source.read_bytes())
                if path.stat().st_size >= size:
                    break
        process.stdin.close()
        if process.wait() != 0:
            raise RuntimeError("the compressor failed")
    return "sha256:" + hashing.hash.hexdigest(), hashing.size


def digest_of(path):
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def put(folder, data, name=None):
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    (folder / (name or digest)).write_bytes(data)
    return digest


def describe(folder, layer, size, diff_id):
    """The configuration and the manifest around a layer that is there."""
    config = json.dumps({
        "architecture": "amd64", "os": "windows", "os.version": "10.0.20348.2322",
        "created": "2026-01-01T00:00:00Z", "config": {"Cmd": ["cmd"]},
        "rootfs": {"type": "layers", "diff_ids": [diff_id]}}).encode()
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "size": len(config), "digest": put(folder / "blobs", config)},
        "layers": [{"mediaType": LAYER, "size": size, "digest": layer}]}).encode()
    put(folder / "manifests", manifest)
    put(folder / "manifests", manifest, "1")


def note_of(root, megabytes):
    return root / f"image-{megabytes}.json"


def make(root, megabytes):
    folder = root / f"www-{megabytes}/v2/bench/image"
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("blobs", "manifests"):
        os.makedirs(folder / name)
    partial = folder / "layer"
    diff_id, tar_size = write_layer(partial, megabytes << 20)
    layer, size = digest_of(partial), partial.stat().st_size
    partial.rename(folder / "blobs" / layer)
    describe(folder, layer, size, diff_id)
    made = {"layer": layer, "size": size, "tar_size": tar_size, "diff_id": diff_id}
    note_of(root, megabytes).write_text(json.dumps(made))


def find_or_make(root, megabytes):
    """The description of the image: layer digest, sizes, diff id. It is made by a process of its own, because
    the peak memory of whoever starts a program counts as the program's."""
    note = note_of(root, megabytes)
    if not note.exists():
        subprocess.run([sys.executable, __file__, str(root), str(megabytes)], check=True)
    return json.loads(note.read_text())


if __name__ == "__main__":
    make(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
