/* SPDX-License-Identifier: MIT */
/* ea_list: a FILE_FULL_EA_INFORMATION list, taken apart. */
#pragma once

#include "base/error.h"

struct ea_item {
    const char *name; /* NUL-terminated; points into the list */
    const unsigned char *value;
    size_t value_length;
};

/* The item at data[*at]; moves *at to the next one, to 'length' after the last. ERR_INTEGRITY. */
bool ea_list_next(const void *data, size_t length, size_t *at, struct ea_item *ret,
                  struct error *err) MUST_USE;
