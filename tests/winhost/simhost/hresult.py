# SPDX-License-Identifier: MIT
"""HRESULTs by name, with the sentence Windows has for each.

Sources: winerror.h (facility 7), Microsoft's "HCN HRESULT" and "HCS HRESULT" pages (facilities 0x3B and 0x37).
"""

S_OK = 0

OPERATION_PENDING = 0xC0370103  # vmcompute.dll: the call goes on, wait for the notification

E_NOTIMPL = 0x80004001
E_UNEXPECTED = 0x8000FFFF
FILE_NOT_FOUND = 0x80070002
PATH_NOT_FOUND = 0x80070003
ACCESS_DENIED = 0x80070005
INVALID_HANDLE = 0x80070006
INVALID_DATA = 0x8007000D
NOT_READY = 0x80070015
SHARING_VIOLATION = 0x80070020
NOT_SUPPORTED = 0x80070032
INVALID_ARGUMENT = 0x80070057
INSUFFICIENT_BUFFER = 0x8007007A
DIR_NOT_EMPTY = 0x80070091
ALREADY_EXISTS = 0x800700B7
DIRECTORY = 0x8007010B
NOT_FOUND = 0x80070490
LOGON_FAILURE = 0x8007052E
OBJECT_ALREADY_EXISTS = 0x80071392

HCS_TERMINATED_DURING_START = 0x80370100
HCS_IMAGE_MISMATCH = 0x80370101
HCS_HYPERV_NOT_INSTALLED = 0x80370102
HCS_INVALID_STATE = 0x80370105
HCS_UNEXPECTED_EXIT = 0x80370106
HCS_TERMINATED = 0x80370107
HCS_INVALID_JSON = 0x8037010D
HCS_SYSTEM_NOT_FOUND = 0x8037010E
HCS_SYSTEM_ALREADY_EXISTS = 0x8037010F
HCS_SYSTEM_ALREADY_STOPPED = 0x80370110
HCS_INVALID_LAYER = 0x80370112
HCS_PROCESS_ALREADY_STOPPED = 0x8037011F

HCN_NETWORK_NOT_FOUND = 0x803B0001
HCN_ENDPOINT_NOT_FOUND = 0x803B0002
HCN_INVALID_NETWORK = 0x803B000A
HCN_INVALID_NETWORK_TYPE = 0x803B000B
HCN_INVALID_ENDPOINT = 0x803B000C
HCN_INVALID_POLICY = 0x803B000D
HCN_INVALID_POLICY_TYPE = 0x803B000E
HCN_NETWORK_ALREADY_EXISTS = 0x803B0010
HCN_PORT_ALREADY_EXISTS = 0x803B0013
HCN_ENDPOINT_ALREADY_ATTACHED = 0x803B0014
HCN_REQUEST_UNSUPPORTED = 0x803B0015
HCN_MAPPING_NOT_SUPPORTED = 0x803B0016
HCN_GUID_CONVERSION_FAILURE = 0x803B0019
HCN_INVALID_JSON = 0x803B001B
HCN_INVALID_IP = 0x803B001E
HCN_ENDPOINT_NAMESPACE_ALREADY_EXISTS = 0x803B002B
HCN_ENTITY_HAS_REFERENCES = 0x803B002C
HCN_INVALID_INTERNAL_PORT = 0x803B002D
HCN_NAMESPACE_ATTACH_FAILED = 0x803B002E
HCN_ADDR_INVALID_OR_RESERVED = 0x803B002F
HCN_INVALID_PREFIX = 0x803B0030
HCN_INVALID_SUBNET = 0x803B0032

MESSAGES = {
    E_NOTIMPL: "Not implemented",
    E_UNEXPECTED: "Catastrophic failure",
    FILE_NOT_FOUND: "The system cannot find the file specified.",
    PATH_NOT_FOUND: "The system cannot find the path specified.",
    ACCESS_DENIED: "Access is denied.",
    INVALID_HANDLE: "The handle is invalid.",
    INVALID_DATA: "The data is invalid.",
    NOT_READY: "The device is not ready.",
    SHARING_VIOLATION: "The process cannot access the file because it is being used by another process.",
    NOT_SUPPORTED: "The request is not supported.",
    INVALID_ARGUMENT: "The parameter is incorrect.",
    INSUFFICIENT_BUFFER: "The data area passed to a system call is too small.",
    DIR_NOT_EMPTY: "The directory is not empty.",
    ALREADY_EXISTS: "Cannot create a file when that file already exists.",
    DIRECTORY: "The directory name is invalid.",
    NOT_FOUND: "Element not found.",
    LOGON_FAILURE: "The user name or password is incorrect.",
    OBJECT_ALREADY_EXISTS: "The object already exists.",
    HCS_TERMINATED_DURING_START: "The virtual machine or container exited unexpectedly while starting.",
    HCS_IMAGE_MISMATCH: "The container operating system does not match the host operating system.",
    HCS_HYPERV_NOT_INSTALLED: "The virtual machine could not be started because a required feature is not installed.",
    HCS_INVALID_STATE: "The requested virtual machine or container operation is not valid in the current state.",
    HCS_UNEXPECTED_EXIT: "The virtual machine or container exited unexpectedly.",
    HCS_TERMINATED: "The virtual machine or container was forcefully exited.",
    HCS_INVALID_JSON: "The virtual machine or container JSON document is invalid.",
    HCS_SYSTEM_NOT_FOUND: "A virtual machine or container with the specified identifier does not exist.",
    HCS_SYSTEM_ALREADY_EXISTS: "A virtual machine or container with the specified identifier already exists.",
    HCS_SYSTEM_ALREADY_STOPPED: "The virtual machine or container with the specified identifier is not running.",
    HCS_INVALID_LAYER: "The virtual machine or container layer has an unrecognized format.",
    HCS_PROCESS_ALREADY_STOPPED: "The process has already exited.",
    HCN_NETWORK_NOT_FOUND: "The network was not found.",
    HCN_ENDPOINT_NOT_FOUND: "The endpoint was not found.",
    HCN_INVALID_NETWORK: "The network is invalid.",
    HCN_INVALID_NETWORK_TYPE: "Invalid network type.",
    HCN_INVALID_ENDPOINT: "The endpoint is invalid.",
    HCN_INVALID_POLICY: "The policy is invalid.",
    HCN_INVALID_POLICY_TYPE: "Invalid policy type.",
    HCN_NETWORK_ALREADY_EXISTS: "The network already exists.",
    HCN_PORT_ALREADY_EXISTS: "The port already exists.",
    HCN_ENDPOINT_ALREADY_ATTACHED: "The endpoint is already attached.",
    HCN_REQUEST_UNSUPPORTED: "The specified request is unsupported.",
    HCN_MAPPING_NOT_SUPPORTED: "Port mapping is not supported on the given network.",
    HCN_GUID_CONVERSION_FAILURE: "Failed to convert string to GUID.",
    HCN_INVALID_JSON: "Invalid JSON document string.",
    HCN_INVALID_IP: "IP address is either invalid or not part of any configured subnet(s).",
    HCN_ENDPOINT_NAMESPACE_ALREADY_EXISTS: "The endpoint is already associated with a namespace.",
    HCN_ENTITY_HAS_REFERENCES: "The entity still has references.",
    HCN_INVALID_INTERNAL_PORT: "The internal port must be set.",
    HCN_NAMESPACE_ATTACH_FAILED: "The requested operation for attach namespace failed.",
    HCN_ADDR_INVALID_OR_RESERVED: "The address is invalid or already in use.",
    HCN_INVALID_PREFIX: "The prefix is invalid.",
    HCN_INVALID_SUBNET: "The subnet is invalid.",
}


def message(code):
    """The sentence Windows shows for the code."""
    return MESSAGES.get(code, "Unspecified error")


def text(code):
    """0x and eight hex digits, as in the protocol and the recordings."""
    return f"0x{code & 0xFFFFFFFF:08x}"


def signed(code):
    """The code as the int32 that HCS result documents carry."""
    return code - (1 << 32) if code & 0x80000000 else code


def from_name(value):
    """A code from its number (`0x80370106`) or its name in this module (`HCS_UNEXPECTED_EXIT`)."""
    known = globals().get(value)
    return known if isinstance(known, int) else int(value, 16)
