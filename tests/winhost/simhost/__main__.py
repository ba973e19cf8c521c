# SPDX-License-Identifier: MIT
"""The command line: `python3 -m simhost COMMAND`, run as tools/winhost."""

import argparse
import json
import os
import signal
import subprocess
import sys

from . import control, faults, runs
from .machine import DEFAULT_BUILD, Machine, MachineError, find_programs

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
DEFAULT_MACHINE = os.path.join(ROOT, "build", "winhost", "default")
DEFAULT_PROGRAMS = os.path.join(ROOT, "build", "mingw", "winhost")
CANNOT_START = 126


def say(text):
    print(text, file=sys.stderr, flush=True)


def start(machine, options):
    with machine.only_one():
        return make_and_start(machine, options)


def make_and_start(machine, options):
    programs = find_programs(options.dlls)
    if not machine.exists():
        if "vmcompute.dll" not in programs:
            raise MachineError(f"no vmcompute.dll below {options.dlls}; build it or name its directory with --dlls")
        machine.create(options.build or DEFAULT_BUILD, programs)
    elif options.build not in (None, machine.build()):
        raise MachineError(f"the machine is there already, with build {machine.build()}")
    machine.install(programs)
    if machine.pid():
        return 0
    mode = machine.start("forced" if options.reduced else None)
    if mode != "isolated":
        say(f"winhost: {mode}: merged trees are copied, mounts are links, the network is shared")
    return 0


def stop(machine, _):
    machine.stop()
    return 0


def cut(machine, _):
    machine.cut_power()
    return 0


def run(machine, options):
    need_running(machine)
    extra = dict(pair.split("=", 1) for pair in options.env)
    if "TERM" in os.environ:
        extra.setdefault("TERM", os.environ["TERM"])
    one = runs.Run(machine, options.command, options.cwd, extra)
    if options.run_file:
        write(options.run_file, one.token)
    one.start()
    signal.signal(signal.SIGINT, signal.SIG_IGN if sys.stdin.isatty() else lambda *_: one.interrupt())
    signal.signal(signal.SIGTERM, lambda *_: one.kill())
    code = one.wait()
    if one.error is not None:
        say(f"winhost: cannot start {options.command[0]}: Windows error {one.error}")
        return CANNOT_START
    if options.exit_file:
        write(options.exit_file, "killed" if code is None else str(code))
    return 137 if code is None else code & 0xFF


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text + "\n")


def kill(_, options):
    with open(options.run_file, encoding="utf-8") as file:
        token = file.read().strip()
    done = runs.interrupt(token) if options.interrupt else runs.kill(token)
    return 0 if done else 1


def need_running(machine):
    if not machine.pid():
        raise MachineError(f"the machine {machine.directory} does not run; start it first")


def leftovers(machine, options):
    need_running(machine)
    lines = control.ask_json(machine.directory, "leftovers")
    if options.json:
        print(json.dumps([{"kind": kind, "text": text} for kind, text in lines], indent=1))
    else:
        for kind, text in lines:
            print(f"{kind}: {text}")
    return 1 if lines else 0


def show_journal(machine, options):
    path = machine.path("journal.jsonl")
    if options.clear:
        os.truncate(path, 0)
        return 0
    if options.path:
        print(path)
        return 0
    with open(path, encoding="utf-8") as file:
        for line in file:
            sys.stdout.write(line)
    return 0


def fault(machine, options):
    path = machine.path("faults.json")
    if options.clear:
        faults.clear(path)
    for text in options.rule:
        faults.add(path, json.loads(text))
    if not options.clear and not options.rule:
        print(json.dumps(faults.load(path), indent=1))
    return 0


def plant(machine, options):
    need_running(machine)
    control.plant(machine.directory, options.scratch, json.load(options.things), options.on)
    return 0


def status(machine, options):
    pid = machine.pid() if machine.exists() else None
    facts = {"directory": machine.directory, "running": bool(pid)}
    if machine.exists():
        facts["build"] = machine.build()
    if pid:
        facts.update(pid=pid, mode=machine.mode())
    if options.json:
        print(json.dumps(facts))
    else:
        for name, value in facts.items():
            print(f"{name}: {value}")
    return 0 if pid else 1


def enter(machine, options):
    need_running(machine)
    return subprocess.run([*machine.enter(), *options.command], check=False).returncode


def parser():
    top = argparse.ArgumentParser(prog="winhost", description="A simulated Windows container host.")
    top.add_argument("--machine", default=os.environ.get("WINHOST_MACHINE", DEFAULT_MACHINE), help="the machine's directory")
    commands = top.add_subparsers(dest="verb", required=True)

    def command(function, name, about):
        sub = commands.add_parser(name, help=about, description=about)
        sub.set_defaults(function=function)
        return sub

    sub = command(start, "start", "make the machine when it is not there, and start it")
    sub.add_argument("--build", type=int, help="Windows build of a new machine: 17763, 20348 (default) or 26100")
    sub.add_argument("--dlls", default=os.environ.get("WINHOST_DLLS", DEFAULT_PROGRAMS), help="where the simulation's DLLs are")
    sub.add_argument("--reduced", action="store_true", default=bool(os.environ.get("WINHOST_REDUCED")),
                     help="do without namespaces and overlay")
    command(stop, "stop", "shut the machine down")
    command(cut, "cut-power", "end the machine at once, disks as they are")
    sub = command(run, "run", "run a Windows program on the machine")
    sub.add_argument("--env", action="append", default=[], metavar="K=V", help="set a Windows environment variable")
    sub.add_argument("--cwd", default="C:\\", help="directory to start in")
    sub.add_argument("--exit-file", help="write the whole 32-bit exit code there, or `killed`")
    sub.add_argument("--run-file", help="write a token there that `kill` takes")
    sub.add_argument("command", nargs="+", metavar="PROGRAM ARGS")
    sub = command(kill, "kill", "kill a run, or send it Ctrl-C")
    sub.add_argument("--interrupt", action="store_true", help="Ctrl-C instead")
    sub.add_argument("run_file", help="the file that `run --run-file` wrote")
    sub = command(leftovers, "leftovers", "what is left on the machine; exit code 1 when there is something")
    sub.add_argument("--json", action="store_true")
    sub = command(show_journal, "journal", "print every call so far")
    sub.add_argument("--path", action="store_true", help="print where it is")
    sub.add_argument("--clear", action="store_true", help="empty it")
    sub = command(fault, "fault", "add fault rules (JSON), or show them")
    sub.add_argument("--clear", action="store_true", help="remove all rules first")
    sub.add_argument("rule", nargs="*")
    sub = command(plant, "plant", "put files on a scratch as if a container had made them, with what Wine cannot make")
    sub.add_argument("--on", action="append", default=[], metavar="LAYER", help="its layers, topmost first; needed where nothing used it yet")
    sub.add_argument("scratch", help="directory of the scratch, as Windows names it")
    sub.add_argument("things", nargs="?", type=argparse.FileType(encoding="utf-8"), default=sys.stdin, help="JSON file; default: standard input")
    sub = command(status, "status", "whether it runs, and how")
    sub.add_argument("--json", action="store_true")
    sub = command(enter, "enter", "run a Linux program in the machine's namespaces")
    sub.add_argument("command", nargs="+", metavar="PROGRAM ARGS")
    return top


def main():
    options = parser().parse_args()
    try:
        return options.function(Machine(options.machine), options)
    except (MachineError, ValueError, FileNotFoundError) as error:
        say(f"winhost: {error}")
        return 125


if __name__ == "__main__":
    sys.exit(main())
