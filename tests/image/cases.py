# SPDX-License-Identifier: MIT
"""Images that wrun must refuse, by name; `python3 cases.py REGISTRY` publishes each as case/NAME:latest.

Each is a good base layer and a top layer with one thing wrong, so that only that thing can be the reason.
"""
import functools
import hashlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from image import demo, layertar, oci  # noqa: E402

VERSION = "10.0.20348.2322"


def small_base():
    """What ProcessBaseImage asks for, and a file to link to."""
    tar = layertar.LayerTar()
    tar.directories("Files", "Files/Windows", demo.SYSTEM32, demo.SYSTEM32 + "/config")
    for name in demo.HIVES:
        tar.file(f"{demo.SYSTEM32}/config/{name}", layertar.hive(name))
    tar.file("Files/License.txt", b"license\r\n")
    return tar


def top():
    return layertar.LayerTar().directories("Files", "Files/a")


@functools.cache
def base_layer():
    return oci.Layer(small_base().bytes())


def with_entry(*entry, **more):
    tar = top()
    tar.entry(*entry, **more)
    return tar


def file_named(name):
    return with_entry(name, "0", b"evil")


def below_junction():
    return top().junction("Files/a/link", r"C:\Windows").file("Files/a/link/evil.txt", b"evil")


def pax_too_large():
    return with_entry("Files/a/x.txt", "0", b"", records={"MSWINDOWS.rawsd": "A" * (2 << 20)})


def truncated(data):
    return data[:len(data) * 2 // 3]


# name: the top layer's tar
HOSTILE = {
    "dotdot": lambda: file_named("Files/../../evil.txt"),
    "dotdot-backslash": lambda: file_named("Files\\..\\..\\evil.txt"),
    "absolute": lambda: file_named("/Files/evil.txt"),
    "drive": lambda: file_named("C:/evil.txt"),
    "drive-inside": lambda: file_named("Files/C:/evil.txt"),
    "unc": lambda: file_named("\\\\server\\share\\evil.txt"),
    "device-path": lambda: file_named("\\\\?\\C:\\evil.txt"),
    "stream-of-nothing": lambda: file_named("Files/a/x.txt:evil"),
    "stream-type": lambda: file_named("Files/a::$INDEX_ALLOCATION"),
    "device-name": lambda: file_named("Files/a/CON"),
    "device-name-extension": lambda: file_named("Files/a/nul.txt"),
    "reserved-com1": lambda: file_named("Files/a/COM1"),
    "trailing-dot": lambda: file_named("Files/a/x."),
    "trailing-space": lambda: file_named("Files/a/x "),
    "wcidirs": lambda: file_named("Files/a.$wcidirs$"),
    "tombstones-file": lambda: file_named("tombstones.txt"),
    "other-root": lambda: file_named("sandbox.vhdx"),
    "nul-in-name": lambda: with_entry("Files/a/x", "0", b"evil", records={"path": b"Files/a/x\0.txt"}),
    "not-utf8": lambda: with_entry("Files/a/x", "0", b"evil", records={"path": b"Files/a/\xff\xfe.txt"}),
    "duplicate": lambda: top().file("Files/a/x.txt", b"1").file("Files/a/x.txt", b"2"),
    "case-collision": lambda: top().file("Files/a/x.txt", b"1").file("Files/a/X.TXT", b"2"),
    "below-junction": below_junction,
    "below-file": lambda: top().file("Files/a/x", b"1").file("Files/a/x/evil.txt", b"2"),
    "link-outside": lambda: top().hard_link("Files/a/evil.txt", "../../Windows/System32/config/SAM"),
    "link-absolute": lambda: top().hard_link("Files/a/evil.txt", "C:\\Windows\\System32\\config\\SAM"),
    "link-to-hives": lambda: top().hard_link("Files/a/evil.txt", "Hives/System_Delta"),
    "link-to-nothing": lambda: top().hard_link("Files/a/evil.txt", "Files/a/absent.txt"),
    "character-device": lambda: with_entry("Files/a/device", "3"),
    "fifo": lambda: with_entry("Files/a/fifo", "6"),
    "pax-too-large": pax_too_large,
    "bad-hive-name": lambda: with_entry("Hives/Evil_Delta", "0", b"regf"),
}


def hostile_images():
    for name, make in HOSTILE.items():
        yield f"case/{name}", oci.Image([base_layer(), oci.Layer(make().bytes())], os_version=VERSION)


def broken_images():
    """The archive itself is wrong, or not what the manifest says."""
    good = top().file("Files/a/x.txt", b"x" * 5000).bytes()
    cut_tar = truncated(good)
    yield "case/tar-truncated", oci.Image([base_layer(), oci.Layer(cut_tar)], os_version=VERSION)

    cut = oci.Layer(good)
    cut.data = truncated(cut.data)
    cut.digest = oci.digest(cut.data)
    yield "case/gzip-truncated", oci.Image([base_layer(), cut], os_version=VERSION)

    yield "case/wrong-diff-id", oci.Image(
        [base_layer(), oci.Layer(good, diff_id="sha256:" + hashlib.sha256(b"other").hexdigest())], os_version=VERSION)
    yield "case/not-a-tar", oci.Image([base_layer(), oci.Layer(b"this is no archive " * 100)], os_version=VERSION)

    bad_sum = bytearray(good)
    bad_sum[150] ^= 1
    yield "case/bad-checksum", oci.Image([base_layer(), oci.Layer(bytes(bad_sum))], os_version=VERSION)

    whiteout = small_base().whiteout("Files/License.txt")
    yield "case/whiteout-in-base", oci.Image([oci.Layer(whiteout.bytes())], os_version=VERSION)
    no_hives = layertar.LayerTar().directories("Files", "Files/Windows").file("Files/x.txt", b"x")
    yield "case/no-windows", oci.Image([oci.Layer(no_hives.bytes())], os_version=VERSION)

    # More than the small volume of the simulated host holds.
    bomb = layertar.LayerTar().directories("Files")
    bomb.file("Files/zeros.bin", b"\0" * (80 << 20))
    yield "case/big", oci.Image([base_layer(), oci.Layer(bomb.bytes())], os_version=VERSION)


def published():
    yield from hostile_images()
    yield from broken_images()


def main():
    registry = oci.Registry(sys.argv[1])
    for repository, image in published():
        registry.push_image(repository, image, "latest")


if __name__ == "__main__":
    main()
