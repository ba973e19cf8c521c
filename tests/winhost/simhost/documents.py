# SPDX-License-Identifier: MIT
"""The documents of the Host Compute Service: tables of every field, and the rules between fields.

`check_*` raise Refusal with the HRESULT of Windows. Whether the things a document names exist is checked where they live.
"""

import re

from . import hresult, schema
from .schema import ANYTHING, FLAG, GUID, STRINGS, TEXT, U16, U32, U64
from .schema import Array, Map, Mismatch, Number, Object, Text, optional, required
from .server import Refusal

REFERENCE = "Microsoft HCS schema reference"
SHIM = "hcsshim, document composition for Windows containers"

# highest schema a build knows [Microsoft HCS schema reference, schema version map; 26100 inferred from the Windows 11 line]
SCHEMAS = {17763: (2, 1), 18362: (2, 2), 19041: (2, 3), 20348: (2, 5), 22000: (2, 6), 26100: (2, 7)}


def supported(build):
    return max(version for first, version in SCHEMAS.items() if first <= build)


def container_reference(part):
    return f"{REFERENCE}: Container.{part}"


LAYER = Object(container_reference("Storage.Layers"), Id=required(GUID), Path=required(TEXT),
               PathType=optional(Text(choices=("AbsolutePath", "VirtualSmbShareName"))),
               Cache=optional(Text(choices=("Disabled", "Enabled", "Private", "PrivateAllowSharing"))))

STORAGE = Object(container_reference("Storage"), Layers=required(Array(LAYER)), Path=required(TEXT),
                 QoS=optional(Object(container_reference("Storage.QoS"), IopsMaximum=optional(U64),
                                     BandwidthMaximum=optional(U64))))

MAPPED_DIRECTORY = Object(
    container_reference("MappedDirectories"), HostPath=required(TEXT), ContainerPath=required(TEXT), ReadOnly=optional(FLAG),
    HostPathType=optional(Text(choices=("AbsolutePath", "VirtualSmbShareName")), (2, 1)),
    SupportCloudFiles=optional(FLAG, (2, 3)))

MAPPED_PIPE = Object(
    container_reference("MappedPipes"), ContainerPipeName=required(TEXT), HostPath=required(TEXT),
    HostPathType=optional(Text(choices=("AbsolutePath", "VirtualSmbPipeName")), (2, 1)))

PROCESSOR = Object(container_reference("Processor"), Count=optional(U32), Maximum=optional(Number(10000)),
                   Weight=optional(Number(10000)))

NETWORKING = Object(
    container_reference("Networking"), AllowUnqualifiedDnsQuery=optional(FLAG),
    DnsSearchList=optional(TEXT, source=f"{SHIM}: one string, separated by commas"), NetworkSharedContainerName=optional(TEXT),
    Namespace=optional(GUID), NetworkAdapters=optional(Array(GUID)))

REGISTRY_KEY = Object(f"{REFERENCE}: RegistryKey", Hive=required(Text(choices=("System", "Software", "Security", "Sam"))),
                      Name=required(TEXT), Volatile=optional(FLAG))

REGISTRY_VALUE = Object(
    f"{REFERENCE}: RegistryValue", Key=required(REGISTRY_KEY), Name=optional(TEXT),
    Type=required(Text(choices=("None", "String", "ExpandedString", "MultiString", "Binary", "DWord", "QWord", "CustomType"))),
    StringValue=optional(TEXT), BinaryValue=optional(TEXT), DWordValue=optional(U32), QWordValue=optional(U64),
    CustomType=optional(U32))

DEVICE = Object(
    container_reference("AssignedDevices"), InterfaceClassGuid=optional(GUID, (2, 1)),
    Type=optional(Text(choices=("ClassGuid", "DeviceInstance", "GPUMirroring")), (2, 2)), LocationPath=optional(TEXT, (2, 2)))

CREDENTIAL_GUARD = Object(
    container_reference("ContainerCredentialGuard"), Cookie=optional(TEXT), RpcEndpoint=optional(TEXT),
    Transport=optional(Text(choices=("LRPC", "HvSocket"))), CredentialSpec=optional(TEXT))

CONTAINER = Object(
    container_reference("fields"),
    GuestOs=optional(Object(container_reference("GuestOs"), HostName=optional(TEXT))),
    Storage=required(STORAGE),
    MappedDirectories=optional(Array(MAPPED_DIRECTORY)),
    MappedPipes=optional(Array(MAPPED_PIPE)),
    Memory=optional(Object(container_reference("Memory"), SizeInMB=optional(U64, (2, 1)))),
    Processor=optional(PROCESSOR),
    Networking=optional(NETWORKING),
    HvSocket=optional(ANYTHING),
    ContainerCredentialGuard=optional(CREDENTIAL_GUARD, (2, 1)),
    RegistryChanges=optional(Object(container_reference("RegistryChanges"), AddValues=optional(Array(REGISTRY_VALUE)),
                                    DeleteKeys=optional(Array(REGISTRY_KEY)))),
    AssignedDevices=optional(Array(DEVICE), (2, 1)),
    AdditionalDeviceNamespace=optional(ANYTHING, (2, 3)))

COMPUTE_SYSTEM = Object(
    f"{REFERENCE}: ComputeSystem", Owner=optional(TEXT), SchemaVersion=required(schema.version_object(f"{REFERENCE}: Version")),
    HostingSystemId=optional(TEXT), HostedSystem=optional(ANYTHING), Container=optional(CONTAINER),
    VirtualMachine=optional(ANYTHING),
    ShouldTerminateOnLastHandleClosed=optional(FLAG))

PROCESS_PARAMETERS = Object(
    f"{REFERENCE}: ProcessParameters", ApplicationName=optional(TEXT), CommandLine=optional(TEXT), CommandArgs=optional(STRINGS),
    User=optional(TEXT), WorkingDirectory=optional(TEXT), Environment=optional(Map(TEXT)), RestrictedToken=optional(FLAG),
    EmulateConsole=optional(FLAG), CreateStdInPipe=optional(FLAG), CreateStdOutPipe=optional(FLAG),
    CreateStdErrPipe=optional(FLAG),
    ConsoleSize=optional(Array(U16, 2), source=f"{REFERENCE}: height, width"), UseExistingLogin=optional(FLAG),
    UseLegacyConsole=optional(FLAG))

PROCESS_MODIFY = Object(
    f"{REFERENCE}: ProcessModifyRequest", Operation=required(Text(choices=("ConsoleSize", "CloseHandle"))),
    ConsoleSize=optional(Object(f"{REFERENCE}: ConsoleSize", Height=optional(U16), Width=optional(U16))),
    CloseHandle=optional(Object(f"{REFERENCE}: CloseHandle",
                                Handle=required(Text(choices=("StdIn", "StdOut", "StdErr", "All"))))))

PROCESS_SIGNAL = Object(f"{REFERENCE}: ProcessSignal",
                        Signal=required(Text(choices=("CtrlC", "CtrlBreak", "CtrlClose", "CtrlLogOff", "CtrlShutdown"))))

SYSTEM_PROPERTIES = ("Memory", "GuestMemory", "Statistics", "ProcessList", "TerminateOnLastHandleClosed", "SharedMemoryRegion",
                     "GuestConnection", "ICHeartbeatStatus", "SystemGUID", "MappedVirtualDisk")
SERVICE_PROPERTIES = ("Basic", "Memory", "CpuGroup", "ProcessorTopology", "ContainerCredentialGuard", "QoSCapabilities")


def property_query(choices):
    return Object(f"{REFERENCE}: PropertyQuery", PropertyTypes=optional(Array(Text(choices=choices))),
                  Queries=optional(Map(ANYTHING), (2, 5)))


PROPERTY_QUERY = property_query(SYSTEM_PROPERTIES)
SERVICE_QUERY = property_query(SERVICE_PROPERTIES)

SYSTEM_QUERY = Object(f"{REFERENCE}: SystemQuery", Ids=optional(STRINGS), Names=optional(STRINGS),
                      Types=optional(Array(Text(choices=("Container", "VirtualMachine")))), Owners=optional(STRINGS))

MODIFY_REQUEST = Object(f"{REFERENCE}: ModifySettingRequest", ResourcePath=optional(TEXT),
                        RequestType=optional(Text(choices=("Add", "Remove", "Update"))), Settings=optional(ANYTHING),
                        GuestRequest=optional(ANYTHING))

TABLES = {"ComputeSystem": COMPUTE_SYSTEM, "ProcessParameters": PROCESS_PARAMETERS, "ProcessModifyRequest": PROCESS_MODIFY,
          "ProcessSignal": PROCESS_SIGNAL, "PropertyQuery": PROPERTY_QUERY, "ServiceQuery": SERVICE_QUERY,
          "SystemQuery": SYSTEM_QUERY, "ModifySettingRequest": MODIFY_REQUEST}


def check(table, document, build):
    """The document against one table; Refusal HCS_E_INVALID_JSON when it does not fit, a bad GUID is a bad parameter."""
    try:
        table.check(document, "", supported(build))
    except Mismatch as mismatch:
        if mismatch.problem == schema.INVALID_GUID:
            raise parameter(str(mismatch)) from None
        raise Refusal(hresult.HCS_INVALID_JSON, f"{hresult.message(hresult.HCS_INVALID_JSON)} {mismatch}") from None


def parameter(text):
    return Refusal(hresult.INVALID_ARGUMENT, f"{hresult.message(hresult.INVALID_ARGUMENT)} {text}")


def check_compute_system(document, build):
    """A document for HcsCreateComputeSystem. Virtual machines are known and refused: this host has no hypervisor."""
    if isinstance(document, dict) and "SystemType" in document and "SchemaVersion" not in document:
        refuse_first_schema(document)
    check(COMPUTE_SYSTEM, document, build)
    version = schema.version_of(document)
    if version[0] != 2 or version > supported(build):
        raise Refusal(hresult.HCS_INVALID_JSON, f"schema version {version[0]}.{version[1]} is not supported")
    kinds = [name for name in ("Container", "VirtualMachine", "HostedSystem") if name in document]
    if len(kinds) != 1:
        raise Refusal(hresult.HCS_INVALID_JSON, "one of Container, VirtualMachine and HostedSystem is wanted")
    if kinds != ["Container"]:
        raise Refusal(hresult.HCS_HYPERV_NOT_INSTALLED)
    for rule in CONTAINER_RULES:
        rule(document["Container"], build)


def refuse_first_schema(document):
    """Schema 1 documents are what Docker sends; with HvPartition they ask for a hypervisor."""
    if document.get("HvPartition"):
        raise Refusal(hresult.HCS_HYPERV_NOT_INSTALLED)
    raise Refusal(hresult.E_NOTIMPL, "schema 1 containers without a hypervisor are not simulated")


def check_storage(container, _):
    """Source: hcsshim sends `\\\\?\\Volume{GUID}\\`, with the backslash; anything else was refused as a bad parameter."""
    storage = container["Storage"]
    if not re.fullmatch(r"\\\\\?\\Volume\{" + schema.GUID_PATTERN + r"\}\\", storage["Path"]):
        raise parameter("Container.Storage.Path is not a volume")
    if not storage["Layers"]:
        raise parameter("Container.Storage.Layers is empty")


def check_processor(container, build):
    """Count, Maximum and Weight exclude each other [Microsoft HCS schema reference: Container.Processor].

    On Windows Server 2019 the presence of the object makes Count mandatory for process isolation [hcsshim, 2019].
    """
    processor = container.get("Processor")
    if processor is None:
        return
    given = [name for name in ("Count", "Maximum", "Weight") if processor.get(name)]
    if len(given) > 1:
        raise parameter(f"Container.Processor has {' and '.join(given)}")
    if build < 18362 and given and given != ["Count"]:
        raise parameter(f"Container.Processor.{given[0]} is not supported on this build")


DRIVE_PATH = re.compile(r"[A-Za-z]:\\.*", re.DOTALL)
VOLUME_PATH = re.compile(r"\\\\\?\\(Volume\{" + schema.GUID_PATTERN + r"\}|[A-Za-z]:)\\.*", re.IGNORECASE | re.DOTALL)


def check_mounts(container, _):
    """Destinations are absolute on C: or a bare other drive [moby/moby#41681, Virtualization-Documentation#334]."""
    for number, mount in enumerate(container.get("MappedDirectories", [])):
        where = f"Container.MappedDirectories[{number}]"
        source, target = mount["HostPath"], mount["ContainerPath"]
        if not (DRIVE_PATH.fullmatch(source) or VOLUME_PATH.fullmatch(source)) or "/" in source:
            raise parameter(f"{where}.HostPath is not absolute")
        on_c = re.fullmatch(r"[Cc]:\\[^/]+", target)
        whole_drive = re.fullmatch(r"[ABD-Zabd-z]:\\?", target)
        if not on_c and not whole_drive:
            raise parameter(f"{where}.ContainerPath is neither below C:\\ nor a drive")


def check_pipes(container, _):
    """A full path on the host, a bare name in the container [hcsshim, named pipe mounts]."""
    for number, pipe in enumerate(container.get("MappedPipes", [])):
        where = f"Container.MappedPipes[{number}]"
        if not re.match(r"\\\\\.\\pipe\\.", pipe["HostPath"], re.IGNORECASE):
            raise parameter(f"{where}.HostPath is not a pipe")
        if not pipe["ContainerPipeName"] or "\\" in pipe["ContainerPipeName"]:
            raise parameter(f"{where}.ContainerPipeName is not a name")


CONTAINER_RULES = (check_storage, check_processor, check_mounts, check_pipes)


def check_process_parameters(document, build):
    check(PROCESS_PARAMETERS, document, build)
    if not document.get("CommandLine"):
        raise parameter("CommandLine is empty")
    if document.get("CommandArgs"):
        raise parameter("CommandArgs is for Linux")


def check_process_modify(document, build):
    """The member named by Operation must be there [Microsoft HCS schema reference: ProcessModifyRequest]."""
    check(PROCESS_MODIFY, document, build)
    if document["Operation"] not in document:
        raise parameter(f"{document['Operation']} is missing")


def check_id(text):
    """The name of a compute system: the silo's job object is named after it, so no backslash [hcsshim, silo names]."""
    if not text or len(text) > 255 or "\\" in text or any(ord(char) < 32 for char in text):
        raise parameter("bad identifier")
