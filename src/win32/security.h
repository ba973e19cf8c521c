/* SPDX-License-Identifier: MIT */
/* security: security descriptors for the objects wrun makes on the host. */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "win32/windows_lean.h"

/* Nobody but the system and administrators; nothing inherited from above, all passed on below. */
#define SECURITY_ADMINS_ONLY L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"

struct security {
    SECURITY_ATTRIBUTES attributes; /* .lpSecurityDescriptor is owned */
};

bool security_from_sddl(const wchar_t *sddl, struct security *ret, struct error *err) MUST_USE;
void security_clear(struct security *security);

/* Appends the self-relative descriptor that the text stands for. ERR_INTEGRITY when it stands for
 * none. */
bool security_bytes_from_sddl(const char *sddl, struct buf *ret, struct error *err) MUST_USE;

/* True when the file or directory belongs to the system, to the administrators, or to the user wrun
 * runs as: nobody else can have changed its access list. */
bool security_owner_is_trusted(const char *path, bool *ret, struct error *err) MUST_USE;

/* A directory for administrators only; one that exists keeps its access list. ERR_DENIED, with a
 * hint, when it belongs to somebody else: any user may create directories in C:\, and what such a
 * user put there would be taken for wrun's own. */
bool security_make_directory(const char *path, struct error *err) MUST_USE;
