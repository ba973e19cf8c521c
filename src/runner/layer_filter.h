/* SPDX-License-Identifier: MIT */
/* layer_filter: which named layers are meant. */
#pragma once

#include "layers/named_layer.h"

/* ERR_USAGE unless it is label=KEY, label=KEY=VALUE, state=STATE or name=NAME. */
bool layer_filter_check(const char *filter, struct error *err) MUST_USE;
/* True when the layer passes all of the (checked) filters. */
bool layer_filter_matches(const struct strlist *filters, const struct named_layer *layer);
