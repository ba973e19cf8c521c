/* SPDX-License-Identifier: MIT */
/* version: which Windows this is, and as whom wrun runs. */
#pragma once

#include <stdint.h>

#include "base/error.h"

struct windows_version {
    uint32_t major;
    uint32_t minor;
    uint32_t build;
    uint32_t revision; /* update build revision; 0 when the registry does not tell */
    bool is_server;
};

bool windows_version_get(struct windows_version *ret, struct error *err) MUST_USE;
/* True when the process has the full token of an administrator (or is the system). */
bool windows_is_elevated(bool *ret, struct error *err) MUST_USE;
