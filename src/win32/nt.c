/* SPDX-License-Identifier: MIT */
#include "win32/nt.h"

/* The length field of a UNICODE_STRING counts bytes in 16 bits. */
#define MAXIMUM_UNITS (0xFFFE / sizeof(wchar_t))

NTSTATUS nt_open_relative(HANDLE directory, const wchar_t *name, size_t units,
                          const struct nt_open *how, HANDLE *ret)
{
    if (units > MAXIMUM_UNITS)
        return NT_OBJECT_NAME_INVALID;
    union {
        const wchar_t *given;
        wchar_t *wanted; /* the call does not write to it */
    } buffer = {.given = name};
    UNICODE_STRING text = {.Length = (USHORT)(units * sizeof(wchar_t)),
                           .MaximumLength = (USHORT)(units * sizeof(wchar_t)),
                           .Buffer = buffer.wanted};
    OBJECT_ATTRIBUTES object = {.Length = sizeof(object),
                                .RootDirectory = directory,
                                .ObjectName = &text,
                                .Attributes = OBJ_CASE_INSENSITIVE | OBJ_DONT_REPARSE};
    IO_STATUS_BLOCK io = {0};
    HANDLE handle = NULL;
    NTSTATUS status = NtCreateFile(
        &handle, how->access | SYNCHRONIZE, &object, &io, NULL, 0, how->share, how->disposition,
        how->options | FILE_OPEN_FOR_BACKUP_INTENT | FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
    if (nt_ok(status))
        *ret = handle;
    return status;
}

bool nt_is_absence(NTSTATUS status)
{
    return status == NT_OBJECT_NAME_NOT_FOUND || status == NT_OBJECT_PATH_NOT_FOUND
        || status == NT_NO_SUCH_FILE;
}

static NTSTATUS clear_read_only(HANDLE file)
{
    /* Zero times mean "unchanged". */
    FILE_BASIC_INFORMATION basic = {.FileAttributes = FILE_ATTRIBUTE_NORMAL};
    IO_STATUS_BLOCK io = {0};
    return NtSetInformationFile(file, &io, &basic, sizeof(basic), NT_FILE_BASIC_INFORMATION);
}

/* The way of file systems and systems that do not know the extended class. */
static NTSTATUS delete_plainly(HANDLE file)
{
    BOOLEAN yes = TRUE;
    IO_STATUS_BLOCK io = {0};
    NTSTATUS status =
        NtSetInformationFile(file, &io, &yes, sizeof(yes), NT_FILE_DISPOSITION_INFORMATION);
    if (status != NT_CANNOT_DELETE)
        return status;
    status = clear_read_only(file);
    return nt_ok(status)
        ? NtSetInformationFile(file, &io, &yes, sizeof(yes), NT_FILE_DISPOSITION_INFORMATION)
        : status;
}

NTSTATUS nt_delete(HANDLE file)
{
    /* With POSIX semantics the name is gone when this handle closes, although others may still have
     * the file open. */
    ULONG flags =
        NT_DISPOSITION_DELETE | NT_DISPOSITION_POSIX_SEMANTICS | NT_DISPOSITION_IGNORE_READONLY;
    IO_STATUS_BLOCK io = {0};
    NTSTATUS status =
        NtSetInformationFile(file, &io, &flags, sizeof(flags), NT_FILE_DISPOSITION_INFORMATION_EX);
    bool is_unknown = status == NT_NOT_IMPLEMENTED || status == NT_INVALID_INFO_CLASS
        || status == NT_INVALID_PARAMETER || status == NT_NOT_SUPPORTED;
    return is_unknown ? delete_plainly(file) : status;
}
