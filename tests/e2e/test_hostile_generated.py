# SPDX-License-Identifier: MIT
"""A sample of the generated hostile layers (tests/image/hostile.py) through wrun.exe: nothing outside the store changes.

WRUN_HOSTILE_SEED chooses other ones, WRUN_HOSTILE_SAMPLE how many.
"""
import os
import re
import unittest

from pulled import INTEGRITY, Pulled, layer_names, snapshot
from image import hostile

SEED = os.environ.get("WRUN_HOSTILE_SEED", "20261122")
SAMPLE = int(os.environ.get("WRUN_HOSTILE_SAMPLE", "40"))
COUNT = 500
UNSUPPORTED = 3
# Wine's files have neither; the diff layers of the sample do not need them.
NOT_HERE = r"set the extended attributes of .* \(0xC0000022\)|make .* a link: .* \(0xC00000BB\)"


class Generated(Pulled):
    def outside(self):
        return {**snapshot(self.drive("c"), self.store.root), **snapshot(self.drive("d"), self.store.root)}

    def judge(self, case, kind, result):
        """What is wrong with how it ended, or None."""
        bad = kind in case.bad | case.unpacked
        if result.code == 0:
            if bad and case.sure:
                return f"accepted; expected: {case.says}"
            faults = hostile.legit(case.tar, kind)
            return f"accepted in spite of {faults}" if faults else None
        if result.code not in (INTEGRITY, UNSUPPORTED):
            return f"exit code {result.code}: {result.err}"
        if kind == "base" and re.search(NOT_HERE, result.err):
            return None
        if case.sure and not bad:
            return f"refused, but it is sound: {result.err}"
        number = 1 if kind == "base" else 2
        if f"layer {number} of {number} (" not in result.err:
            return f"does not say which layer: {result.err}"
        if case.sure and not re.search(case.says, result.err):
            return f"says {result.err!r}; expected: {case.says}"
        return None

    def check_store_of(self, image, code):
        """Whole layers only, and the refused one is not among them; one below it may not have been finished."""
        names = layer_names(image)
        if code == 0:
            self.assertEqual(self.store.names("layers"), sorted(names))
        self.assertLessEqual(set(self.store.names("layers")), set(names if code == 0 else names[:-1]))

    def test_each_is_refused_by_name_or_sound(self):
        print(f"WRUN_HOSTILE_SEED={SEED} WRUN_HOSTILE_SAMPLE={SAMPLE}", flush=True)
        registry = self.serve()
        self.ok("version")  # the machine has the program from now on
        before = self.outside()
        step = COUNT // SAMPLE
        for number in range(SAMPLE):
            kind = ("base", "diff")[number % 2]
            case = hostile.make_case(SEED, number * step + number % 2, plain=kind == "base")
            image = dict(case.images())[kind]
            with self.subTest(f"{case.name} as {kind}"):
                self.store.clear()
                registry.put_image(f"case/{number}", image, "1")
                result = self.wrun("pull", "--root", self.root, "--progress", "none", f"{registry.address}/case/{number}:1")
                self.assertIsNone(self.judge(case, kind, result))
                after = self.outside()
                self.assertEqual([path for path in {**before, **after} if before.get(path) != after.get(path)], [])
                self.check_store(result.code)
                self.check_store_of(image, result.code)


if __name__ == "__main__":
    unittest.main()
