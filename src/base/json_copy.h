/* SPDX-License-Identifier: MIT */
/* json_copy: what was read, written again. */
#pragma once

#include "base/json_read.h"
#include "base/json_write.h"

/* Writes the value as it was read: order, numbers and all. Its own key does not matter. */
void json_copy(struct json_writer *w, const char *key, const struct json_value *value);
