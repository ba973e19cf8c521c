# SPDX-License-Identifier: MIT
"""Generated hostile layers, each as a base layer and on a good one: refused by name, or accepted because they are sound.

WRUN_HOSTILE_SEED and WRUN_HOSTILE_COUNT choose others than the usual ones.
"""
import concurrent.futures
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from pulling import INTEGRITY, UNSUPPORTED, WRUN, FaultRegistry
from image import hostile

SEED = os.environ.get("WRUN_HOSTILE_SEED", "20261122")
COUNT = int(os.environ.get("WRUN_HOSTILE_COUNT", "500"))
WORKERS = 4
PROGRAM = shutil.which(WRUN) and os.path.abspath(shutil.which(WRUN))  # it runs in another folder


def listing(folder):
    """{path: digest} of everything below."""
    found = {}
    for path in sorted(pathlib.Path(folder).rglob("*")):
        plain = path.is_file() and not path.is_symlink()
        found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest() if plain else os.readlink(path) if path.is_symlink() else ""
    return found


def crashed(done):
    said = done.stderr.decode("utf-8", "replace")
    return "Sanitizer" in said or "runtime error" in said or done.returncode < 0


class Bench:
    """A folder with a store in it, and beside the store what must stay as it is."""

    def __init__(self, folder, number):
        self.folder = pathlib.Path(folder) / f"bench{number}"
        self.around, self.store = self.folder / "around", self.folder / "around/here/store"
        self.here = self.store.parent
        for name in ("around/Windows", "around/here/Files", "around/here/Hives"):
            (self.folder / name).mkdir(parents=True)
        for name in ("x", "evil", "tombstones.txt", "Windows/SAM", "here/Files/x", "here/Hives/System_Delta"):
            (self.around / name).write_text("precious")
        self.before = listing(self.around)
        self.registry = FaultRegistry()

    def wrun(self, *arguments):
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        return subprocess.run([PROGRAM, *arguments], cwd=self.here, capture_output=True, timeout=60, env=environment, check=False)

    def pull(self, name, image):
        shutil.rmtree(self.store, ignore_errors=True)
        self.registry.put_image(name, image, "1")
        return self.wrun("pull", "--root", str(self.store), "--progress", "none", f"{self.registry.address}/{name}:1")

    def unpack(self, name):
        """What was pulled becomes files; the folder is gone again afterwards, links in it are not followed."""
        target = self.here / "out"
        try:
            options = ("--root", str(self.store), "--progress", "none", "--pull", "never")
            return self.wrun("unpack", *options, f"{self.registry.address}/{name}:1", str(target))
        finally:
            shutil.rmtree(target, ignore_errors=True)

    def changes(self):
        """What has changed beside the store."""
        now = {path: digest for path, digest in listing(self.around).items() if not path.startswith(str(self.store))}
        return sorted(path for path in {**now, **self.before} if now.get(path) != self.before.get(path))

    def leftovers(self):
        """What a pull may not leave in the store."""
        return [str(path) for folder in ("layers", "tmp", "scratch") for path in (self.store / folder).glob("*")]


class HostileTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="wrun-hostile-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        print(f"WRUN_HOSTILE_SEED={SEED} WRUN_HOSTILE_COUNT={COUNT}", flush=True)

    def judge(self, case, kind, done):
        """What is wrong with how it ended, or None."""
        said = done.stderr.decode("utf-8", "replace")
        if crashed(done):
            return f"crashed: {said}"
        if done.returncode == 0:
            if kind in case.bad and case.sure:
                return f"accepted; expected: {case.says}"
            faults = hostile.legit(case.tar, kind) if case.media_type else []
            return f"accepted in spite of {faults}" if faults else None
        if done.returncode not in (INTEGRITY, UNSUPPORTED):
            return f"exit code {done.returncode}: {said}"
        if case.sure and kind not in case.bad:
            return f"refused, but it is sound: {said}"
        number = 1 if kind == "base" else 2
        if f"layer {number} of {number} (" not in said or not said.startswith("wrun: pull: "):
            return f"does not say which layer: {said}"
        if case.sure and not re.search(case.says, said):
            return f"says {said!r}; expected: {case.says}"
        return None

    def judge_unpacking(self, case, kind, done):
        """The same of a layer that passed the check: only what it says of those below it can still be wrong."""
        said = done.stderr.decode("utf-8", "replace")
        if crashed(done):
            return f"unpacking crashed: {said}"
        may_fail = kind in case.unpacked or not case.sure
        if done.returncode not in ((0, INTEGRITY, UNSUPPORTED) if may_fail else (0,)):
            return f"unpacking ended with {done.returncode}: {said}"
        return None

    def check(self, bench, case):
        """Problems of one case."""
        problems = []
        for kind, image in case.images():
            name = f"case/{case.name.partition('-')[0]}-{kind}"
            done = bench.pull(name, image)
            problem = self.judge(case, kind, done)
            # The same tar as a base layer would only be written by the same rules again.
            if not problem and done.returncode == 0 and kind == "diff":
                problem = self.judge_unpacking(case, kind, bench.unpack(name))
            if not problem and bench.changes():
                problem = f"changed {bench.changes()}"
            if not problem and bench.leftovers():
                problem = f"left {bench.leftovers()}"
            if problem:
                problems.append(f"{case.name} as {kind}: {problem}")
        return problems

    def check_share(self, share):
        """Every WORKERS-th case, on a bench of its own."""
        bench = Bench(self.folder, share)
        self.addCleanup(bench.registry.close)
        return [problem for number in range(share, COUNT, WORKERS) for problem in self.check(bench, hostile.make_case(SEED, number))]

    def test_each_is_refused_by_name_or_sound(self):
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            problems = [problem for found in pool.map(self.check_share, range(WORKERS)) for problem in found]
        self.assertEqual(problems, [], f"{len(problems)} problems; WRUN_HOSTILE_SEED={SEED}\n" + "\n".join(problems[:20]))


class GeneratorTest(unittest.TestCase):
    def test_the_same_seed_gives_the_same_cases(self):
        first, second = ([(case.name, case.blob) for case in hostile.generate(SEED, 20)] for _ in range(2))
        self.assertEqual(first, second)
        self.assertNotEqual(first, [(case.name, case.blob) for case in hostile.generate(SEED + "x", 20)])

    def test_every_mutation_is_among_the_usual_cases(self):
        made = {part for case in hostile.generate("20261122", 500) for part in case.name.partition("-")[2].split("+")}
        for mutation in {*hostile.ENTRY_MUTATIONS, *hostile.HARMLESS, *hostile.ARCHIVE_MUTATIONS, *hostile.EITHER_MUTATIONS}:
            self.assertIn(mutation.__name__, made)
        self.assertLessEqual({"sound", "damaged_wrapper", "wrong_diff_id"}, made)

    def test_what_is_wrong_is_seen(self):
        bad = hostile.layertar.LayerTar().directory("Files").file("Files/../x").file("Files/x").file("Files/X").file("Files/x/y")
        found = "\n".join(hostile.legit(bad.whiteout("Files/z").bytes(), "base"))
        for text in ("part '..'", "Files/X: twice", "below files/x", "a whiteout in a base layer"):
            self.assertIn(text, found)


if __name__ == "__main__":
    unittest.main()
