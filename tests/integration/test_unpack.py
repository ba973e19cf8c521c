# SPDX-License-Identifier: MIT
"""wrun unpack: the files of an image are those that tarfile and umoci make of its layers; hostile layers, full disks,
kills and damaged stores leave nothing that looks like an image."""
import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tarfile
import time
import unittest
from decimal import Decimal

import archives
import fault_registry as faults
from archives import NAME, oci, oci_archive
from image import cases, layertar
from pulling import INTEGRITY, INTERRUPTED, NO_SPACE, NOT_FOUND, USAGE, WRUN, noise
from test_archive_peers import OCI_LAYER, OciImage

BUSY, DENIED = 5, 3


class TimedTar(layertar.LayerTar):
    """Every entry has a time of its own, to 100 ns."""

    def __init__(self, start):
        super().__init__()
        self.time = Decimal(start)

    def windows(self, *arguments, **more):
        self.time += Decimal("1.0000001")
        return {**super().windows(*arguments, **more), "mtime": str(self.time)}


def base_tar():
    tar = TimedTar(1500000000).directories("Files", "Files/keep", "Files/keep/sub", "Files/old", "Files/old/deep",
                                           "Files/swap", "UtilityVM", "UtilityVM/Files")
    tar.file("Files/keep/a.txt", b"alpha").file("Files/keep/big.bin", noise(700_000)).file("Files/keep/empty")
    tar.hard_link("Files/keep/sub/a-too.txt", "Files/keep/a.txt")
    tar.symlink("Files/keep/link", "..\\elsewhere\\file").junction("Files/keep/junction", "C:\\Windows\\x")
    tar.file("Files/old/gone.txt", b"gone").file("Files/old/deep/moved.txt", b"moved")
    tar.file("Files/swap/inside", b"inside").file("Files/over", b"over")
    tar.file("Files/keep/stream.txt", b"main", streams={"Zone.Identifier": b"left out"}, eas={"EA": b"1"})
    return tar.file("UtilityVM/Files/vm.bin", b"vm").file("Files/\u00fc\u00f1\u00ee \U0001f40b.txt", b"name")


def middle_tar():
    tar = TimedTar(1600000000).directories("Files", "Files/keep", "Files/new", "Hives")
    tar.file("Hives/System_Delta", b"regf").file("Files/keep/a.txt", b"ALPHA AGAIN")
    tar.hard_link("Files/new/moved.txt", "Files/old/deep/moved.txt").whiteout("Files/old/gone.txt")
    tar.entry("Files/old/deep/.wh..wh..opq", "0")
    return tar.file("Files/swap", b"a file now").directory("Files/over").file("Files/over/in", b"a directory now")


def top_tar():
    """Some directories are not in the tar."""
    tar = TimedTar(1700000000).file("Files/keep/sub/more.txt", b"more").whiteout("Files/keep/link")
    tar.hard_link("Files/linked.txt", "Files/new/moved.txt").whiteout("Files/new")
    return tar.file("Files/keep/big.bin", noise(90_000, 5)).symlink("Files/keep/junction", "plain")


TARS = [base_tar, middle_tar, top_tar]


def make_image():
    return OciImage([oci.Layer(make().bytes(), OCI_LAYER) for make in TARS], os_version="10.0.20348.1")


class Oracle:
    """What layers on top of each other come to, by the rules of the OCI: {path: (kind, content, time, names)}. The
    content of a file is a list of one, shared by its names."""

    def __init__(self):
        self.tree = {}

    def remove(self, path, itself=True):
        for name in [name for name in self.tree if name.startswith(path + "/") or (itself and name == path)]:
            del self.tree[name]

    def add(self, data):
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            lower, made = dict(self.tree), set()
            for info in tar:
                self.entry(tar, info, lower, made)

    def entry(self, tar, info, lower, made):
        folder, _, name = info.name.rpartition("/")
        if name == ".wh..wh..opq":
            for path in [path for path in self.tree if path.startswith(folder + "/") and path not in made]:
                del self.tree[path]
        elif name.startswith(".wh."):
            self.remove(f"{folder}/{name[4:]}")
        elif ":" not in name:
            made.add(info.name)
            if not (info.isdir() and self.tree.get(info.name, " ")[0] == "d"):
                self.remove(info.name)
            self.tree[info.name] = self.node(tar, info, lower)

    def node(self, tar, info, lower):
        time_of = int(Decimal(info.pax_headers["mtime"]) * 10**7) if "mtime" in info.pax_headers else None
        if info.islnk():
            return self.tree.get(info.linkname) or lower[info.linkname]
        if info.issym():
            return "l", info.linkname.replace("\\", "/"), time_of
        if info.isdir():
            return "d", None, time_of
        return "f", [tar.extractfile(info).read()], time_of

    def look(self):
        def groups(node):
            return sorted(name for name, other in self.tree.items() if other[1] is node[1])
        return {name: (node[0], node[1][0], node[2], groups(node)) if node[0] == "f" else node
                for name, node in self.tree.items()}


def expected_of(tars):
    oracle = Oracle()
    for tar in tars:
        oracle.add(tar)
    return oracle.look()


def look(folder):
    """The same of real files."""
    found, names = {}, {}
    for path in sorted(pathlib.Path(folder).rglob("*")):
        names.setdefault(path.lstat().st_ino, []).append(str(path.relative_to(folder)))
    for path in sorted(pathlib.Path(folder).rglob("*")):
        status, name = path.lstat(), str(path.relative_to(folder))
        when = status.st_mtime_ns // 100
        if path.is_symlink():
            found[name] = "l", os.readlink(path).replace("\\", "/"), when
        elif path.is_dir():
            found[name] = "d", None, when
        else:
            found[name] = "f", path.read_bytes(), when, sorted(names[status.st_ino])
    return found


class UnpackTestCase(archives.ArchiveTestCase):
    def setUp(self):
        super().setUp()
        self.target = self.path("files")

    def unpack(self, *arguments, code=0, image=NAME, target=None, **more):
        done = self.wrun("unpack", *arguments, image, target or self.target, code=code, **more)
        if code:
            self.assertFalse(self.path("files.partial").exists())
        return done

    def load_layers(self, *tars):
        self.load(oci_archive(oci.Image([oci.Layer(tar) for tar in tars], os_version="10.0.20348.1")))


class ContentTest(UnpackTestCase):
    def setUp(self):
        super().setUp()
        self.image = make_image()
        self.load(oci_archive(self.image))
        self.expected = expected_of(make().bytes() for make in TARS)

    def test_three_layers(self):
        done = self.unpack()
        self.assertEqual(look(self.target), self.expected)
        self.assertRegex(done.stdout.decode(), rf"^{self.target}: 12 files, 9 directories, 1 links, 90\.1 kB\nleft out")
        self.assertEqual(self.expected["Files/linked.txt"][3], ["Files/linked.txt"])
        self.assertEqual(self.expected["Files/keep/a.txt"][1], b"ALPHA AGAIN")
        self.assertEqual(self.expected["Files/keep/sub/a-too.txt"][1], b"alpha")
        self.assertNotIn("Files/old/deep/moved.txt", self.expected)

    def test_json(self):
        answer = json.loads(self.unpack("--json", "--pull", "never").stdout)
        kinds = [node[0] for node in self.expected.values()]
        files = [node for node in self.expected.values() if node[0] == "f"]
        self.assertEqual({key: answer[key] for key in ("directories", "files", "links", "layers", "hardLinks")}, {
            "directories": kinds.count("d"), "files": len(files), "links": kinds.count("l"), "layers": 3, "hardLinks": 0})
        self.assertEqual(answer["bytes"], sum(len(node[1]) for node in files))
        self.assertEqual((answer["leftOut"]["streams"], answer["leftOut"]["extendedAttributes"]), (1, 1))
        self.assertGreater(answer["leftOut"]["securityDescriptors"], 20)
        self.assertEqual((answer["digest"], answer["directory"]), (self.image.manifest.digest, str(self.target)))
        self.assertEqual(set(answer["milliseconds"]), {"inflate", "hash", "parse", "create", "write", "close"})

    def test_quiet_and_an_empty_directory(self):
        self.target.mkdir()
        self.assertEqual(self.unpack("-q", target=f"{self.target}//").stdout.decode(), f"{self.target}\n")
        self.assertEqual(look(self.target), self.expected)

    def test_names_that_differ_in_case_are_the_same(self):
        upper = cases.top().file("Files/KEEP/A.TXT", b"one").whiteout("files/Keep/BIG.bin")
        self.load_layers(base_tar().bytes(), upper.bytes())
        self.unpack()
        names = sorted(os.listdir(self.target / "Files/keep"))
        self.assertEqual(names, ["A.TXT", "empty", "junction", "link", "stream.txt", "sub"])
        self.assertEqual((self.target / "Files/keep/A.TXT").read_bytes(), b"one")

    @unittest.skipUnless(shutil.which("umoci"), "umoci is not installed")
    def test_as_umoci_does(self):
        layout = self.path("layout")
        self.wrun("save", "--format", "oci-dir", "-o", layout, NAME)
        tag = json.loads((layout / "index.json").read_text())["manifests"][0]["annotations"]
        name = tag["org.opencontainers.image.ref.name"]
        subprocess.run(["umoci", "raw", "unpack", "--image", f"{layout}:{name}", self.path("umoci")], check=True,
                       capture_output=True, timeout=60)
        self.unpack()
        theirs, ours = look(self.path("umoci")), look(self.target)
        # Its own way with streams: files with a colon.
        del theirs["Files/keep/stream.txt:Zone.Identifier"]
        self.assertEqual(ours, theirs)


class StateTest(UnpackTestCase):
    def setUp(self):
        super().setUp()
        self.image = make_image()
        self.load(oci_archive(self.image))

    def test_directories_that_are_not_empty_stay(self):
        self.target.mkdir()
        (self.target / "mine").write_bytes(b"mine")
        self.check_says(self.unpack(code=USAGE), "is not empty")
        self.check_says(self.unpack(code=USAGE, target=self.target / "mine"), "is not a directory")
        self.assertEqual(os.listdir(self.target), ["mine"])

    def test_what_a_killed_wrun_has_left_is_told(self):
        partial = self.path("files.partial")
        partial.mkdir()
        (partial / "half").write_bytes(b"")
        done = self.wrun("unpack", NAME, self.target, code=BUSY)
        self.check_says(done, "files.partial' is there", "hint: remove it")
        self.assertEqual(os.listdir(partial), ["half"])
        self.assertFalse(self.target.exists())

    def test_killed_while_it_writes(self):
        tar = cases.top()
        for number in range(3000):
            tar.file(f"Files/{number}", noise(300, number))
        self.load_layers(base_tar().bytes(), tar.bytes())
        partial = self.path("files.partial")
        for kill in (signal.SIGKILL, signal.SIGINT):
            command = [WRUN, "unpack", "--root", str(self.store.root), "--progress", "none", NAME, str(self.target)]
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                deadline = time.monotonic() + 30
                while process.poll() is None and time.monotonic() < deadline and not (partial / "Files/99").exists():
                    pass
                process.send_signal(kill)
                process.wait(timeout=30)
            # It may have been faster than the signal; then everything is there.
            self.assertEqual(self.target.exists(), process.returncode == 0)
            self.assertEqual(partial.exists(), process.returncode == -signal.SIGKILL)
            self.assertIn(process.returncode, (0, -signal.SIGKILL, INTERRUPTED))
            if self.target.exists():
                self.assertEqual(len(os.listdir(self.target / "Files")), 3006)
                shutil.rmtree(self.target)
            shutil.rmtree(partial, ignore_errors=True)

    def test_images_that_are_not_there(self):
        self.check_says(self.unpack("--pull", "never", image="not/there:1", code=NOT_FOUND), "is not in the store")
        self.assertFalse(self.target.exists())

    def test_damage_in_the_store(self):
        path = self.store.path(self.image.layers[1].digest)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        self.check_says(self.unpack("--pull", "never", code=INTEGRITY), "layer 2 of 3", "was damaged")
        self.assertFalse(self.target.exists())

    def test_a_directory_that_cannot_be_written(self):
        folder = self.path("sealed")
        folder.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", folder], check=False, capture_output=True)
        if mounted.returncode:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", folder], check=True)
        self.check_says(self.unpack(target=folder / "files", code=DENIED), "make the directory", "Read-only")

    def test_a_full_disk(self):
        folder = self.path("small")
        folder.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", folder], check=False,
                                 capture_output=True)
        if mounted.returncode:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", folder], check=True)
        self.check_says(self.unpack(target=folder / "files", code=NO_SPACE), "big.bin", "No space left",
                        "hint: free some space there, or unpack to another disk")
        self.assertEqual(os.listdir(folder), [])


HOSTILE = {
    "a file through a link": lambda tar: tar.symlink("Files/l", "../../../outside", True).file("Files/l/evil", b"x"),
    "a name that climbs": lambda tar: tar.file("Files/../../../outside/evil", b"x"),
    "an absolute name": lambda tar: tar.file("/outside/evil", b"x"),
    "a hard link outside": lambda tar: tar.hard_link("Files/h", "Files/../../../outside/secret"),
    "a hard link through a link": lambda tar: tar.symlink("Files/l", "../../../outside", True)
                                                  .hard_link("Files/h", "Files/l/secret"),
    "a device": lambda tar: tar.entry("Files/null", "3") or tar,
    "a name twice": lambda tar: tar.file("Files/x", b"1").file("Files/X", b"2"),
}


class HostileTest(UnpackTestCase):
    def setUp(self):
        super().setUp()
        self.outside = self.path("outside")
        self.outside.mkdir()
        (self.outside / "secret").write_bytes(b"secret")

    def check_outside(self):
        self.assertEqual(os.listdir(self.outside), ["secret"])
        self.assertEqual((self.outside / "secret").read_bytes(), b"secret")
        self.assertEqual((self.outside / "secret").stat().st_nlink, 1)

    def test_one_layer(self):
        for title, attack in HOSTILE.items():
            with self.subTest(title):
                self.load_layers(attack(cases.small_base()).bytes())
                self.check_says(self.unpack(code=INTEGRITY), "layer 1 of 1", "tell who made the image")
                self.assertFalse(self.target.exists())
                self.check_outside()

    def test_the_upper_layer(self):
        for title, attack in HOSTILE.items():
            with self.subTest(title):
                self.load_layers(base_tar().bytes(), attack(cases.top()).bytes())
                self.check_says(self.unpack(code=INTEGRITY), "layer 2 of 2")
                self.assertFalse(self.target.exists())
                self.check_outside()

    def test_links_of_the_lower_layer_lead_nowhere(self):
        lower = cases.small_base().symlink("Files/l", "../../outside", True).symlink("Files/m", "../../outside", True)
        lower.symlink("Files/n", "../../outside/secret")
        upper = cases.top().file("Files/l/evil", b"x").whiteout("Files/m/secret").file("Files/n", b"x")
        self.load_layers(lower.bytes(), upper.bytes())
        self.unpack()
        self.check_outside()
        self.assertEqual(sorted(os.listdir(self.target / "Files/l")), ["evil"])
        self.assertEqual((self.target / "Files/n").read_bytes(), b"x")
        self.assertTrue((self.target / "Files/m").is_dir() and not (self.target / "Files/m").is_symlink())


class PullTest(UnpackTestCase):
    def setUp(self):
        super().setUp()
        self.registry = faults.FaultRegistry()
        self.addCleanup(self.registry.close)
        self.image = make_image()
        self.name = f"{self.registry.address}/a/b:1"
        self.registry.put_image("a/b", self.image, "1")

    def asked(self):
        asked = len(self.registry.requests)
        self.registry.requests.clear()
        return asked

    def test_policies(self):
        self.unpack("--pull", "never", image=self.name, code=NOT_FOUND)
        self.assertEqual(self.asked(), 0)
        self.unpack(image=self.name)
        self.assertEqual(look(self.target), expected_of(make().bytes() for make in TARS))
        self.assertGreater(self.asked(), 3)
        self.unpack(image=self.name, target=self.path("again"))
        self.assertEqual(self.asked(), 0)
        self.unpack("--pull", "always", image=self.name, target=self.path("asked"))
        self.assertGreater(self.asked(), 0)

    def test_damage_is_fetched_again(self):
        self.unpack(image=self.name)
        count = len(look(self.target))
        for blob in self.image.layers:
            shutil.rmtree(self.target)
            self.store.path(blob.digest).write_bytes(bytes([blob.data[0] ^ 1]) + blob.data[1:])
            self.check_says(self.unpack(image=self.name), "fetching it again")
            self.assertEqual(len(look(self.target)), count)

    def test_a_wrong_diff_id(self):
        layers = [oci.Layer(base_tar().bytes()), oci.Layer(middle_tar().bytes(), diff_id="sha256:" + "0" * 64)]
        self.registry.put_image("a/wrong", oci.Image(layers, os_version="10.0.20348.1"), "1")
        done = self.unpack(image=f"{self.registry.address}/a/wrong:1", code=INTEGRITY)
        self.check_says(done, "layer 2 of 2", "wrong content")
        self.assertFalse(self.target.exists())


if __name__ == "__main__":
    unittest.main()
