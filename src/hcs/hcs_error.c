/* SPDX-License-Identifier: MIT */
#include "hcs/hcs_error.h"

#include "base/alloc.h"
#include "hcs/result.h"

enum {
    WIN32_FILE_NOT_FOUND = 2,
    WIN32_PATH_NOT_FOUND = 3,
    WIN32_ACCESS_DENIED = 5,
    WIN32_NOT_SUPPORTED = 50,
    WIN32_INVALID_PARAMETER = 87,
    WIN32_BAD_EXE_FORMAT = 193,
    WIN32_DIRECTORY = 267,
    WIN32_ELEVATION_REQUIRED = 740,
    WIN32_SERVICE_DISABLED = 1058,
    WIN32_SERVICE_DOES_NOT_EXIST = 1060,
    WIN32_SERVICE_NOT_ACTIVE = 1062,
    WIN32_LOGON_FAILURE = 1326,
    WIN32_NO_SYSTEM_RESOURCES = 1450,
    WIN32_RPC_SERVER_UNAVAILABLE = 1722,
    WIN32_RPC_CALL_FAILED = 1726,
};

static const struct hcs_error_info errors[] = {
    {HCS_E_TERMINATED_DURING_START, "HCS_E_TERMINATED_DURING_START", ERR_OS,
     "the container ended while it was starting"},
    {HCS_E_IMAGE_MISMATCH, "HCS_E_IMAGE_MISMATCH", ERR_MISMATCH,
     "the image's Windows does not match this host"},
    {HCS_E_HYPERV_NOT_INSTALLED, "HCS_E_HYPERV_NOT_INSTALLED", ERR_UNSUPPORTED,
     "Hyper-V is not available on this host"},
    {HCS_E_INVALID_STATE, "HCS_E_INVALID_STATE", ERR_OS,
     "the container is not in a state that allows this"},
    {HCS_E_UNEXPECTED_EXIT, "HCS_E_UNEXPECTED_EXIT", ERR_OS, "the container ended unexpectedly"},
    {HCS_E_TERMINATED, "HCS_E_TERMINATED", ERR_OS, "the container was terminated"},
    {HCS_E_CONNECT_FAILED, "HCS_E_CONNECT_FAILED", ERR_OS,
     "the container's Windows did not come up"},
    {HCS_E_CONNECTION_TIMEOUT, "HCS_E_CONNECTION_TIMEOUT", ERR_OS,
     "the container's Windows did not answer in time"},
    {HCS_E_CONNECTION_CLOSED, "HCS_E_CONNECTION_CLOSED", ERR_OS,
     "the container ended during the call"},
    {HCS_E_UNKNOWN_MESSAGE, "HCS_E_UNKNOWN_MESSAGE", ERR_UNSUPPORTED,
     "the container's Windows does not understand this host"},
    {HCS_E_UNSUPPORTED_PROTOCOL_VERSION, "HCS_E_UNSUPPORTED_PROTOCOL_VERSION", ERR_UNSUPPORTED,
     "the container's Windows and this host have no protocol in common"},
    {HCS_E_INVALID_JSON, "HCS_E_INVALID_JSON", ERR_UNSUPPORTED,
     "this Windows does not understand the document it was sent"},
    {HCS_E_SYSTEM_NOT_FOUND, "HCS_E_SYSTEM_NOT_FOUND", ERR_NOT_FOUND, "there is no such container"},
    {HCS_E_SYSTEM_ALREADY_EXISTS, "HCS_E_SYSTEM_ALREADY_EXISTS", ERR_BUSY,
     "there is a container of this name already"},
    {HCS_E_SYSTEM_ALREADY_STOPPED, "HCS_E_SYSTEM_ALREADY_STOPPED", ERR_OS,
     "the container has stopped already"},
    {HCS_E_PROTOCOL_ERROR, "HCS_E_PROTOCOL_ERROR", ERR_OS,
     "the compute service met a protocol error"},
    {HCS_E_INVALID_LAYER, "HCS_E_INVALID_LAYER", ERR_INTEGRITY,
     "a layer of the image has a format this Windows does not know"},
    {HCS_E_WINDOWS_INSIDER_REQUIRED, "HCS_E_WINDOWS_INSIDER_REQUIRED", ERR_UNSUPPORTED,
     "the image needs a host of the Windows Insider Program"},
    {HCS_E_SERVICE_NOT_AVAILABLE, "HCS_E_SERVICE_NOT_AVAILABLE", ERR_UNSUPPORTED,
     "a Windows feature that containers need is not installed"},
    {HCS_E_OPERATION_TIMEOUT, "HCS_E_OPERATION_TIMEOUT", ERR_OS,
     "the compute service did not answer in time"},
    {HCS_E_ACCESS_DENIED, "HCS_E_ACCESS_DENIED", ERR_DENIED,
     "only administrators may run containers"},
    {HCS_E_GUEST_CRITICAL_ERROR, "HCS_E_GUEST_CRITICAL_ERROR", ERR_OS,
     "the container's Windows crashed"},
    {HCS_E_SERVICE_DISCONNECT, "HCS_E_SERVICE_DISCONNECT", ERR_OS,
     "the connection to the compute service was lost"},
    {HCS_E_PROCESS_ALREADY_STOPPED, "HCS_E_PROCESS_ALREADY_STOPPED", ERR_OS,
     "the process has ended already"},
};

/* Found where the failing call has no row of its own. */
static const struct error_hint general_hints[] = {
    {HCS_E_TERMINATED_DURING_START,
     "look into the event log "
     "Microsoft-Windows-Hyper-V-Compute-Admin"},
    {HCS_E_IMAGE_MISMATCH, "pick an image tag whose Windows build matches this host"},
    {HCS_E_HYPERV_NOT_INSTALLED,
     "enable the Windows feature 'Microsoft-Hyper-V', and nested "
     "virtualization if this host is a virtual machine"},
    {HCS_E_UNEXPECTED_EXIT, "look into the event log Microsoft-Windows-Hyper-V-Compute-Admin"},
    {HCS_E_CONNECT_FAILED,
     "give the container more memory, or try again when the host is less "
     "busy"},
    {HCS_E_CONNECTION_TIMEOUT, "try again when the host is less busy"},
    {HCS_E_INVALID_JSON,
     "install the latest updates of Windows; if that does not help, report "
     "this with the output of --debug"},
    {HCS_E_SYSTEM_ALREADY_EXISTS, "choose another --name, or end the container of that name"},
    {HCS_E_INVALID_LAYER,
     "pick an image tag for this host's Windows, or remove the image and pull "
     "it again"},
    {HCS_E_SERVICE_NOT_AVAILABLE,
     "enable the Windows feature 'Containers' "
     "(Enable-WindowsOptionalFeature -Online -FeatureName "
     "Containers), then reboot"},
    {HCS_E_ACCESS_DENIED, "run wrun from an elevated prompt"},
    {HCS_E_SERVICE_DISCONNECT,
     "the service 'vmcompute' was restarted or crashed: run the command "
     "again"},
    {WIN32_ACCESS_DENIED, "run wrun from an elevated prompt"},
    {WIN32_ELEVATION_REQUIRED, "run wrun from an elevated prompt"},
    {WIN32_SERVICE_DISABLED, "enable the service 'vmcompute' (Host Compute Service)"},
    {WIN32_SERVICE_DOES_NOT_EXIST, "enable the Windows feature 'Containers', then reboot"},
    {WIN32_SERVICE_NOT_ACTIVE, "start the service 'vmcompute' (Host Compute Service)"},
    {WIN32_RPC_SERVER_UNAVAILABLE, "start the service 'vmcompute' (Host Compute Service)"},
    {WIN32_RPC_CALL_FAILED, "the service 'vmcompute' ended during the call: run the command again"},
};

static const struct error_hint create_hints[] = {
    {WIN32_FILE_NOT_FOUND,
     "a layer is missing or made for another Windows: remove the image and "
     "pull it again"},
    {WIN32_NOT_SUPPORTED, "enable the Windows feature 'Microsoft-Hyper-V'"},
    {WIN32_INVALID_PARAMETER,
     "check the mounts: a container path must be on C: or a bare drive "
     "letter"},
    {WIN32_NO_SYSTEM_RESOURCES,
     "network compartments have leaked: delete unused network "
     "namespaces, or reboot the host"},
};

static const struct error_hint start_hints[] = {
    {HCS_E_TERMINATED_DURING_START,
     "update this host (images may need newer updates than it has), "
     "and mount only below C: or on a bare drive letter"},
    {HCS_E_UNEXPECTED_EXIT,
     "update this host (images may need newer updates than it has), and "
     "mount only below C: or on a bare drive letter"},
    {HCS_E_OPERATION_TIMEOUT,
     "antivirus and other filter drivers are known to delay the start: "
     "exclude the store from them"},
};

static const struct error_hint process_hints[] = {
    {WIN32_FILE_NOT_FOUND,
     "the command is looked for in the container: check its name and PATH, "
     "and put 'cmd /c' before a shell built-in"},
    {WIN32_PATH_NOT_FOUND,
     "the command is looked for in the container: check the directory in its "
     "name"},
    {WIN32_ACCESS_DENIED,
     "the container's user may not execute the command: try --user "
     "ContainerAdministrator"},
    {WIN32_BAD_EXE_FORMAT, "the command is no Windows program for this processor"},
    {WIN32_DIRECTORY,
     "the working directory does not exist in the container: choose another "
     "--workdir"},
    {WIN32_LOGON_FAILURE,
     "the image has no such user without a password: use ContainerUser or "
     "ContainerAdministrator"},
    {HCS_E_INVALID_STATE, "the container has stopped"},
};

static const struct {
    const struct error_hint *rows;
    size_t count;
} hints_of_call[] = {
    [HCS_CALL_OTHER] = {general_hints, ARRAY_SIZE(general_hints)},
    [HCS_CALL_CREATE] = {create_hints, ARRAY_SIZE(create_hints)},
    [HCS_CALL_START] = {start_hints, ARRAY_SIZE(start_hints)},
    [HCS_CALL_PROCESS] = {process_hints, ARRAY_SIZE(process_hints)},
};

const struct hcs_error_info *hcs_error_find(uint32_t code)
{
    for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
        if (errors[i].code == code)
            return &errors[i];
    return NULL;
}

bool hcs_error_hint(struct error *err, enum hcs_call call)
{
    error_hint_from(err, hints_of_call[call].rows, hints_of_call[call].count);
    return error_hint_from(err, general_hints, ARRAY_SIZE(general_hints));
}

bool hcs_error_raise(struct error *err, enum hcs_call call, const char *function, uint32_t code,
                     const char *document)
{
    const struct hcs_error_info *info = hcs_error_find(code);
    if (!info)
        error_bug("hcs_error_raise() was given a code that is not in its table");
    CLEANUP(str_free) char *message = hcs_result_message(document);
    error_code(err, info->kind, ERR_DOMAIN_HRESULT, code, "%s: %s (%s, 0x%08X)%s%s", function,
               info->text, info->name, code, message ? ": " : "", message ? message : "");
    error_detail(err, document);
    return hcs_error_hint(err, call);
}

enum hcs_start_failure hcs_error_start_failure(const struct error *err)
{
    static const struct {
        uint32_t code;
        enum hcs_start_failure failure;
    } failures[] = {
        {WIN32_FILE_NOT_FOUND, HCS_START_NOT_FOUND},
        {WIN32_PATH_NOT_FOUND, HCS_START_NOT_FOUND},
        {WIN32_ACCESS_DENIED, HCS_START_NOT_RUNNABLE},
        {WIN32_BAD_EXE_FORMAT, HCS_START_NOT_RUNNABLE},
        {WIN32_DIRECTORY, HCS_START_NOT_RUNNABLE},
        {WIN32_ELEVATION_REQUIRED, HCS_START_NOT_RUNNABLE},
        {WIN32_LOGON_FAILURE, HCS_START_NOT_RUNNABLE},
    };
    if (err->domain != ERR_DOMAIN_HRESULT)
        return HCS_START_FAILED;
    for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
        if (failures[i].code == err->code)
            return failures[i].failure;
    return HCS_START_FAILED;
}
