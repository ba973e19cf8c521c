# SPDX-License-Identifier: MIT
"""Who is measured, and how: one command after the other, whole processes, wall clock."""
import os
import pathlib
import shutil
import statistics
import subprocess
import sys


class Contestant:
    """name; command: makes the argv from what time_command's caller passes; needs: the programs it runs."""

    def __init__(self, name, command, needs=(), in_containerd=False):
        self.name, self.command, self.needs, self.in_containerd = name, command, needs, in_containerd
        self.seconds, self.rss = [], 0

    def can_take_part(self):
        return all(map(shutil.which, self.needs)) and (not self.in_containerd or os.geteuid() == 0)

    def median(self):
        return statistics.median(self.seconds)


# A program's peak of memory counts from before its exec, so a small one starts it.
STARTER = """import os, sys, time
begin = time.monotonic()
process = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(process, 0)
with open(sys.argv[1], "w") as out:
    print(time.monotonic() - begin, os.waitstatus_to_exitcode(status), usage.ru_maxrss, file=out)
"""


def time_command(contestant, argv, log):
    """Seconds and peak bytes of one run; its output goes to the file 'log'. Ends everything when it fails."""
    figures = pathlib.Path(f"{log}.figures")
    with open(log, "wb") as out:
        subprocess.run([sys.executable, "-S", "-c", STARTER, str(figures), *map(str, argv)], stdout=out, stderr=out, check=True)
    seconds, code, peak = figures.read_text(encoding="ascii").split()
    figures.unlink()
    if int(code):
        text = pathlib.Path(log).read_text(errors="replace")[-2000:]
        raise SystemExit(f"{contestant.name} fails with {code}:\n{text}")
    return float(seconds), int(peak) * 1024
