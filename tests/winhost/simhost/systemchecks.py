# SPDX-License-Identifier: MIT
"""What HCS checks in a container's document beyond its schema: that the things it names exist and fit together."""

import os
import re

from . import container, hcn, hresult
from .paths import PathError, split
from .server import Refusal

VOLUME_PATH = re.compile(r"^\\\\\?\\Volume\{([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}\\$", re.IGNORECASE)
CONTAINER_DRIVE = re.compile(r"^[A-Za-z]:\\?$")
CONTAINER_PATH = re.compile(r"^[Cc]:\\[^\\/:*?\"<>|]+(\\[^\\/:*?\"<>|]+)*$")
PIPE_PREFIX = "\\\\.\\pipe\\"
HYPERV_NOT_INSTALLED = 0x80370102


def refuse(code, why):
    raise Refusal(code, f"{hresult.message(code)} ({why})")


def check_id(identity):
    """The id becomes part of the name of a kernel object."""
    if not identity or "\\" in identity or "/" in identity:
        raise Refusal(hresult.INVALID_ARGUMENT)


def refuse_version_1(document):
    """Schema 1 has no SchemaVersion; its documents are for utility virtual machines, which are not simulated."""
    if "SystemType" in document and "SchemaVersion" not in document:
        raise Refusal(HYPERV_NOT_INSTALLED, "A required Hyper-V feature is not installed.")


class Plan:
    """What a checked document comes to: the scratch and its volume, host name, mounts, network."""

    def __init__(self, host, scratch, volume, hostname, mounts, namespace):
        self.host, self.scratch, self.volume = host, scratch, volume
        self.hostname, self.mounts, self.namespace = hostname, mounts, namespace

    def connect(self, pid):
        """Give the container whose first process is `pid` its network."""
        if self.namespace and self.host.reduced is None:
            hcn.connect_container(self.host, self.namespace, pid)

    def disconnect(self):
        if self.namespace and self.host.reduced is None:
            hcn.disconnect_container(self.host, self.namespace)


def plan(host, layers, identity, document):
    """Checks the Container object in the order of its parts; the Plan, or Refusal."""
    scratch = check_storage(layers, document["Storage"])
    check_processor(document.get("Processor", {}))
    mounts = [check_mount(host, each) for each in document.get("MappedDirectories", [])]
    targets = [mount.target.rstrip("\\").lower() for mount in mounts]
    if len(targets) != len(set(targets)):
        refuse(hresult.INVALID_ARGUMENT, "two mounts at one place")
    for each in document.get("MappedPipes", []):
        check_pipe(each)
    namespace = document.get("Networking", {}).get("Namespace")
    if namespace:
        hcn.check_namespace(host, namespace)
    hostname = document.get("GuestOs", {}).get("HostName")
    mounts.sort(key=lambda mount: mount.target.count("\\"))
    return Plan(host, scratch, layers.volumes.mount_point(scratch.guid), hostname, mounts, namespace)


def check_storage(layers, storage):
    match = VOLUME_PATH.match(storage.get("Path", ""))
    if not match:
        refuse(hresult.INVALID_ARGUMENT, "Storage.Path is not \\\\?\\Volume{GUID}\\")
    scratch = layers.by_volume(match.group(1).lower())
    if not scratch:
        refuse(hresult.PATH_NOT_FOUND, "Storage.Path is not the volume of a prepared layer")
    given = [(each["Id"].lower(), layers.path(each["Path"])) for each in storage.get("Layers", [])]
    prepared = [(each["LayerId"], layers.path(each["Path"])) for each in scratch.descriptors]
    if given != prepared:
        refuse(hresult.PATH_NOT_FOUND, "Storage.Layers are not the layers given to PrepareLayer")
    if scratch.users:
        raise Refusal(hresult.SHARING_VIOLATION)
    return scratch


def check_processor(processor):
    if sum(name in processor for name in ("Count", "Maximum", "Weight")) > 1:
        refuse(hresult.INVALID_ARGUMENT, "Count, Maximum and Weight exclude each other")


def check_mount(host, directory):
    target = directory["ContainerPath"]
    drive = CONTAINER_DRIVE.match(target)
    if not (drive and target[0].upper() != "C") and not CONTAINER_PATH.match(target):
        refuse(hresult.INVALID_ARGUMENT, f"ContainerPath {target}")
    source = directory["HostPath"]
    if "/" in source:
        refuse(hresult.INVALID_ARGUMENT, f"HostPath {source}")
    try:
        split(source)
        path = host.paths.host(source)
    except PathError:
        refuse(hresult.INVALID_ARGUMENT, f"HostPath {source}")
    if not os.path.exists(path):
        refuse(hresult.FILE_NOT_FOUND, f"HostPath {source}")
    return container.Mount(path, target, directory.get("ReadOnly", False))


def check_pipe(pipe):
    """Pipes are checked but not connected: the container has a Wine server of its own."""
    if not pipe["HostPath"].lower().startswith(PIPE_PREFIX) or "\\" in pipe["ContainerPipeName"]:
        raise Refusal(hresult.INVALID_ARGUMENT)
