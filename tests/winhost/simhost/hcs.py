# SPDX-License-Identifier: MIT
"""The compute system calls of vmcompute.dll, process isolation with a schema 2 document.

Sources: Microsoft's HCS reference and schema pages, hcsshim (internal/hcs, internal/vmcompute), moby, containerd, and the issues
named where a rule comes from one; what none of them shows stands in docs/simulation.md.
"""

import functools
import json
import secrets
import threading
import time

from . import documents, hresult, processes, systemchecks
from .hresult import OPERATION_PENDING
from .layers import Layers
from .server import Refusal, Reply, call
from .systems import ALREADY_STOPPED, CREATED, INVALID_STATE, RUNNING, STOPPED, SYSTEM_NOT_FOUND, System, Systems


# --- calls on systems -----------------------------------------------------------------------------------------------------------------


def system_call(function):
    """A call whose first argument is a system handle."""

    def register(implementation):
        @functools.wraps(implementation)
        def on_handle(ctx):
            return implementation(ctx, ctx.handle("handle", "system"))

        return call("vmcompute", function)(on_handle)

    return register


def need(condition, code, message=None):
    if not condition:
        raise Refusal(code, message)


@call("vmcompute", "HcsCreateComputeSystem")
def create_compute_system(ctx):
    identity = ctx.arg("id")
    documents.check_id(identity)
    document = ctx.document("configuration")
    documents.check_compute_system(document, ctx.host.build)
    systems, layers = ctx.host.part(Systems), ctx.host.part(Layers)
    with layers.lock:
        need(identity not in systems.by_id, hresult.HCS_SYSTEM_ALREADY_EXISTS)
        plan = systemchecks.plan(ctx.host, layers, document["Container"])
        system = System(ctx.host, identity, document, plan)
        systems.add(system)
        plan.scratch.users.add(identity)
    number = system.open(ctx)
    threading.Thread(target=system.create, daemon=True).start()
    return Reply({"handle": str(number)}, OPERATION_PENDING)


@call("vmcompute", "HcsOpenComputeSystem")
def open_compute_system(ctx):
    system = ctx.host.part(Systems).by_id.get(ctx.arg("id"))
    need(system, SYSTEM_NOT_FOUND)
    return Reply({"handle": str(system.open(ctx))})


@call("vmcompute", "HcsCloseComputeSystem")
def close_compute_system(ctx):
    ctx.close("handle", "system")


@system_call("HcsStartComputeSystem")
def start_compute_system(ctx, system):
    with system.lock:
        need(system.state == CREATED and not system.ending and not system.started_at, INVALID_STATE)
        system.started_at = time.time()
    threading.Thread(target=system.start, daemon=True).start()
    return Reply(hr=OPERATION_PENDING)


@system_call("HcsShutdownComputeSystem")
def shutdown_compute_system(ctx, system):
    need(system.state != STOPPED, ALREADY_STOPPED)
    need(system.state == RUNNING, INVALID_STATE)
    system.terminate("GracefulExit")
    return Reply(hr=OPERATION_PENDING)


@system_call("HcsTerminateComputeSystem")
def terminate_compute_system(ctx, system):
    need(system.state != STOPPED, ALREADY_STOPPED)
    system.terminate("ForcedExit")
    return Reply(hr=OPERATION_PENDING)


for name in ("Pause", "Resume", "Save"):
    @system_call(f"Hcs{name}ComputeSystem")
    def only_for_virtual_machines(ctx, system):
        raise Refusal(hresult.NOT_SUPPORTED)


@system_call("HcsModifyComputeSystem")
def modify_compute_system(ctx, system):
    need(system.state == RUNNING, INVALID_STATE)
    raise Refusal(hresult.E_NOTIMPL, "HcsModifyComputeSystem is not simulated")


@system_call("HcsGetComputeSystemProperties")
def get_compute_system_properties(ctx, system):
    query = ctx.document("propertyQuery") or {}
    documents.check(documents.PROPERTY_QUERY, query, ctx.host.build)
    asked = query.get("PropertyTypes", [])
    need(not asked or system.state == RUNNING, INVALID_STATE)
    found = system.properties()
    makers = {"Statistics": system.statistics, "ProcessList": system.process_list,
              "TerminateOnLastHandleClosed": lambda: system.document.get("ShouldTerminateOnLastHandleClosed", False)}
    for name in asked:
        need(name in makers, hresult.INVALID_ARGUMENT)
        found[name] = makers[name]()
    return Reply({"response": json.dumps(found)})


@call("vmcompute", "HcsEnumerateComputeSystems")
def enumerate_compute_systems(ctx):
    query = ctx.document("query") or {}
    documents.check(documents.SYSTEM_QUERY, query, ctx.host.build)
    fields = {"Ids": "Id", "Owners": "Owner", "Names": "Name", "Types": "SystemType"}
    found = [system.properties() for system in ctx.host.part(Systems).all()]
    for name, wanted in query.items():
        accepted = {text.lower() for text in wanted}
        found = [each for each in found if not wanted or each[fields[name]].lower() in accepted]
    return Reply({"response": json.dumps(found)})


@system_call("HcsRegisterComputeSystemCallback")
def register_system_callback(ctx, system):
    return Reply()


@call("vmcompute", "HcsUnregisterComputeSystemCallback")
def unregister_system_callback(ctx):
    return Reply()


@call("vmcompute", "HcsGetServiceProperties")
def get_service_properties(ctx):
    query = ctx.document("query") or {}
    documents.check(documents.SERVICE_QUERY, query, ctx.host.build)
    need(query.get("PropertyTypes") == ["Basic"], hresult.NOT_SUPPORTED)
    versions = [{"Major": major, "Minor": minor} for major, minor in ((1, 0), documents.supported(ctx.host.build))]
    return Reply({"response": json.dumps({"Properties": [{"SupportedSchemaVersions": versions}]})})


# --- calls on processes -----------------------------------------------------------------------------------------------------------------


def process_call(function):
    """A call whose first argument is a process handle."""

    def register(implementation):
        @functools.wraps(implementation)
        def on_handle(ctx):
            return implementation(ctx, ctx.handle("process", "process"))

        return call("vmcompute", function)(on_handle)

    return register


@system_call("HcsCreateProcess")
def create_process(ctx, system):
    parameters = ctx.document("processParameters")
    documents.check_process_parameters(parameters, ctx.host.build)
    need(system.state == RUNNING and not system.ending, INVALID_STATE)
    process = processes.create(system, parameters)
    system.processes[process.program.pid] = process
    token = secrets.token_hex(16)
    streams = process.streams()
    if streams:
        ctx.host.expect_streams(token, streams)
    names = {0: "stdin", 1: "stdout", 2: "stderr"}
    values = {name: "1" if number in streams else "0" for number, name in names.items()}
    number = process.open(ctx, token)
    return Reply({"handle": str(number), "pid": str(process.program.pid), "attach": token, **values})


@system_call("HcsOpenProcess")
def open_process(ctx, system):
    process = system.processes.get(ctx.number("pid"))
    need(system.state == RUNNING, INVALID_STATE)
    need(process and not process.program.exited.is_set(), hresult.NOT_FOUND)
    return Reply({"handle": str(process.open(ctx)), "pid": str(process.program.pid)})


@call("vmcompute", "HcsCloseProcess")
def close_process(ctx):
    ctx.close("handle", "process")


@process_call("HcsTerminateProcess")
def terminate_process(ctx, process):
    need(not process.program.exited.is_set(), hresult.ACCESS_DENIED)
    process.terminate()


@process_call("HcsSignalProcess")
def signal_process(ctx, process):
    options = ctx.document("options")
    documents.check(documents.PROCESS_SIGNAL, options, ctx.host.build)
    need(not process.program.exited.is_set(), hresult.NOT_FOUND)
    process.signal(options["Signal"])


@process_call("HcsModifyProcess")
def modify_process(ctx, process):
    settings = ctx.document("settings")
    documents.check_process_modify(settings, ctx.host.build)
    need(not process.program.exited.is_set(), INVALID_STATE)
    if settings["Operation"] == "CloseHandle":
        process.close_handle(settings["CloseHandle"]["Handle"])
    else:
        size = settings["ConsoleSize"]
        process.resize(size.get("Height", 0), size.get("Width", 0))


@process_call("HcsGetProcessProperties")
def get_process_properties(ctx, process):
    return Reply({"response": json.dumps(process.properties())})


@process_call("HcsGetProcessInfo")
def get_process_info(ctx, process):
    return Reply({"pid": str(process.program.pid)})


@process_call("HcsRegisterProcessCallback")
def register_process_callback(ctx, process):
    return Reply()


@call("vmcompute", "HcsUnregisterProcessCallback")
def unregister_process_callback(ctx):
    return Reply()
