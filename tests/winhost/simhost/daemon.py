# SPDX-License-Identifier: MIT
"""The process that is the machine: `python3 -m simhost.daemon DIRECTORY READY-FD`.

Isolated, it makes namespaces and forks twice: pid 1, which only reaps and ends when the daemon ends, and the daemon.
Killing pid 1 ends everything on the machine at once.
"""

import importlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time

from . import control, machine, mounts, wine
from .host import Host
from .server import Server

MODULES = ("hcn_calls", "layer_calls", "hcs", "disks", "registry_service")
DIRECTORY_SECONDS = 2
SMALL_VOLUME = "size=64m"


def load_modules():
    """Each registers its calls."""
    for name in MODULES:
        importlib.import_module(f"simhost.{name}")


def enter_namespaces(directory):
    """Returns in pid 1 of the new machine; the caller's process ends."""
    mounts.unshare(machine.NAMESPACES)
    leave_starter()
    with open(os.path.join(directory, "simhost.pid"), "w", encoding="utf-8") as file:
        file.write(os.readlink("/proc/self") + "\n")  # /proc still shows the outer numbers
    mounts.make_private()
    mounts.mount("proc", "/proc", "proc")
    mounts.bring_loopback_up()
    socket.sethostname("simhost")
    mounts.own_names(directory, "simhost")
    mounts.keep_access_times(directory)
    hide_wine_servers()
    small = os.path.join(directory, "drive_f")
    mounts.mount("tmpfs", small, "tmpfs", 0, SMALL_VOLUME)
    wine.link_drive(os.path.join(directory, "host"), "f", "../../drive_f")


def leave_starter():
    """Returns in a process that the starter need not wait for."""
    if os.fork():
        os._exit(0)


def hide_wine_servers():
    """Wine keeps its servers' sockets in a directory named by the user id; the machine has its own, gone with it."""
    directory = f"/tmp/.wine-{os.getuid()}"
    os.makedirs(directory, mode=0o700, exist_ok=True)
    mounts.mount("tmpfs", directory, "tmpfs", 0, "mode=0700,size=16m")


def be_init():
    """Fork the daemon; pid 1 reaps until that one ends. Returns in the daemon."""
    daemon = os.fork()
    if not daemon:
        return
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    while True:
        pid, _ = os.wait()
        if pid == daemon:
            os._exit(0)


def write_private(path, text):
    with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(text)


def start_wine(prefix):
    """The Wine server and the services of Windows, so that no program of a test is the one to start them. What a server says that
    fails stands in our log."""
    for command, stderr in (([wine.SERVER, "-p"], None), ([wine.LOADER, "C:\\windows\\system32\\cmd.exe", "/c", "exit"], subprocess.DEVNULL)):
        subprocess.run(command, env=wine.environment(prefix), cwd="/", check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr)


def listen(server, directory):
    """Open both doors: TCP for Windows programs, a unix socket for the command line."""
    tcp = socket.create_server(("127.0.0.1", 0), backlog=64)
    port_file = os.path.join(directory, "host", "drive_c", "windows", "simhost.port")
    write_private(port_file, f"{tcp.getsockname()[1]} {server.token}\n")
    write_private(os.path.join(directory, "token"), server.token)
    for listener in (tcp, control.listen(directory)):
        threading.Thread(target=server.serve, args=(listener,), daemon=True).start()


def power_off_reduced(this):
    """Without a pid namespace the processes of the machine are found one by one."""
    this.kill_by_prefix(but=os.getpid())
    os._exit(137)


def main():
    directory, ready = sys.argv[1], int(sys.argv[2])
    this = machine.Machine(directory)
    mode = this.mode()
    isolated = mode == "isolated"
    wine.fix_addresses()
    if isolated:
        enter_namespaces(directory)
        be_init()
    else:
        leave_starter()
        write_private(os.path.join(directory, "simhost.pid"), f"{os.getpid()}\n")
    load_modules()
    host = Host(directory, this.build(), None if isolated else mode.removeprefix("reduced: "))
    server = Server(host, secrets.token_hex(16))
    if not isolated:
        server.power = lambda: power_off_reduced(this)
    start_wine(this.prefix)
    listen(server, directory)
    os.write(ready, b"ready\n")
    os.close(ready)
    while this.exists():
        time.sleep(DIRECTORY_SECONDS)
    server.power()  # a machine whose directory was deleted has nobody left to end it


if __name__ == "__main__":
    main()
