# SPDX-License-Identifier: MIT
"""Who is measured, and how: one command after the other, whole processes, wall clock."""
import os
import pathlib
import shutil
import statistics
import subprocess
import time


class Contestant:
    """name; command: makes the argv from what time_command's caller passes; needs: the programs it runs."""

    def __init__(self, name, command, needs=(), in_containerd=False):
        self.name, self.command, self.needs, self.in_containerd = name, command, needs, in_containerd
        self.seconds, self.rss = [], 0

    def can_take_part(self):
        return all(map(shutil.which, self.needs)) and (not self.in_containerd or os.geteuid() == 0)

    def median(self):
        return statistics.median(self.seconds)


def time_command(contestant, argv, log):
    """Seconds and peak bytes of one run; its output goes to the file 'log'. Ends everything when it fails."""
    with open(log, "wb") as out:
        begin = time.monotonic()
        process = subprocess.Popen(argv, stdout=out, stderr=out)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        text = pathlib.Path(log).read_text(errors="replace")[-2000:]
        raise SystemExit(f"{contestant.name} fails with {process.returncode}:\n{text}")
    return seconds, usage.ru_maxrss * 1024
