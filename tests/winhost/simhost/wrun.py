# SPDX-License-Identifier: MIT
"""`python3 -m simhost.wrun ARGS`, run as tools/wrun: wrun.exe on the default machine, which is started when it is not up.

Arguments go to wrun.exe as they are. What is said here goes to stderr, and only when something had to be started.
"""

import argparse
import os
import subprocess
import sys

from . import __main__ as command_line
from . import control
from .machine import Machine, MachineError

BUILD = os.path.join(command_line.ROOT, "build", "mingw")
DEMO_IMAGE = os.path.join(command_line.ROOT, "tools", "demo-image")
EXECUTABLE = "wrun.exe"
HOST_FAILED = 125


def find_executable():
    """WRUN_EXE, or the newest wrun.exe of the Windows build."""
    if "WRUN_EXE" in os.environ:
        return os.environ["WRUN_EXE"]
    found = [os.path.join(parent, EXECUTABLE) for parent, _, names in os.walk(BUILD) if EXECUTABLE in names]
    if not found:
        raise MachineError(f"no {EXECUTABLE} below {BUILD}; build the preset `mingw`, or set WRUN_EXE")
    return max(found, key=os.path.getmtime)


def start_machine(machine):
    """The machine, its registry, and the demo image in it: all there when this returns, whoever started them."""
    with machine.only_one():
        if not machine.pid():
            command_line.say(f"tools/wrun: starting the simulated Windows host in {machine.directory}")
        command_line.make_and_start(machine, command_line.parser().parse_args(["start"]))
        code, values = control.ask(machine.directory, "registry")
        if code != "0x00000000":
            command_line.say(f"tools/wrun: no image registry: {values.get('result', code)}")
        elif values["response"] == "true" and os.path.exists(DEMO_IMAGE):
            publish(machine)


def publish(machine):
    command_line.say("tools/wrun: publishing the demo image to 127.0.0.1:5000")
    done = subprocess.run([*machine.enter(), DEMO_IMAGE, "publish"], stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
    if done.returncode:
        command_line.say(f"tools/wrun: {DEMO_IMAGE} publish failed with {done.returncode}")


def main():
    machine = Machine(os.environ.get("WINHOST_MACHINE", command_line.DEFAULT_MACHINE))
    arguments = sys.argv[1:]
    try:
        if arguments == ["--leftovers"]:
            return command_line.leftovers(machine, argparse.Namespace(json=False))
        program = find_executable()
        start_machine(machine)
        options = command_line.parser().parse_args(["run", "--", program])
        options.command = [program, *arguments]
        return command_line.run(machine, options)
    except (MachineError, OSError) as error:
        command_line.say(f"tools/wrun: {error}")
        return HOST_FAILED


if __name__ == "__main__":
    sys.exit(main())
