# SPDX-License-Identifier: MIT
"""The layer calls of vmcompute.dll, registered by name."""

import errno
import functools
import json
import os
import re
import shutil

from . import hresult, vhd
from .exporter import LayerExporter, TransportFolder
from .importer import Importer
from .layers import SANDBOX, TEMPLATE, Layers, chain_refusal
from .layerstore import name_to_guid
from .server import Refusal, Reply, call
from .transport import TransportError

FILTER_DRIVER = 1
GUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
# what the disk below says, as NTFS would
SYSTEM_ERRORS = {
    errno.ENOSPC: 0x80070070, errno.EMLINK: 0x80070476, errno.ENAMETOOLONG: 0x800700CE, errno.EEXIST: hresult.ALREADY_EXISTS,
    errno.ENOENT: hresult.PATH_NOT_FOUND, errno.ENOTDIR: hresult.PATH_NOT_FOUND, errno.EBUSY: hresult.SHARING_VIOLATION,
    errno.EACCES: hresult.ACCESS_DENIED,
}


def driver_call(function):
    """Register a call whose first argument is the DriverInfo structure."""

    def register(implementation):
        @functools.wraps(implementation)
        def checked(ctx):
            if ctx.number("driverInfo.Flavour") != FILTER_DRIVER or ctx.arg("driverInfo.HomeDir") != "":
                raise Refusal(hresult.INVALID_ARGUMENT, "The parameter is incorrect. (DriverInfo)")
            return locked(ctx, implementation)

        return call("vmcompute", function)(checked)

    return register


def path_call(function):
    """Register a call that takes a path alone."""
    return lambda implementation: call("vmcompute", function)(lambda ctx: locked(ctx, implementation))


def locked(ctx, implementation):
    layers = ctx.host.part(Layers)
    with layers.lock:
        try:
            return implementation(ctx, layers)
        except OSError as error:
            if error.errno not in SYSTEM_ERRORS:
                raise
            raise Refusal(SYSTEM_ERRORS[error.errno]) from error


def descriptors(ctx):
    """The WC_LAYER_DESCRIPTOR array as a list of {LayerId, Flags, Path}."""
    array = json.loads(ctx.arg("descriptors") or "[]")
    for each in array:
        if each["Flags"] != 0 or not each["Path"] or not GUID.match(each["LayerId"]):
            raise Refusal(hresult.INVALID_ARGUMENT)
    return array


@call("vmcompute", "NameToGuid")
def name_to_guid_call(ctx):
    if not ctx.arg("name"):
        raise Refusal(hresult.INVALID_ARGUMENT)
    return Reply({"guid": name_to_guid(ctx.arg("name"))})


@path_call("ProcessBaseImage")
def process_base_image(ctx, layers):
    layers.process_base(ctx.arg("path"))


@path_call("ProcessUtilityImage")
def process_utility_image(ctx, layers):
    layers.process_utility(ctx.arg("path"))


@driver_call("ImportLayer")
def import_layer(ctx, layers):
    records = layers.chain(descriptors(ctx))
    Importer(layers, layers.path(ctx.arg("id")), layers.directory(ctx.arg("path")), records, ctx.notes).run()


@driver_call("ExportLayer")
def export_layer(ctx, layers):
    array = descriptors(ctx)
    parents = layers.chain(array)
    source = layers.directory(ctx.arg("id"))
    target = layers.directory(ctx.arg("path"))
    record = layers.records.get(source)
    if record:
        check_parents(record, parents)
    else:
        scratch = exportable(layers, ctx.arg("id"), array)
    if os.listdir(target):
        raise Refusal(hresult.DIR_NOT_EMPTY)
    folder = TransportFolder(target)
    if record:
        LayerExporter(record, parents, folder).run()
    else:
        layers.export(scratch, parents, folder)
    ctx.notes["tree"] = folder.list()


def check_parents(record, parents):
    """An imported layer lies on the layers it was imported on. The bottom of a chain has nothing to be compared with."""
    if record.kind == "base":
        raise Refusal(hresult.INVALID_ARGUMENT, "The parameter is incorrect. (A base layer is read from its files.)")
    if record.parents != [each.path for each in parents]:
        raise chain_refusal(f"{record.path} was not imported on the layers given")


def exportable(layers, text, array):
    """A scratch: activated, and prepared before with these layers, but not now."""
    scratch = layers.active(text)
    if scratch.descriptors or scratch.users:
        raise Refusal(hresult.SHARING_VIOLATION)
    if layers.volumes.layers_of(scratch.guid) != [each["LayerId"] for each in array]:
        raise chain_refusal("the scratch was never prepared with these layers")
    return scratch


@driver_call("CreateSandboxLayer")
def create_sandbox_layer(ctx, layers):
    records = layers.chain(descriptors(ctx))
    path = layers.path(ctx.arg("id"))
    disk = os.path.join(path, SANDBOX)
    if not os.path.isdir(os.path.dirname(path)):
        raise Refusal(hresult.PATH_NOT_FOUND)
    if os.path.exists(disk):
        raise Refusal(hresult.ALREADY_EXISTS)
    os.makedirs(path, exist_ok=True)
    shutil.copyfile(os.path.join(records[-1].path, TEMPLATE), disk)


@driver_call("ExpandSandboxSize")
def expand_sandbox_size(ctx, layers):
    path = layers.directory(ctx.arg("id"))
    if path in layers.scratches:
        raise Refusal(hresult.SHARING_VIOLATION)
    disk = os.path.join(path, SANDBOX)
    if not os.path.isfile(disk):
        raise Refusal(hresult.FILE_NOT_FOUND)
    vhd.expand(disk, ctx.number("size"))


@driver_call("DestroyLayer")
def destroy_layer(ctx, layers):
    layers.destroy(ctx.arg("id"))


@driver_call("LayerExists")
def layer_exists(ctx, layers):
    return Reply({"exists": "1" if os.path.isdir(layers.path(ctx.arg("id"))) else "0"})


@driver_call("ActivateLayer")
def activate_layer(ctx, layers):
    layers.activate(ctx.arg("id"))


@driver_call("DeactivateLayer")
def deactivate_layer(ctx, layers):
    layers.deactivate(ctx.arg("id"))


@driver_call("PrepareLayer")
def prepare_layer(ctx, layers):
    layers.prepare(ctx.arg("id"), descriptors(ctx))


@driver_call("UnprepareLayer")
def unprepare_layer(ctx, layers):
    layers.unprepare(ctx.arg("id"))


@driver_call("GetLayerMountPath")
def get_layer_mount_path(ctx, layers):
    return Reply({"mount": f"\\\\?\\Volume{{{layers.active(ctx.arg('id')).guid}}}"})


@path_call("GrantVmAccess")
def grant_vm_access(ctx, layers):
    if not ctx.arg("vmid"):
        raise Refusal(hresult.INVALID_ARGUMENT)
    if not os.path.exists(layers.path(ctx.arg("path"))):
        raise Refusal(hresult.FILE_NOT_FOUND)


@call("winhost", "plant")
def plant(ctx):
    """`things` is the name of a JSON file: a plant may be larger than a frame."""
    with open(ctx.arg("things"), encoding="utf-8") as file:
        things = json.load(file)
    parents = json.loads(ctx.arg("parents") or "[]")
    try:
        locked(ctx, lambda _, layers: layers.plant(ctx.arg("scratch"), parents, things))
    except (TransportError, ValueError, KeyError) as error:
        raise Refusal(hresult.INVALID_ARGUMENT, f"plant: {error!r}") from None
