/* SPDX-License-Identifier: MIT */
/* fuzz: the entry point every fuzz target defines. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Must return 0, and must not crash, leak or hang for any input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* NOLINT: libFuzzer's name */
