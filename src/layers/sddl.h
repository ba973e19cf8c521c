/* SPDX-License-Identifier: MIT */
/* sddl: security descriptors in text form, as layers of 2016 and before have them (MSWINDOWS.sd).
 *
 * Only Windows can turn them into the binary form, because names of accounts are relative to the
 * machine. What is checked here, everywhere, is that the text is one: [MS-DTYP] 2.5.1. */
#pragma once

#include <stddef.h>

#include "base/error.h"

/* As much text as the largest binary descriptor can need. */
#define SDDL_MAXIMUM ((size_t)256 * 1024)

/* Each of "O:", "G:", "D:" and "S:" at most once; entries have six or seven fields of the right
 * kinds. Kind ERR_INTEGRITY. */
bool sddl_check(const char *text, size_t length, struct error *err) MUST_USE;
