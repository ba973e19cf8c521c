# SPDX-License-Identifier: MIT
"""A network of its own, with addresses that a test machine does not have."""
import ctypes
import os
import subprocess
import threading
import unittest

CLONE_NEWNET = 0x40000000


class Network:
    """Loopback with more addresses; servers are started and programs run in it. Needs root."""

    def __init__(self, *addresses):
        for command in (["unshare", "-V"], ["ip", "-V"]):
            subprocess.run(command, check=True, capture_output=True)
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec cat"], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if self.holder.stdout.readline() != b"\n":
            self.close()
            raise unittest.SkipTest("a network of its own needs root")
        self.path = f"/proc/{self.holder.pid}/ns/net"
        self.run("ip", "link", "set", "lo", "up")
        for address in addresses:
            self.run("ip", "address", "add", address, "dev", "lo")

    def close(self):
        for pipe in (self.holder.stdin, self.holder.stdout, self.holder.stderr):
            pipe.close()
        self.holder.wait(10)

    def entering(self, *command):
        return ["nsenter", f"--net={self.path}", *command]

    def run(self, *command):
        subprocess.run(self.entering(*command), check=True, capture_output=True)

    def call(self, function, *arguments, **more):
        """The function's result, called in this network: sockets that it makes stay there."""
        result = []

        def work():
            with open(self.path, "rb") as namespace:
                if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            result.append(function(*arguments, **more))
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return result[0]
