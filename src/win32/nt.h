/* SPDX-License-Identifier: MIT */
/* nt: the native file calls wrun makes, as far as mingw's headers lack or garble them.
 *
 * Values and layouts are those of the Windows driver kit (ntifs.h, wdm.h). */
#pragma once

#include "win32/windows_lean.h"

#include <stdbool.h>
#include <stddef.h>
#include <winternl.h>

/* Status values; <ntstatus.h> cannot be included beside <windows.h>. */
#define NT_BUFFER_OVERFLOW ((NTSTATUS)0x80000005)
#define NT_NO_MORE_FILES ((NTSTATUS)0x80000006)
#define NT_NO_MORE_EAS ((NTSTATUS)0x80000012)
#define NT_NOT_IMPLEMENTED ((NTSTATUS)0xC0000002)
#define NT_INVALID_INFO_CLASS ((NTSTATUS)0xC0000003)
#define NT_INVALID_PARAMETER ((NTSTATUS)0xC000000D)
#define NT_NO_SUCH_FILE ((NTSTATUS)0xC000000F)
#define NT_OBJECT_NAME_INVALID ((NTSTATUS)0xC0000033)
#define NT_OBJECT_NAME_NOT_FOUND ((NTSTATUS)0xC0000034)
#define NT_OBJECT_NAME_COLLISION ((NTSTATUS)0xC0000035)
#define NT_OBJECT_PATH_NOT_FOUND ((NTSTATUS)0xC000003A)
#define NT_EAS_NOT_SUPPORTED ((NTSTATUS)0xC000004F)
#define NT_NO_EAS_ON_FILE ((NTSTATUS)0xC0000052)
#define NT_NOT_SUPPORTED ((NTSTATUS)0xC00000BB)
#define NT_CANNOT_DELETE ((NTSTATUS)0xC0000121)
#define NT_TOO_MANY_LINKS ((NTSTATUS)0xC0000265)
#define NT_REPARSE_POINT_ENCOUNTERED ((NTSTATUS)0xC000050B)

#define nt_ok(status) ((status) >= 0)

/* Information classes whose names mingw has wrong or not at all. */
#define NT_FILE_DIRECTORY_INFORMATION ((FILE_INFORMATION_CLASS)1)
#define NT_FILE_BASIC_INFORMATION ((FILE_INFORMATION_CLASS)4)
#define NT_FILE_STANDARD_INFORMATION ((FILE_INFORMATION_CLASS)5)
#define NT_FILE_INTERNAL_INFORMATION ((FILE_INFORMATION_CLASS)6)
#define NT_FILE_EA_INFORMATION ((FILE_INFORMATION_CLASS)7)
#define NT_FILE_LINK_INFORMATION ((FILE_INFORMATION_CLASS)11)
#define NT_FILE_DISPOSITION_INFORMATION ((FILE_INFORMATION_CLASS)13)
#define NT_FILE_STREAM_INFORMATION ((FILE_INFORMATION_CLASS)22)
#define NT_FILE_ATTRIBUTE_TAG_INFORMATION ((FILE_INFORMATION_CLASS)35)
#define NT_FILE_ID_INFORMATION ((FILE_INFORMATION_CLASS)59)
#define NT_FILE_DISPOSITION_INFORMATION_EX ((FILE_INFORMATION_CLASS)64)

struct nt_attribute_tag {
    ULONG attributes;
    ULONG reparse_tag;
};
#define NT_REPARSE_TAG_WCI 0x80000018u
#define NT_REPARSE_TAG_WCI_1 0x90001018u

/* NT_FILE_ID_INFORMATION. */
struct nt_file_id {
    ULONGLONG volume;
    UCHAR id[16];
};

/* Flags of NT_FILE_DISPOSITION_INFORMATION_EX. */
#define NT_DISPOSITION_DELETE 0x1u
#define NT_DISPOSITION_POSIX_SEMANTICS 0x2u
#define NT_DISPOSITION_IGNORE_READONLY 0x10u

NTSTATUS NTAPI NtQueryDirectoryFile(HANDLE file, HANDLE event, PIO_APC_ROUTINE apc,
                                    PVOID apc_context, PIO_STATUS_BLOCK io, PVOID information,
                                    ULONG length, FILE_INFORMATION_CLASS information_class,
                                    BOOLEAN single_entry, PUNICODE_STRING file_name,
                                    BOOLEAN restart);
NTSTATUS NTAPI NtQuerySecurityObject(HANDLE object, SECURITY_INFORMATION information,
                                     PSECURITY_DESCRIPTOR descriptor, ULONG length, PULONG needed);
NTSTATUS NTAPI NtSetSecurityObject(HANDLE object, SECURITY_INFORMATION information,
                                   PSECURITY_DESCRIPTOR descriptor);
NTSTATUS NTAPI NtQueryEaFile(HANDLE file, PIO_STATUS_BLOCK io, PVOID buffer, ULONG length,
                             BOOLEAN single_entry, PVOID list, ULONG list_length, PULONG index,
                             BOOLEAN restart);
NTSTATUS NTAPI NtSetEaFile(HANDLE file, PIO_STATUS_BLOCK io, PVOID buffer, ULONG length);
NTSTATUS NTAPI RtlGetVersion(POSVERSIONINFOW version);

#define NT_SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

struct nt_open {
    ACCESS_MASK access; /* SYNCHRONIZE is added */
    ULONG share;
    ULONG disposition; /* FILE_OPEN, FILE_CREATE ... */
    ULONG options;     /* backup intent and synchronous are added */
};

/* Opens or makes 'name' (not NUL-terminated) below an open directory. No reparse point is followed:
 * one on the way ends in NT_REPARSE_POINT_ENCOUNTERED, one at the end too unless
 * FILE_OPEN_REPARSE_POINT opens it itself. */
NTSTATUS nt_open_relative(HANDLE directory, const wchar_t *name, size_t units,
                          const struct nt_open *how, HANDLE *ret);
/* True for the ways of saying that a name, or a directory on its way, does not exist. */
bool nt_is_absence(NTSTATUS status);
/* Marks for deletion what was opened with DELETE and attribute access, also if it is read-only. */
NTSTATUS nt_delete(HANDLE file);
