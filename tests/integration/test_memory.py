# SPDX-License-Identifier: MIT
"""A pull needs the same little memory for any image. For a build without sanitizers, which have memory of their own."""
import contextlib
import pathlib
import re
import subprocess
import time

from pulling import BigFaultTestCase, cases, noise, oci

MIB = 1 << 20


class MemoryTest(BigFaultTestCase):
    def make_image(self):
        layer = oci.Layer(cases.top().file("Files/huge.bin", noise(200 * MIB)).bytes(), level=0)
        return oci.Image([cases.base_layer(), layer], os_version="10.0.20348.2322")

    def test_does_not_grow_with_the_size(self):
        process = subprocess.Popen(self.command(self.reference), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env=self.environment())
        peak = 0
        while process.poll() is None:
            # The resource usage of a child would count what it shared with this process before it became wrun.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
                peak = max([peak, *(int(kib) << 10 for kib in re.findall(r"VmHWM:\s+(\d+) kB", status))])
            time.sleep(0.005)
        self.assertEqual(process.returncode, 0)
        self.check_stored(self.image)
        self.assertGreater(peak, 0)
        self.assertLess(peak, 64 * MIB)
