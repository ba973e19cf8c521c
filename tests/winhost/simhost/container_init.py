# SPDX-License-Identifier: MIT
"""The first process of a container: pid 1 of its own namespaces.

Started by container.py as `container_init.py CONTROL-FD SPEC.json`. It makes the namespaces, forks into them, mounts what the
container shall see, and then starts programs when told so over the control socket (SOCK_SEQPACKET, one JSON object a message).
The end of the control socket is the end of the container: with pid 1 the kernel ends every process and mount of the namespaces.

daemon to init: {"op":"start"}, {"op":"exec","id":N,"argv":[...],"env":{...}} with three descriptors,
    {"op":"interrupt","mark":"NAME=VALUE"} for the processes with that environment variable, {"op":"end"}
init to daemon: {"event":"created","pid":N}, {"event":"started"}, {"event":"gone","id":N}, {"event":"failed","text":"..."}

Without namespaces ("isolated": false in the spec) the same program runs as an ordinary process and ends its descendants itself.
"""

import array
import fcntl
import json
import os
import select
import signal
import socket
import sys
import termios
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import mounts  # noqa: E402  (the program runs isolated from the user's site)

NAMESPACES = mounts.CLONE_NEWNS | mounts.CLONE_NEWPID | mounts.CLONE_NEWUTS | mounts.CLONE_NEWIPC | mounts.CLONE_NEWNET
MESSAGE_MAX = 1 << 18
START_SECONDS = 60


def receive(control):
    """One message and its descriptors; (None, []) at the end."""
    descriptors = array.array("i")
    room = socket.CMSG_SPACE(3 * descriptors.itemsize)
    data, ancillary, _, _ = control.recvmsg(MESSAGE_MAX, room)
    for level, kind, body in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(body[: len(body) - len(body) % descriptors.itemsize])
    return (json.loads(data) if data else None), list(descriptors)


def send(control, **message):
    try:
        control.send(json.dumps(message).encode())
    except (BrokenPipeError, ConnectionResetError):
        pass


def run_program(argv, environment, descriptors, directory):
    """Forks and executes with the descriptors as standard streams; returns the pid."""
    pid = os.fork()
    if pid != 0:
        return pid
    try:
        os.setsid()
        for signum in (signal.SIGPIPE, signal.SIGCHLD):
            signal.signal(signum, signal.SIG_DFL)
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number + 10)
        for number in range(3):
            os.dup2(number + 10, number)
        os.closerange(3, 256)
        if os.isatty(0):
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # Ctrl-C typed there becomes a signal
        os.chdir(directory)
        os.execve(argv[0], argv, environment)
    finally:
        os._exit(127)


def descendants(pid):
    """Every process below `pid`, by what /proc says."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                parents[int(name)] = int(file.read().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found, waiting = [], [pid]
    while waiting:
        parent = waiting.pop()
        children = [child for child, its_parent in parents.items() if its_parent == parent]
        found += children
        waiting += children
    return found


def interrupt(mark, starters):
    """Wine makes SIGINT a Ctrl-C event. A program and what it started have the mark in common; their starter is spared."""
    wanted = mark.encode()
    for name in filter(str.isdigit, os.listdir("/proc")):
        if int(name) in starters:
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                marked = wanted in file.read().split(b"\0")
            if marked:
                os.kill(int(name), signal.SIGINT)
        except OSError:
            continue


def end_descendants():
    for _ in range(50):
        left = descendants(os.getpid())
        if not left:
            return
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    break
            except ChildProcessError:
                break
        time.sleep(0.02)


def ensure_point(source, target):
    """A mount below another mount has its point in that one's source."""
    if os.path.exists(target):
        return
    if os.path.isdir(source):
        os.makedirs(target)
    else:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))


class Init:
    def __init__(self, control, spec):
        self.control = control
        self.spec = spec
        self.running = {}  # unix pid of a starter -> number the daemon gave
        self.null = os.open("/dev/null", os.O_RDWR)

    def prepare(self):
        spec = self.spec
        if spec["isolated"]:
            mounts.make_private()
            mounts.mount("proc", "/proc", "proc")
            mounts.bring_loopback_up()
            socket.sethostname(spec["hostname"])
            mounts.own_names(os.path.dirname(spec["ready_fifo"]), spec["hostname"])
            self.hide_servers()
        for entry in spec["binds"]:
            ensure_point(entry["source"], entry["target"])
            mounts.bind(entry["source"], entry["target"], entry["read_only"])

    def hide_servers(self):
        """Wine keeps its server's socket in a directory named by the user id; each container has one of its own."""
        directory = f"/tmp/.wine-{os.getuid()}"
        os.makedirs(directory, mode=0o700, exist_ok=True)
        mounts.mount("tmpfs", directory, "tmpfs", 0, "mode=0700,size=16m")

    def start(self):
        """Starts the program that keeps the Wine server alive, and waits until it says that it runs."""
        ready = os.open(self.spec["ready_fifo"], os.O_RDWR | os.O_NONBLOCK)
        log = os.open(self.spec["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        pid = run_program(self.spec["hold"], self.spec["env"], [self.null, log, log], self.spec["directory"])
        os.close(log)
        deadline = time.monotonic() + START_SECONDS
        try:
            while time.monotonic() < deadline:
                if select.select([ready], [], [], 0.1)[0]:
                    send(self.control, event="started")
                    return
                if os.waitpid(pid, os.WNOHANG)[0] == pid:
                    break
        finally:
            os.close(ready)
        send(self.control, event="failed", text="the container's operating system did not start")

    def execute(self, message, descriptors):
        try:
            pid = run_program(message["argv"], message["env"], descriptors, self.spec["directory"])
            self.running[pid] = message["id"]
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def reap(self):
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self.running:
                send(self.control, event="gone", id=self.running.pop(pid))

    def loop(self):
        wake, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        while True:
            ready, _, _ = select.select([self.control, wake], [], [])
            if wake in ready:
                os.read(wake, 4096)
                self.reap()
            if self.control in ready:
                message, descriptors = receive(self.control)
                if message is None or message["op"] == "end":
                    return
                if message["op"] == "start":
                    self.start()
                elif message["op"] == "exec":
                    self.execute(message, descriptors)
                elif message["op"] == "interrupt":
                    interrupt(message["mark"], self.running)


def enter_namespaces(control):
    """In the parent: waits for the child and passes on its end. In the child, which is pid 1, returns."""
    mounts.unshare(NAMESPACES)
    pid = os.fork()
    if pid == 0:
        mounts.prctl(mounts.PR_SET_PDEATHSIG, signal.SIGKILL)
        return
    send(control, event="created", pid=pid)
    control.close()
    os.waitpid(pid, 0)
    os._exit(0)


def main():
    control = socket.socket(fileno=int(sys.argv[1]))
    with open(sys.argv[2], encoding="utf-8") as file:
        spec = json.load(file)
    try:
        if spec["isolated"]:
            enter_namespaces(control)
        else:
            mounts.prctl(mounts.PR_SET_CHILD_SUBREAPER, 1)
            send(control, event="created", pid=os.getpid())
        init = Init(control, spec)
        init.prepare()
        send(control, event="prepared")
        init.loop()
    except OSError as problem:
        send(control, event="failed", text=str(problem))
    if not spec["isolated"]:
        end_descendants()
    os._exit(0)


if __name__ == "__main__":
    main()
