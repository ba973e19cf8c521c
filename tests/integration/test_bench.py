# SPDX-License-Identifier: MIT
"""The measurements still run, and their last line is what docs/performance.md promises."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

BENCH = pathlib.Path(__file__).resolve().parent.parent.parent / "bench"


NUMBER = r"\d+\.\d\d"


class BenchTest(unittest.TestCase):
    def bench(self, name, *options):
        """What a measurement prints, made with an image of its own."""
        environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        with tempfile.TemporaryDirectory(prefix="wrun-bench-") as cache:
            command = [BENCH / name, *options, "--runs", "1", "--cache", cache, "--wrun", os.environ["WRUN"]]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def check_contestants(self, text, *names):
        for contestant in names:
            self.assertIn(f"  {contestant} ", text)

    def test_pull(self):
        text = self.bench("pull", "--size", "2")
        self.assertRegex(text.splitlines()[-1],
                         re.compile(f"^verify_ratio={NUMBER} unpack_ratio={NUMBER} floor_ratio={NUMBER} rss_mb=\\d+$"))
        self.check_contestants(text, "wrun", "skopeo copy", "curl + sha256sum", "skopeo + umoci")

    def test_layers(self):
        text = self.bench("layers", "--files", "400")
        self.assertRegex(text.splitlines()[-1], re.compile(f"^umoci_ratio={NUMBER} files_per_s=\\d+ mb_per_s=\\d+$"))
        self.check_contestants(text, "wrun unpack", "umoci raw unpack", "umoci unpack", "tar -xzf")
        self.assertRegex(text, r"(?m)^  inflate \d+\.\d\d s  hash .* create .* write .* close ")


if __name__ == "__main__":
    unittest.main()
