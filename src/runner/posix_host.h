/* SPDX-License-Identifier: MIT */
/* posix_host: what the files of the native host share. */
#pragma once

#include "layers/layer_check.h"
#include "runner/host.h"

/* What a layer of an image must be. Borrows from 'layer'. */
struct layer_check_request posix_host_check_of(const struct host_layer *layer);
