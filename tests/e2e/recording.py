# SPDX-License-Identifier: MIT
"""Journals of the simulated host and recordings of Microsoft's client in one form that can be compared.

A step is one call as the client made it: function, arguments, and (in `hr`) what came back. Answers are the host's and are left out.
Whatever is different each time has a name instead: <network>, <volume>, <system>, ...
"""
import json
import ntpath
import pathlib
import re

TRACES = pathlib.Path(__file__).resolve().parents[1] / "data/traces"
GUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

# members of an entry that the client did not send
NOT_SENT = {"t", "pid", "seq", "dll", "fn", "hr", "guid", "mount", "created", "response", "stdin", "stdout", "stderr", "buffer", "tree",
            "stubCopied", "fault"}
HANDLE_IN = {"HcsCreateProcess": {"handle"}, "HcsOpenProcess": {"handle"}}
HANDLE_OUT = {"HcsCreateComputeSystem": "handle", "HcsOpenComputeSystem": "handle", "HcsCreateProcess": "process",
              "HcsOpenProcess": "process"}
NULL = (0, "0x0")

# the other library's names for the same
SAME = {"HcsSetComputeSystemCallback": "HcsRegisterComputeSystemCallback", "HcsSetProcessCallback": "HcsRegisterProcessCallback",
        "HcsShutDownComputeSystem": "HcsShutdownComputeSystem", "(stub->client event)": "(event)", "(stub->client callback)": "(event)"}

# the other library's names for the same arguments
SAME_ARGUMENT = {("computecore", "HcsModifyProcess", "options"): "settings", ("computecore", "HcsCloseProcess", "process"): "handle"}

# an event may be written before the call that brings it about or makes it heard
BEFORE_EVENT = {"0x00000002": "HcsRegisterComputeSystemCallback", "0x00000003": "HcsStartComputeSystem",
                "0x00000001": "HcsShutdownComputeSystem", "0x00010000": "HcsModifyProcess"}


def read(name):
    with open(TRACES / name, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def answer(entry, name):
    return entry.get(name, entry.get(f"{name}(stub)"))


class Names:
    """Names for what is different each time, learned from the calls that make it or use it first."""

    def __init__(self, entries):
        self.texts = [(f"Volume\\{{00000000-0000-0000-0000-0000000000[0-9a-f]{{2}}\\}}", "Volume{of the mounts}")]
        self.handles, self.callbacks, self.layer_names = {}, [], {}
        for entry in entries:
            learn = getattr(self, "learn_" + entry["fn"], None)
            if learn:
                learn(entry)
            self.learn_handles(entry)

    def text(self, text, name):
        """`text` is `name` wherever it stands; what was learned first wins."""
        self.texts.append((re.escape(text) + "(?![0-9A-Za-z])", name))

    def directory(self, path, name):
        self.text("\\\\?\\" + path, f"\\\\?\\<{name}>")
        self.text(path, f"<{name}>")
        self.layer_names[ntpath.basename(path)] = f"name of <{name}>"

    def layer(self, descriptor, name):
        self.directory(descriptor["Path"], name)
        self.text(descriptor["LayerId"], f"<guid of {name}>")

    # --- layers ---

    def learn_ProcessBaseImage(self, entry):
        self.directory(entry["path"].removeprefix("\\\\?\\"), "base")

    def learn_ImportLayer(self, entry):
        self.layer(entry["descriptors"][-1], "base")
        self.directory(entry["id"].removeprefix("\\\\?\\"), "top" if len(entry["descriptors"]) == 1 else "committed")
        folder, name = ntpath.split(entry["path"])
        kind = "random GUID" if re.fullmatch(GUID, name) else name.rstrip("0123456789") + "<number>"
        self.text(entry["path"], f"<{'store' if ntpath.basename(folder) == 'tmp' else 'temp'}>\\{kind}")

    def learn_ExportLayer(self, entry):
        """The folder for the export, and whose it is."""
        folder, name = ntpath.split(entry["path"])
        if re.fullmatch("hcs[0-9]+", name):
            self.text(entry["path"], "<temp>\\hcs<number>")
            return
        self.text(folder, f"<{'store' if ntpath.basename(ntpath.dirname(folder)) == 'tmp' else 'elsewhere'}>\\random GUID")

    def learn_PrepareLayer(self, entry):
        for descriptor, name in zip(entry["descriptors"], ("top", "base"), strict=True):
            self.layer(descriptor, name)

    def learn_ActivateLayer(self, entry):
        folder, name = ntpath.split(entry["id"])
        self.directory(entry["id"], "scratch")
        self.texts.append((re.escape(f"{folder}\\rm-{name}") + "-[0-9a-f]{8}", "<scratch's folder>\\rm-<scratch's name>-<random>"))
        self.text(f"{folder}\\rm-{name}", "<scratch's folder>\\rm-<scratch's name>")
        if re.fullmatch("[0-9a-f]{32}", name):  # not for recordings, where it is a digit
            self.text(name, "<run>")
            self.text(name[:12], "<run, 12 digits>")

    def learn_GetLayerMountPath(self, entry):
        self.text(answer(entry, "mount"), "<volume>")

    # --- networks ---

    def learn_object(self, entry, name):
        self.text(answer(entry, "created") or entry["id"], name)

    def learn_HcnCreateNetwork(self, entry):
        self.learn_object(entry, "<network>")

    def learn_HcnCreateNamespace(self, entry):
        self.learn_object(entry, "<namespace>")

    def learn_HcnCreateEndpoint(self, entry):
        self.learn_object(entry, "<endpoint>")

    learn_HcnOpenNetwork, learn_HcnOpenNamespace = learn_HcnCreateNetwork, learn_HcnCreateNamespace

    def learn_HcsCreateComputeSystem(self, entry):
        networking = entry["configuration"]["Container"].get("Networking")
        if networking:
            self.text(networking["Namespace"], "<namespace>")

    # --- handles ---

    def learn_handles(self, entry):
        made = entry.get(HANDLE_OUT.get(entry["fn"]))
        if made:
            kind = "system" if "System" in entry["fn"] else "process"
            opened = "opened " if "Open" in entry["fn"] else ""
            same = sum(1 for name in self.handles.values() if name.startswith(f"<{opened}{kind}"))
            self.handles.setdefault(made, f"<{opened}{kind}{f' {same + 1}' if same else ''}>")
        if entry["fn"].startswith("HcsRegister"):
            self.callbacks.append(entry.get("process", entry.get("handle")))

    # --- use ---

    def named(self, value):
        if isinstance(value, dict):
            return {key: self.named(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.named(each) for each in value]
        if isinstance(value, str):
            for pattern, name in self.texts:
                value = re.sub(pattern, lambda _, name=name: name, value)
        return value

    def argument(self, key, value):
        if key == "callback" and isinstance(value, int):  # the journal has the number of the registration
            value = self.callbacks[value - 1]
        if key in ("handle", "process", "callback", "on"):
            return self.handles.get(value, value)
        if key in ("identity", "parent", "securityDescriptor") and value in NULL:
            return None
        if key == "name" and value in self.layer_names:
            return self.layer_names[value]
        return self.named(value)


def sent(entry):
    """The arguments, under the names of the recordings."""
    function = SAME.get(entry["fn"], entry["fn"])
    left_out = set(NOT_SENT)
    if function.startswith("Hcn"):
        left_out.add("handle")
    elif function in HANDLE_OUT:
        left_out |= {"handle", "process"} - HANDLE_IN.get(function, set())
    elif function.startswith("HcsRegisterProcess"):
        entry = {**entry, "process": entry.get("process", entry.get("handle"))}
        left_out.add("handle")
    arguments = {}
    for key, value in entry.items():
        key = SAME_ARGUMENT.get((entry.get("dll"), function, key), key)
        outer, dot, inner = key.partition(".")
        if key in left_out or key.endswith("(stub)"):
            continue
        if dot:
            arguments.setdefault(outer, {})[inner] = value
        else:
            arguments[key] = value
    return function, arguments


def in_order(steps):
    """Each event at once after the call that it may have overtaken in the journal."""
    ordered, early = [], []
    for step in steps:
        cause = BEFORE_EVENT.get(step.get("type"))
        if cause and not any(each["fn"] == cause for each in ordered):
            early.append((cause, step))
            continue
        ordered.append(step)
        ordered += [event for cause, event in early if cause == step["fn"]]
        early = [pair for pair in early if pair[0] != step["fn"]]
    if early:
        raise ValueError(f"events without a cause: {early}")
    return ordered


def steps(entries):
    """The calls and events of a journal or a recording, in its order."""
    names = Names(entries)
    result = []
    for entry in entries:
        function, arguments = sent(entry)
        arguments = {key: names.argument(key, value) for key, value in arguments.items()}
        result.append({"fn": function, **arguments, "hr": entry["hr"]})
    return result
