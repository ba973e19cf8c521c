# SPDX-License-Identifier: MIT
"""A program on a terminal, and what a person sees there."""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time


class Screen:
    """Knows what progress lines need: CR, LF, line wrap, scrolling, cursor up, and the erasures to the end of the
    line and of the screen. Anything else is a mistake."""

    ESCAPE = re.compile(rb"\x1b\[(\d*)([AKJ])")

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.cells = [[" "] * columns for _ in range(rows)]
        self.row = self.column = 0
        self.history = []  # lines that were scrolled away

    def feed(self, data):
        at = 0
        while at < len(data):
            if data[at] == 0x1B:
                match = self.ESCAPE.match(data, at)
                if not match:
                    raise AssertionError(f"unknown escape sequence: {data[at:at + 10]!r}")
                self.escape(int(match[1] or 1 if match[2] == b"A" else match[1] or 0), match[2])
                at = match.end()
                continue
            self.character(data[at:at + 1].decode("ascii"))
            at += 1

    def escape(self, number, kind):
        if kind == b"A":
            if number > self.row:
                raise AssertionError("the cursor is moved above the screen")
            self.row -= number
            return
        if number != 0:
            raise AssertionError("only erasures to the end are known")
        self.cells[self.row][self.column:] = [" "] * (self.columns - self.column)
        if kind == b"J":
            for row in range(self.row + 1, self.rows):
                self.cells[row] = [" "] * self.columns

    def character(self, c):
        if c == "\r":
            self.column = 0
        elif c == "\n":
            self.line_feed()
        elif c.isprintable():
            if self.column == self.columns:
                self.column = 0
                self.line_feed()
            self.cells[self.row][self.column] = c
            self.column += 1
        else:
            raise AssertionError(f"control character {c!r}")

    def line_feed(self):
        if self.row + 1 < self.rows:
            self.row += 1
            return
        self.history.append("".join(self.cells.pop(0)).rstrip())
        self.cells.append([" "] * self.columns)

    def lines(self):
        """Without empty lines at the end."""
        lines = self.history + ["".join(row).rstrip() for row in self.cells]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def text(self):
        return "\n".join(self.lines())


class Terminal:
    """Runs a program whose stderr is a terminal and whose stdout is a pipe."""

    def __init__(self, command, environment, columns=80, rows=25):
        self.screen = Screen(columns, rows)
        self.bytes = b""
        self.outer, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=inner,
                                        env=environment)
        os.close(inner)

    def read(self, seconds):
        """False at the end."""
        if not select.select([self.outer], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.outer, 65536)
        except OSError:  # the other side is closed
            return False
        self.bytes += data
        self.screen.feed(data)
        return bool(data)

    def wait_for(self, pattern, seconds=20):
        """Until the screen shows what the pattern describes."""
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.screen.text()):
            if time.monotonic() > deadline or not self.read(0.1):
                raise AssertionError(f"the screen never shows {pattern!r}:\n{self.screen.text()}")

    def finish(self, seconds=60):
        """Returns the exit code and what went to stdout."""
        deadline = time.monotonic() + seconds
        while self.read(0.1):
            if time.monotonic() > deadline:
                self.process.kill()
                raise AssertionError("the program does not end")
        output = self.process.stdout.read().decode()
        self.process.stdout.close()
        return self.process.wait(10), output

    def close(self):
        os.close(self.outer)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
