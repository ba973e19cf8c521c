# SPDX-License-Identifier: MIT
"""How what wrun calls differs from what Microsoft's client called, and the table of the differences that are meant.

`compare` finds the differences by itself: the two sequences of calls are aligned, what stands in one alone is a difference, and of
calls that correspond every member of every argument that is not the same. EXPLAINED names each; docs/fidelity.md has the reasons,
under the same ids.
"""
import collections
import difflib
import fnmatch

WRUN, RECORDED, VALUE = "only wrun", "only recorded", "other value"

Difference = collections.namedtuple("Difference", "where what wrun recorded")
NOTHING = object()


def label(step):
    """Which call this is: the function, and what it is applied to."""
    function = step["fn"]
    if function == "NameToGuid":
        return f"{function} {step['name']}"
    if function == "HcnModifyNamespace":
        return f"{function} {step['settings']['RequestType']}"
    if function.startswith(("HcnOpen", "HcnDelete")):
        return f"{function} {step['id']}"
    targets = [step[key] for key in ("object", "process", "callback", "handle") if str(step.get(key)).startswith("<")][:1]
    return " ".join([function, *targets, *step.get("propertyQuery", {}).get("PropertyTypes", [])])


def of_members(where, wrun, recorded):
    """The differences of two JSON values."""
    if isinstance(wrun, dict) and isinstance(recorded, dict):
        for key in {**recorded, **wrun}:
            yield from of_members(f"{where}/{key}", wrun.get(key, NOTHING), recorded.get(key, NOTHING))
    elif isinstance(wrun, list) and isinstance(recorded, list):
        for number in range(max(len(wrun), len(recorded))):
            pair = (values[number] if number < len(values) else NOTHING for values in (wrun, recorded))
            yield from of_members(f"{where}/{number}", *pair)
    elif wrun is NOTHING:
        yield Difference(where, RECORDED, None, recorded)
    elif recorded is NOTHING:
        yield Difference(where, WRUN, wrun, None)
    elif wrun != recorded or isinstance(wrun, bool) != isinstance(recorded, bool):
        yield Difference(where, VALUE, wrun, recorded)


def arguments(step):
    return {key: value for key, value in step.items() if key not in ("fn", "hr")}


def compare(wrun, recorded):
    """Every difference of two sequences of steps; what the host answers and tells is not compared."""
    wrun, recorded = ([step for step in steps if step["fn"] != "(event)"] for steps in (wrun, recorded))
    labels = [[label(step) for step in steps] for steps in (wrun, recorded)]
    matcher = difflib.SequenceMatcher(None, *labels, autojunk=False)
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        if kind == "equal":
            for ours, theirs in zip(wrun[start:end], recorded[other_start:other_end]):
                yield from of_members(label(ours), arguments(ours), arguments(theirs))
            continue
        for step in wrun[start:end]:
            yield Difference(label(step), WRUN, step, None)
        for step in recorded[other_start:other_end]:
            yield Difference(label(step), RECORDED, None, step)


def matches(row, recording, difference):
    _, recordings, where, what = row
    return recording in recordings.split() and what == difference.what and fnmatch.fnmatchcase(difference.where, where)


EXPLAINED = [
    # id, recordings, where ('*' stands for anything), what

    # layers
    ("layer-guid", "a1+a2 e1 b1 b2 b2+a2 d2 e2", "NameToGuid wrun-0123456789abcdef", WRUN),
    ("layer-guid", "a1+a2 e1 b1 b2 b2+a2 d2 e2", "NameToGuid name of <*>", RECORDED),
    ("file-calls", "a1+a2 b2+a2 e1", "BackupWrite:*", RECORDED),
    ("file-calls", "b2 b2+a2", "BackupRead:open", RECORDED),
    ("staging-place", "a1+a2 b2+a2 e1", "ImportLayer/path", VALUE),
    ("staging-place", "b2 b2+a2", "ExportLayer/path", VALUE),
    ("commit-place", "b2+a2", "ImportLayer/id", VALUE),
    ("commit-place", "b2+a2", "ImportLayer/descriptors/0/*", VALUE),
    ("commit-place", "b2+a2", "ImportLayer/descriptors/1", WRUN),
    ("commit-place", "b2+a2", "DestroyLayer", WRUN),
    ("root-security", "b2+a2", "ImportLayer/sourceTree/13/size", VALUE),
    ("root-security", "b2+a2", "ImportLayer/sourceTree/17/size", VALUE),
    ("scratch-template", "b1", "CreateSandboxLayer", RECORDED),
    ("scratch-name", "b1 e2", "DestroyLayer/id", VALUE),
    ("recording-ends", "d2", "DestroyLayer", WRUN),

    # compute systems and processes
    ("request", "d2 e2", "HcsCreateComputeSystem/configuration/Container/Memory", RECORDED),
    ("request", "d2 e2", "HcsCreateComputeSystem/configuration/Container/Processor", RECORDED),
    ("request", "d2", "HcsCreateComputeSystem/configuration/Container/Storage/QoS", RECORDED),
    ("request", "d2", "HcsCreateComputeSystem/configuration/Container/MappedPipes", RECORDED),
    ("request", "d2", "HcsCreateComputeSystem/configuration/Container/Networking/DnsSearchList", RECORDED),
    ("request", "e2", "HcsCreateComputeSystem/configuration/Container/MappedDirectories/1", WRUN),
    ("request", "e2", "HcsCreateComputeSystem/configuration/Container/GuestOs", WRUN),
    ("request", "d2 e2", "HcsCreateProcess <system>/processParameters/CommandLine", VALUE),
    ("request", "e2", "HcsCreateProcess <system>/processParameters/User", VALUE),
    ("request", "d2 e2", "HcsCreateProcess <system>/processParameters/Environment/DEMO*", WRUN),
    ("request", "e2", "HcsCreateProcess <system>/processParameters/Environment/FOO", WRUN),
    ("second-process", "d2", "HcsCreateProcess <system>", RECORDED),
    ("second-process", "d2", "Hcs* <process 2>", RECORDED),
    ("kill", "d2", "Hcs* <opened *>", RECORDED),
    ("kill", "d2", "HcsOpenComputeSystem", RECORDED),
    ("system-id", "d2 e2", "HcsCreateComputeSystem/id", VALUE),
    ("owner", "d2 e2", "HcsCreateComputeSystem/configuration/Owner", VALUE),
    ("registry-changes", "d2 e2", "HcsCreateComputeSystem/configuration/Container/RegistryChanges", RECORDED),
    ("properties", "d2 e2", "HcsGetComputeSystemProperties <system>", RECORDED),
    ("statistics", "d2", "HcsGetComputeSystemProperties <system> Statistics", RECORDED),
    ("stdin-pipe", "d2", "HcsCreateProcess <system>/processParameters/CreateStdInPipe", WRUN),
    ("stdin-pipe", "d2", "HcsModifyProcess <process>", WRUN),
    ("exit-code", "d2 e2", "HcsGetProcessProperties <process>", WRUN),
    ("computecore", "e2", "HcsCreateOperation", RECORDED),
    ("computecore", "e2", "HcsWaitForOperationResult*", RECORDED),
    ("computecore", "e2", "HcsCloseOperation", RECORDED),
    ("computecore", "e2", "Hcs*/op", RECORDED),
    ("computecore", "e2", "Hcs*/securityDescriptor", RECORDED),
    ("computecore", "e2", "HcsRegister*Callback <*>/options", RECORDED),
    ("computecore", "e2", "HcsCreateComputeSystem/identity", WRUN),
    ("computecore", "e2", "HcsUnregister*Callback <*>", WRUN),
    ("release", "e2", "HcsCloseComputeSystem <system>", WRUN),
    ("release", "e2", "HcsCloseComputeSystem <system>", RECORDED),
    ("containerd", "e2", "HcsOpenComputeSystem", RECORDED),
    ("containerd", "e2", "BfRemoveMapping", RECORDED),

    # networks, namespaces, endpoints
    ("network-order", "e2", "HcnCreateNamespace", WRUN),
    ("network-order", "e2", "HcnCreateNamespace", RECORDED),
    ("network-order", "e2", "HcnQueryNamespaceProperties <namespace>", WRUN),
    ("network-order", "e2", "HcnQueryNamespaceProperties <namespace>", RECORDED),
    ("network-order", "e2", "HcnCloseNamespace <namespace>", RECORDED),
    ("no-endpoint", "e2", "Hcn* <network>", WRUN),
    ("no-endpoint", "e2", "HcnEnumerateNetworks", WRUN),
    ("no-endpoint", "e2", "HcnCreateNetwork", WRUN),
    ("no-endpoint", "e2", "HcnCreateEndpoint", WRUN),
    ("no-endpoint", "e2", "Hcn* <endpoint>", WRUN),
    ("no-endpoint", "e2", "HcnOpenNamespace <namespace>", WRUN),
    ("no-endpoint", "e2", "HcnCloseNamespace <namespace>", WRUN),
    ("no-endpoint", "e2", "HcnModifyNamespace *", WRUN),
    ("namespace-deletion", "e2", "HcnDeleteNamespace <namespace>", WRUN),
    ("namespace-deletion", "e2", "HNSCall", RECORDED),
    ("ids", "c1 c3", "HcnCreate*/id", VALUE),
    ("network-search", "c1 c3", "Hcn*/query/Filter", RECORDED),
    ("network-search", "c1", "HcnCloseNetwork <network>", WRUN),
    ("network-search", "c1", "HcnEnumerateNetworks", WRUN),
    ("network-search", "c1", "HcnOpenNetwork <network>", WRUN),
    ("network-there", "c3", "HcnEnumerateNetworks", WRUN),
    ("network-there", "c3", "HcnCreateNetwork", WRUN),
    ("network-there", "c3", "HcnCloseNetwork <network>", WRUN),
    ("network-settings", "c1", "HcnCreateNetwork/settings/Ipams", RECORDED),
    ("empty-members", "c1", "HcnCreateNetwork/settings/MacPool", RECORDED),
    ("empty-members", "c1", "HcnCreateNetwork/settings/Dns", RECORDED),
    ("empty-members", "c3", "HcnCreateEndpoint/settings/Dns", RECORDED),
    ("empty-members", "c1 c3", "HcnCreate*/settings/Health", RECORDED),
    ("request", "c1", "HcnCreateEndpoint/settings/Dns", RECORDED),
    ("request", "c1 c3", "HcnCreateEndpoint/settings/Policies", RECORDED),
    ("namespace-type", "c1", "HcnCreateNamespace/settings/Type", RECORDED),
    ("namespace-there", "c3", "HcnCreateNamespace", WRUN),
    ("namespace-there", "c3", "HcnQueryNamespaceProperties <namespace>", WRUN),
    ("namespace-there", "c3", "HcnCloseNamespace <namespace>", WRUN),
    ("namespace-there", "c3", "HcnDeleteNamespace <namespace>", WRUN),
    ("endpoint-name", "c1 c3", "HcnCreateEndpoint/settings/Name", VALUE),
    ("endpoint-routes", "c1 c3", "HcnCreateEndpoint/settings/Routes", RECORDED),
    ("namespace-query", "c1 c3", "HcnQueryNamespaceProperties <namespace>", RECORDED),
    ("enumeration", "c1 c3", "HcnEnumerateNamespaces", RECORDED),
    ("enumeration", "c3", "HcnEnumerateEndpoints", RECORDED),
    ("enumeration", "c3", "HcnOpenNamespace <namespace>", RECORDED),
    ("enumeration", "c3", "HcnCloseNamespace <namespace>", RECORDED),
    ("enumeration", "c3", "Hcn* <endpoint>", RECORDED),
    ("recording-ends", "c1", "HcnModifyNamespace Remove", WRUN),
    ("recording-ends", "c1", "HcnDelete*", WRUN),
]
