/* SPDX-License-Identifier: MIT */
/* size_text: amounts of bytes as people read them. */
#pragma once

#include <stdint.h>

#include "base/error.h"

/* "812 B", "1.4 GB"; powers of 1000, as docker shows them. Owned by the caller. */
char *size_text(uint64_t bytes) __attribute__((returns_nonnull));

/* "60GB", "60g", "1.5T", "61440m", "1048576": powers of 1024, as docker reads sizes it is given.
 * ERR_USAGE otherwise, and for 0. */
bool size_parse(const char *text, uint64_t *ret_bytes, struct error *err) MUST_USE;
