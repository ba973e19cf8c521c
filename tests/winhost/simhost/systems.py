# SPDX-License-Identifier: MIT
"""Compute systems: what each is, and its way from creation to its end. The calls are in hcs.py."""

import datetime
import json
import os
import shutil
import threading
import time
import uuid

from . import container, hresult
from .layers import Layers
from .server import Refusal, leftover

# vmcompute.dll has a series of codes of its own beside HCS_E_*
INVALID_STATE, UNEXPECTED_EXIT, SYSTEM_NOT_FOUND, ALREADY_STOPPED = 0xC0370105, 0xC0370106, 0xC037010E, 0xC0370110

SYSTEM_EXITED, CREATE_COMPLETED, START_COMPLETED = 0x1, 0x2, 0x3

FAILURES = (container.ContainerError, OSError, Refusal)
CREATED, RUNNING, STOPPED = "Created", "Running", "Stopped"


class System:
    """A compute system from its creation to its end."""

    def __init__(self, host, identity, document, plan):
        self.host, self.id, self.document, self.plan = host, identity, document, plan
        self.lock = threading.RLock()
        self.state = None  # while it is created
        self.exit_type = "None"
        self.runtime_id = str(uuid.uuid4())
        self.handles = set()  # (client, number)
        self.processes = {}  # pid -> Process
        self.started_at = None
        self.ending = None  # how the end was asked for
        self.container = container.Container(host, identity, plan.volume, plan.hostname, plan.mounts)
        self.container.on_death = self._died

    # --- handles and events -------------------------------------------------------------------------------------------------

    def open(self, ctx):
        """A new handle of the caller; its number."""
        where = []
        number = ctx.open("system", self, on_close=lambda: self._closed(*where))
        where += [ctx.client, number]
        with self.lock:
            self.handles.add((ctx.client, number))
        return number

    def _closed(self, client, number):
        with self.lock:
            self.handles.discard((client, number))
            last = not self.handles and self.state != STOPPED
        if last and self.document.get("ShouldTerminateOnLastHandleClosed"):
            self.terminate("ForcedExit")

    def emit(self, kind, status=0, data=""):
        with self.lock:
            handles = list(self.handles)
        for client, number in handles:
            client.emit(number, kind, status, data)

    # --- life -------------------------------------------------------------------------------------------------------------------

    def create(self):
        """Runs in a thread of its own; the caller waits for the notification."""
        try:
            self.container.create()
            with self.lock:
                self.state = self.state or CREATED
            self.emit(CREATE_COMPLETED)
        except FAILURES as error:
            self._failed(CREATE_COMPLETED, error)

    def start(self):
        try:
            self.plan.connect(self.container.init_pid, self.id)
            self.container.start()
            with self.lock:
                if self.state == STOPPED:
                    return
                self.state = RUNNING
                self.started_at = time.time()
            self.emit(START_COMPLETED)
        except FAILURES as error:
            self._failed(START_COMPLETED, error)

    def _failed(self, kind, error):
        print(f"simhost: {self.id}: {error}", flush=True)
        self.ending = self.ending or "UnexpectedExit"
        self.emit(kind, error.hr if isinstance(error, Refusal) else UNEXPECTED_EXIT)
        self.container.end()
        self._finish()

    def terminate(self, exit_type):
        """Ends it; the notification follows."""
        with self.lock:
            if self.ending:
                return
            self.ending = exit_type
        threading.Thread(target=self._end, daemon=True).start()

    def _end(self):
        self.container.end()
        self._finish()

    def _died(self):
        """The container is gone, by our doing or not."""
        with self.lock:
            unexpected = self.ending is None
            if unexpected:
                self.ending = "UnexpectedExit"
        if unexpected:
            self._finish()

    def _finish(self):
        """Everything of the container has ended: give back what it used, then say so. Once."""
        with self.lock:
            if self.state == STOPPED:
                return
            self.state = STOPPED
            self.exit_type = self.ending
        for process in list(self.processes.values()):
            process.program.exited.wait(container.END_SECONDS)
        self.plan.disconnect(self.container.init_pid)
        self.container.remove()
        systems = self.host.part(Systems)
        systems.remove(self)
        status = UNEXPECTED_EXIT if self.exit_type == "UnexpectedExit" else 0
        data = {"Status": hresult.signed(status), "ExitType": self.exit_type}
        self.emit(SYSTEM_EXITED, status, json.dumps(data))

    # --- questions ----------------------------------------------------------------------------------------------------------------

    def properties(self):
        found = {"Id": self.id, "SystemType": "Container", "RuntimeOsType": "Windows", "Name": self.id,
                 "Owner": self.document.get("Owner", ""), "RuntimeId": self.runtime_id, "State": self.state or CREATED}
        if self.state == STOPPED:
            found.update(Stopped=True, ExitType=self.exit_type)
        return found

    def statistics(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        uptime = time.time() - self.started_at if self.started_at else 0
        start = now - datetime.timedelta(seconds=uptime)
        return {"Timestamp": timestamp(now), "ContainerStartTime": timestamp(start), "Uptime100ns": int(uptime * 10_000_000),
                "Processor": {}, "Memory": {}, "Storage": {}}

    def process_list(self):
        alive = [each for each in self.processes.values() if not each.program.exited.is_set()]
        return [{"ProcessId": each.program.pid, "ImageName": each.image, "CreateTimestamp": timestamp(each.created)} for each in alive]


def timestamp(moment):
    return moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


class Systems:
    """The compute systems of a host, by id."""

    def __init__(self, host):
        self.host = host
        self.lock = threading.Lock()
        self.by_id = {}
        for name in os.listdir(os.path.join(host.directory, "cont")):  # what a power cut left
            shutil.rmtree(os.path.join(host.directory, "cont", name))

    def add(self, system):
        with self.lock:
            if system.id in self.by_id:
                raise Refusal(hresult.HCS_SYSTEM_ALREADY_EXISTS)
            self.by_id[system.id] = system

    def remove(self, system):
        with self.lock:
            self.by_id.pop(system.id, None)
        layers = self.host.part(Layers)
        with layers.lock:
            system.plan.scratch.users.discard(system.id)

    def all(self):
        with self.lock:
            return list(self.by_id.values())


@leftover
def living_systems(host):
    return [("system", f"{system.id} ({system.state or 'Creating'})") for system in host.part(Systems).all()]
