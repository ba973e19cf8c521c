/* SPDX-License-Identifier: MIT */
/* layer_option: what options and arguments say of named layers. */
#pragma once

#include "layers/named_layer.h"
#include "runner/cli.h"

/* cli_setters: a uint64_t of bytes, a struct strlist of labels. */
bool layer_set_size(const struct cli_option *option, const char *value, void *target,
                    struct error *err) MUST_USE;
bool layer_add_label(const struct cli_option *option, const char *value, void *target,
                     struct error *err) MUST_USE;

/* The layer that 'from' names, which must be committed to be built on: ERR_BUSY when it is not.
 * When it names none, *ret has the state NAMED_LAYER_NONE; it may be an image. */
bool layer_source_find(const char *root, const char *from, struct named_layer *ret,
                       struct error *err) MUST_USE;
