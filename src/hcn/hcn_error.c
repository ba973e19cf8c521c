/* SPDX-License-Identifier: MIT */
#include "hcn/hcn_error.h"

#include "base/alloc.h"
#include "hcn/result.h"

enum {
    WIN32_FILE_NOT_FOUND = 2,
    WIN32_ACCESS_DENIED = 5,
    WIN32_SHARING_VIOLATION = 32,
    WIN32_WRONG_DISK = 34,
    WIN32_SERVICE_DISABLED = 1058,
    WIN32_SERVICE_NOT_ACTIVE = 1062,
    WIN32_NOT_FOUND = 1168,
    WIN32_RPC_SERVER_UNAVAILABLE = 1722,
    WIN32_RPC_CALL_FAILED = 1726,
    WIN32_OBJECT_ALREADY_EXISTS = 5010,
};

#define RESTART_HNS "restart the service 'hns' (this cuts the network of running containers)"
#define UPDATE_WINDOWS "install the latest updates of Windows"
#define START_HNS "start the service 'hns' (Host Network Service)"
#define GUEST "the network inside the container's Windows could not be set up"

static const struct hcn_error_info errors[] = {
    {HCN_E_NETWORK_NOT_FOUND, "HCN_E_NETWORK_NOT_FOUND", ERR_NOT_FOUND, "there is no such network",
     NULL},
    {HCN_E_ENDPOINT_NOT_FOUND, "HCN_E_ENDPOINT_NOT_FOUND", ERR_NOT_FOUND,
     "there is no such endpoint",
     "another program removed it (a starting dockerd does): run the "
     "command again"},
    {0x803B0003, "HCN_E_LAYER_NOT_FOUND", ERR_OS, "a layer of the virtual switch is missing",
     RESTART_HNS},
    {0x803B0004, "HCN_E_SWITCH_NOT_FOUND", ERR_OS, "the network's virtual switch is missing",
     RESTART_HNS},
    {0x803B0005, "HCN_E_SUBNET_NOT_FOUND", ERR_OS, "the network has no subnet for this address",
     NULL},
    {0x803B0006, "HCN_E_ADAPTER_NOT_FOUND", ERR_NOT_FOUND, "there is no such network adapter",
     NULL},
    {0x803B000A, "HCN_E_INVALID_NETWORK", ERR_USAGE, "the subnet or gateway is not valid",
     "give a prefix without host bits and a gateway inside it"},
    {0x803B000B, "HCN_E_INVALID_NETWORK_TYPE", ERR_UNSUPPORTED,
     "this Windows does not know the type of network", NULL},
    {0x803B000C, "HCN_E_INVALID_ENDPOINT", ERR_OS, "the settings of the endpoint were refused",
     NULL},
    {0x803B000D, "HCN_E_INVALID_POLICY", ERR_OS, "the network does not take a policy", NULL},
    {HCN_E_NETWORK_ALREADY_EXISTS, "HCN_E_NETWORK_ALREADY_EXISTS", ERR_BUSY,
     "the network exists already", NULL},
    {0x803B0011, "HCN_E_LAYER_ALREADY_EXISTS", ERR_BUSY,
     "the adapter belongs to another virtual switch", NULL},
    {HCN_E_PORT_ALREADY_EXISTS, "HCN_E_PORT_ALREADY_EXISTS", ERR_BUSY,
     "a host port is published already", "choose another host port"},
    {HCN_E_ENDPOINT_ALREADY_ATTACHED, "HCN_E_ENDPOINT_ALREADY_ATTACHED", ERR_BUSY,
     "the endpoint is attached already", NULL},
    {HCN_E_REQUEST_UNSUPPORTED, "HCN_E_REQUEST_UNSUPPORTED", ERR_BUSY,
     "HNS does not do this now (a namespace may still have a container in it)", NULL},
    {0x803B0016, "HCN_E_MAPPING_NOT_SUPPORTED", ERR_UNSUPPORTED,
     "this network does not publish ports", "publish ports on a network of type NAT"},
    {0x803B0017, "HCN_E_DEGRADED_OPERATION", ERR_OS, "the network is degraded", RESTART_HNS},
    {0x803B0019, "HCN_E_GUID_CONVERSION_FAILURE", ERR_USAGE, "an id is no GUID", NULL},
    {HCN_E_INVALID_JSON, "HCN_E_INVALID_JSON", ERR_UNSUPPORTED,
     "this Windows does not understand the settings it was sent", UPDATE_WINDOWS},
    {0x803B001E, "HCN_E_INVALID_IP", ERR_USAGE, "the address is in no subnet of the network", NULL},
    {HCN_E_MANAGER_STOPPED, "HCN_E_MANAGER_STOPPED", ERR_OS, "the host network service is stopping",
     START_HNS},
    {0x803B0021, "GCN_E_MODULE_NOT_FOUND", ERR_OS, GUEST, NULL},
    {0x803B0022, "GCN_E_NO_REQUEST_HANDLERS", ERR_OS, GUEST, NULL},
    {0x803B0023, "GCN_E_REQUEST_UNSUPPORTED", ERR_OS, GUEST, NULL},
    {0x803B0024, "GCN_E_RUNTIMEKEYS_FAILED", ERR_OS, GUEST, NULL},
    {0x803B0025, "GCN_E_NETADAPTER_TIMEOUT", ERR_OS, GUEST, NULL},
    {0x803B0026, "GCN_E_NETADAPTER_NOT_FOUND", ERR_OS, GUEST, NULL},
    {0x803B0027, "GCN_E_NETCOMPARTMENT_NOT_FOUND", ERR_OS, GUEST, NULL},
    {0x803B0028, "GCN_E_NETINTERFACE_NOT_FOUND", ERR_OS, GUEST, NULL},
    {0x803B002A, "HCN_E_ICS_DISABLED", ERR_UNSUPPORTED,
     "Internet Connection Sharing is disabled, and NAT is built on it",
     "enable the service 'SharedAccess'"},
    {HCN_E_ENDPOINT_NAMESPACE_ALREADY_EXISTS, "HCN_E_ENDPOINT_NAMESPACE_ALREADY_EXISTS", ERR_BUSY,
     "the endpoint is in a namespace already", NULL},
    {HCN_E_ENTITY_HAS_REFERENCES, "HCN_E_ENTITY_HAS_REFERENCES", ERR_BUSY, "it is still in use",
     NULL},
    {0x803B002D, "HCN_E_INVALID_INTERNAL_PORT", ERR_USAGE, "the container's port is missing", NULL},
    {0x803B002E, "HCN_E_NAMESPACE_ATTACH_FAILED", ERR_OS,
     "the namespace could not be attached to the container", NULL},
    {0x803B002F, "HCN_E_ADDR_INVALID_OR_RESERVED", ERR_BUSY, "the address is taken or reserved",
     "choose another address, or none"},
    {0x803B0030, "HCN_E_INVALID_PREFIX", ERR_USAGE, "the prefix is not valid", NULL},
    {HCN_E_OBJECT_USED_AFTER_UNLOAD, "HCN_E_OBJECT_USED_AFTER_UNLOAD", ERR_OS,
     "the host network service was restarted", "run the command again"},
    {0x803B0032, "HCN_E_INVALID_SUBNET", ERR_USAGE, "the subnet is not valid", NULL},
    {0x803B0033, "HCN_E_INVALID_IP_SUBNET", ERR_USAGE, "the IP subnet is not valid", NULL},
    {0x803B0034, "HCN_E_ENDPOINT_NOT_ATTACHED", ERR_OS, "the endpoint is not attached", NULL},
    {0x803B0037, "HCN_E_VFP_NOT_ALLOWED", ERR_UNSUPPORTED,
     "this host cannot have networks of this type", NULL},

    {WIN32_FILE_NOT_FOUND, NULL, ERR_OS, "the host's NAT is broken", "reboot the host"},
    {WIN32_ACCESS_DENIED, NULL, ERR_DENIED, "access is denied", "run wrun from an elevated prompt"},
    {WIN32_SHARING_VIOLATION, NULL, ERR_BUSY, "a host port is in use by another process",
     "choose another host port"},
    {WIN32_WRONG_DISK, NULL, ERR_OS, "the host's networks are from before a Windows update",
     "delete the old networks and reboot the host"},
    {WIN32_SERVICE_DISABLED, NULL, ERR_UNSUPPORTED, "the host network service is disabled",
     "enable the service 'hns' (Host Network Service)"},
    {WIN32_SERVICE_NOT_ACTIVE, NULL, ERR_OS, "the host network service does not run", START_HNS},
    {WIN32_NOT_FOUND, NULL, ERR_NOT_FOUND, "not found", NULL},
    {WIN32_RPC_SERVER_UNAVAILABLE, NULL, ERR_OS, "the host network service does not answer",
     START_HNS},
    {WIN32_RPC_CALL_FAILED, NULL, ERR_OS, "the host network service ended during the call",
     START_HNS},
    {WIN32_OBJECT_ALREADY_EXISTS, NULL, ERR_BUSY,
     "another NAT of this host covers the same addresses",
     "remove what is left of other networks (Get-NetNat | Remove-NetNat)"},
};

const struct hcn_error_info *hcn_error_find(uint32_t code)
{
    for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
        if (errors[i].code == code)
            return &errors[i];
    return NULL;
}

/* Win32 codes came as HRESULTs and are shown as such. */
static uint32_t as_hresult(uint32_t code)
{
    return code <= 0xFFFF ? 0x80070000u | code : code;
}

bool hcn_error_raise(struct error *err, const char *function, uint32_t code, const char *record)
{
    const struct hcn_error_info *info = hcn_error_find(code);
    if (!info)
        error_bug("hcn_error_raise() was given a code that is not in its table");
    CLEANUP(hcn_error_record_clear)
    struct hcn_error_record parsed = hcn_error_record_parse(record);
    error_code(err, info->kind, ERR_DOMAIN_HRESULT, code, "%s: %s (%s%s0x%08X)%s%s", function,
               info->text, info->name ? info->name : "", info->name ? ", " : "", as_hresult(code),
               parsed.text ? ": " : "", parsed.text ? parsed.text : "");
    error_detail(err, record);
    CLEANUP(str_free) char *field = hcn_error_unknown_field(parsed.text);
    if (field)
        return error_hint(err, "this Windows does not know '%s' yet: " UPDATE_WINDOWS, field);
    return info->hint ? error_hint(err, "%s", info->hint) : false;
}

static bool has_code(const struct error *err, const uint32_t *codes, size_t count)
{
    if (err->domain != ERR_DOMAIN_HRESULT)
        return false;
    for (size_t i = 0; i < count; i++)
        if (codes[i] == err->code)
            return true;
    return false;
}

bool hcn_error_is_not_found(const struct error *err)
{
    static const uint32_t codes[] = {WIN32_NOT_FOUND, HCN_E_NETWORK_NOT_FOUND,
                                     HCN_E_ENDPOINT_NOT_FOUND};
    return has_code(err, codes, ARRAY_SIZE(codes));
}

bool hcn_error_is_service_down(const struct error *err)
{
    static const uint32_t codes[] = {WIN32_SERVICE_NOT_ACTIVE, WIN32_RPC_SERVER_UNAVAILABLE,
                                     WIN32_RPC_CALL_FAILED, HCN_E_MANAGER_STOPPED,
                                     HCN_E_OBJECT_USED_AFTER_UNLOAD};
    return has_code(err, codes, ARRAY_SIZE(codes));
}
