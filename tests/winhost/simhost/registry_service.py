# SPDX-License-Identifier: MIT
"""An image registry on the machine's loopback, for trying things out: the distribution's docker-registry."""

import os
import shutil
import socket
import subprocess
import time

from . import hresult
from .server import Refusal, Reply, call

PORT = 5000
PROGRAM = "docker-registry"
READY_SECONDS = 15

CONFIGURATION = """version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {storage}}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


class Registry:
    """Started once, on request; it ends with the machine."""

    def __init__(self, host):
        self.host = host
        self.process = None

    def start(self):
        """Returns when it answers; whether it had to be started."""
        with self.host.lock:
            if self.process and self.process.poll() is None:
                return False
            if answers():
                raise Refusal(hresult.SHARING_VIOLATION, f"port {PORT} is in use by something else")
            self.process = self._spawn()
        deadline = time.monotonic() + READY_SECONDS
        while not answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Refusal(hresult.NOT_READY, f"{PROGRAM} did not start, see registry.log in {self.host.directory}")
            time.sleep(0.02)
        return True

    def _spawn(self):
        if not shutil.which(PROGRAM):
            raise Refusal(hresult.FILE_NOT_FOUND, f"{PROGRAM} is not installed")
        directory = self.host.directory
        path = os.path.join(directory, "registry.yml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(storage=os.path.join(directory, "registry"), port=PORT))
        with open(os.path.join(directory, "registry.log"), "ab") as log:
            return subprocess.Popen([PROGRAM, "serve", path], stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def answers():
    try:
        socket.create_connection(("127.0.0.1", PORT), 1).close()
        return True
    except OSError:
        return False


@call("winhost", "registry")
def registry(ctx):
    started = ctx.host.part(Registry).start()
    return Reply({"response": "true" if started else "false"})
