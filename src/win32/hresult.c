/* SPDX-License-Identifier: MIT */
#include "win32/hresult.h"

#include <stdarg.h>

#include "base/alloc.h"
#include "win32/nt.h"
#include "win32/utf16.h"

/* ERROR_ names that mingw's headers lack. */
#define CODE_ELEVATION_REQUIRED 740
#define CODE_DISK_QUOTA_EXCEEDED 1295
#define CODE_REPARSE_POINT_ENCOUNTERED 4395

/* What wrun distinguishes. A name stands in where this Windows has no text for the code: the HCS_E_
 * and HCN_E_ families are in no header and, before 1903, in no message table. */
static const struct known_code {
    uint32_t code; /* as hresult_normalize() gives it */
    enum err_kind kind;
    const char *name;
} known_codes[] = {
    {ERROR_FILE_NOT_FOUND, ERR_NOT_FOUND, NULL},
    {ERROR_PATH_NOT_FOUND, ERR_NOT_FOUND, NULL},
    {ERROR_INVALID_DRIVE, ERR_NOT_FOUND, NULL},
    {ERROR_BAD_NETPATH, ERR_NOT_FOUND, NULL},
    {ERROR_BAD_NET_NAME, ERR_NOT_FOUND, NULL},
    {ERROR_DIRECTORY, ERR_NOT_FOUND, NULL},
    {ERROR_NOT_FOUND, ERR_NOT_FOUND, NULL},
    {ERROR_ACCESS_DENIED, ERR_DENIED, NULL},
    {ERROR_WRITE_PROTECT, ERR_DENIED, NULL},
    {ERROR_PRIVILEGE_NOT_HELD, ERR_DENIED, NULL},
    {CODE_ELEVATION_REQUIRED, ERR_DENIED, NULL},
    {ERROR_SHARING_VIOLATION, ERR_BUSY, NULL},
    {ERROR_LOCK_VIOLATION, ERR_BUSY, NULL},
    {ERROR_FILE_EXISTS, ERR_BUSY, NULL},
    {ERROR_ALREADY_EXISTS, ERR_BUSY, NULL},
    {ERROR_DIR_NOT_EMPTY, ERR_BUSY, NULL},
    {ERROR_BUSY, ERR_BUSY, NULL},
    {ERROR_DELETE_PENDING, ERR_BUSY, NULL},
    {ERROR_TOO_MANY_LINKS, ERR_NO_SPACE, NULL},
    {ERROR_DISK_FULL, ERR_NO_SPACE, NULL},
    {ERROR_HANDLE_DISK_FULL, ERR_NO_SPACE, NULL},
    {CODE_DISK_QUOTA_EXCEEDED, ERR_NO_SPACE, NULL},
    {ERROR_INVALID_FUNCTION, ERR_UNSUPPORTED, NULL},
    {ERROR_NOT_SUPPORTED, ERR_UNSUPPORTED, NULL},
    {ERROR_CALL_NOT_IMPLEMENTED, ERR_UNSUPPORTED, NULL},
    {ERROR_MOD_NOT_FOUND, ERR_UNSUPPORTED, NULL},
    {ERROR_PROC_NOT_FOUND, ERR_UNSUPPORTED, NULL},
    {ERROR_SERVICE_DISABLED, ERR_UNSUPPORTED, NULL},
    {ERROR_SERVICE_DOES_NOT_EXIST, ERR_UNSUPPORTED, NULL},
    {ERROR_OPERATION_ABORTED, ERR_CANCELLED, NULL},
    {ERROR_CANCELLED, ERR_CANCELLED, NULL},
    {CODE_REPARSE_POINT_ENCOUNTERED, ERR_INTEGRITY, "a reparse point is in the way"},
    {0x80370100, ERR_OS, "HCS_E_TERMINATED_DURING_START"},
    {0x80370101, ERR_MISMATCH, "HCS_E_IMAGE_MISMATCH"},
    {0x80370102, ERR_UNSUPPORTED, "HCS_E_HYPERV_NOT_INSTALLED"},
    {0x80370105, ERR_OS, "HCS_E_INVALID_STATE"},
    {0x80370106, ERR_OS, "HCS_E_UNEXPECTED_EXIT"},
    {0x80370107, ERR_OS, "HCS_E_TERMINATED"},
    {0x80370108, ERR_OS, "HCS_E_CONNECT_FAILED"},
    {0x80370109, ERR_OS, "HCS_E_CONNECTION_TIMEOUT"},
    {0x8037010A, ERR_OS, "HCS_E_CONNECTION_CLOSED"},
    {0x8037010B, ERR_UNSUPPORTED, "HCS_E_UNKNOWN_MESSAGE"},
    {0x8037010C, ERR_UNSUPPORTED, "HCS_E_UNSUPPORTED_PROTOCOL_VERSION"},
    {0x8037010D, ERR_OS, "HCS_E_INVALID_JSON"},
    {0x8037010E, ERR_NOT_FOUND, "HCS_E_SYSTEM_NOT_FOUND"},
    {0x8037010F, ERR_BUSY, "HCS_E_SYSTEM_ALREADY_EXISTS"},
    {0x80370110, ERR_OS, "HCS_E_SYSTEM_ALREADY_STOPPED"},
    {0x80370111, ERR_OS, "HCS_E_PROTOCOL_ERROR"},
    {0x80370112, ERR_INTEGRITY, "HCS_E_INVALID_LAYER"},
    {0x80370113, ERR_UNSUPPORTED, "HCS_E_WINDOWS_INSIDER_REQUIRED"},
    {0x80370114, ERR_UNSUPPORTED, "HCS_E_SERVICE_NOT_AVAILABLE"},
    {0x80370118, ERR_OS, "HCS_E_OPERATION_TIMEOUT"},
    {0x8037011B, ERR_DENIED, "HCS_E_ACCESS_DENIED"},
    {0x8037011C, ERR_OS, "HCS_E_GUEST_CRITICAL_ERROR"},
    {0x8037011E, ERR_OS, "HCS_E_SERVICE_DISCONNECT"},
    {0x8037011F, ERR_OS, "HCS_E_PROCESS_ALREADY_STOPPED"},
    {0x803B0001, ERR_NOT_FOUND, "HCN_E_NETWORK_NOT_FOUND"},
    {0x803B0002, ERR_NOT_FOUND, "HCN_E_ENDPOINT_NOT_FOUND"},
    {0x803B0006, ERR_NOT_FOUND, "HCN_E_ADAPTER_NOT_FOUND"},
    {0x803B0010, ERR_BUSY, "HCN_E_NETWORK_ALREADY_EXISTS"},
    {0x803B0013, ERR_BUSY, "HCN_E_PORT_ALREADY_EXISTS"},
    {0x803B0014, ERR_BUSY, "HCN_E_ENDPOINT_ALREADY_ATTACHED"},
    {0x803B0015, ERR_UNSUPPORTED, "HCN_E_REQUEST_UNSUPPORTED"},
    {0x803B0016, ERR_UNSUPPORTED, "HCN_E_MAPPING_NOT_SUPPORTED"},
    {0x803B001B, ERR_OS, "HCN_E_INVALID_JSON"},
};

#define FACILITY_MASK 0x1FFF0000u
#define FACILITY_OF_WIN32 0x00070000u
#define FACILITY_OF_HCS 0x00370000u

uint32_t hresult_normalize(HRESULT hr)
{
    uint32_t value = (uint32_t)hr;
    if ((value & FACILITY_MASK) == FACILITY_OF_WIN32)
        return value & 0xFFFF;
    if ((value & FACILITY_MASK) == FACILITY_OF_HCS)
        return 0x80370000u | (value & 0xFFFF);
    return value;
}

static const struct known_code *find_known(uint32_t normalized)
{
    for (size_t i = 0; i < ARRAY_SIZE(known_codes); i++)
        if (known_codes[i].code == normalized)
            return &known_codes[i];
    return NULL;
}

/* The system's English text without the line end, or NULL. */
static char *system_text(uint32_t code)
{
    wchar_t wide[512];
    DWORD length = FormatMessageW(
        FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK,
        NULL, code, MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US), wide, ARRAY_SIZE(wide), NULL);
    if (length == 0)
        length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS
                                    | FORMAT_MESSAGE_MAX_WIDTH_MASK,
                                NULL, code, 0, wide, ARRAY_SIZE(wide), NULL);
    while (length > 0 && wide[length - 1] <= L' ')
        length--;
    if (length == 0)
        return NULL;
    wide[length] = 0;

    CLEANUP(error_clear) struct error ignored = {0};
    char *text = NULL;
    return utf16_to_utf8(wide, &text, &ignored) ? text : NULL;
}

static char *text_of(uint32_t normalized, uint32_t original)
{
    char *text = system_text(normalized);
    if (!text && original != normalized)
        text = system_text(original);
    const struct known_code *known = find_known(normalized);
    if (!text)
        text = xstrdup(known && known->name ? known->name : "unknown error");
    return text;
}

static bool raise(struct error *err, enum err_domain domain, uint32_t code, const char *origin,
                  const char *message)
{
    const struct known_code *known = find_known(code);
    return error_raise(err, known ? known->kind : ERR_OS, domain, code, origin, "%s", message);
}

bool error_raise_win32(struct error *err, DWORD code, const char *origin, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    CLEANUP(str_free) char *what = str_vformat(format, args);
    va_end(args);

    CLEANUP(str_free) char *text = text_of(code, code);
    CLEANUP(str_free) char *message = str_format("%s: %s (%lu)", what, text, code);
    return raise(err, ERR_DOMAIN_WIN32, code, origin, message);
}

bool error_raise_hresult(struct error *err, HRESULT hr, const char *origin, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    CLEANUP(str_free) char *what = str_vformat(format, args);
    va_end(args);

    uint32_t code = hresult_normalize(hr);
    CLEANUP(str_free) char *text = text_of(code, (uint32_t)hr);
    CLEANUP(str_free) char *message = str_format("%s: %s (0x%08X)", what, text, (uint32_t)hr);
    return raise(err, ERR_DOMAIN_HRESULT, code, origin, message);
}

/* That a layer tried to lead out of its root must be told as what it is even where the system's
 * table of translations lacks the status. */
static uint32_t win32_of_status(LONG status)
{
    return status == NT_REPARSE_POINT_ENCOUNTERED ? CODE_REPARSE_POINT_ENCOUNTERED
                                                  : RtlNtStatusToDosError(status);
}

bool error_raise_ntstatus(struct error *err, LONG status, const char *origin, const char *format,
                          ...)
{
    va_list args;
    va_start(args, format);
    CLEANUP(str_free) char *what = str_vformat(format, args);
    va_end(args);

    uint32_t win32 = win32_of_status(status);
    CLEANUP(str_free) char *text = text_of(win32, win32);
    CLEANUP(str_free) char *message = str_format("%s: %s (0x%08X)", what, text, (uint32_t)status);
    raise(err, ERR_DOMAIN_NTSTATUS, win32, origin, message);
    err->code = (uint32_t)status;
    return false;
}
