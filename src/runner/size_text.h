/* SPDX-License-Identifier: MIT */
/* size_text: amounts of bytes as people read them. */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"

/* "812 B", "1.4 GB"; powers of 1000, as docker shows them. Owned by the caller. */
char *size_text(uint64_t bytes) __attribute__((returns_nonnull));
