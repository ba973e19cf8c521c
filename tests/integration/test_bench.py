# SPDX-License-Identifier: MIT
"""The measurements still run, and their last line is what docs/performance.md promises."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

BENCH = pathlib.Path(__file__).resolve().parent.parent.parent / "bench"


class BenchTest(unittest.TestCase):
    def test_pull(self):
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        with tempfile.TemporaryDirectory(prefix="wrun-bench-") as cache:
            command = [BENCH / "pull", "--size", "2", "--runs", "1", "--cache", cache, "--wrun", os.environ["WRUN"]]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        number = r"\d+\.\d\d"
        self.assertRegex(done.stdout.splitlines()[-1],
                         re.compile(f"^verify_ratio={number} unpack_ratio={number} floor_ratio={number} rss_mb=\\d+$"))
        for contestant in ("wrun", "skopeo copy", "curl + sha256sum", "skopeo + umoci"):
            self.assertIn(f"  {contestant} ", done.stdout)


if __name__ == "__main__":
    unittest.main()
