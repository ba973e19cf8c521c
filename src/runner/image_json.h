/* SPDX-License-Identifier: MIT */
/* image_json: an image described for programs (wrun pull --json). */
#pragma once

#include "base/strlist.h"
#include "registry/image.h"

/* {ref, digest, platform:{os,architecture,osVersion}, topLayer, layers:[{diffId,path,size}],
 * config:{...}}; 'layers' are the layer directories, topmost first, or empty when nothing was
 * unpacked. */
bool image_json_compose(const struct image *image, const struct strlist *layers, char **ret,
                        struct error *err) MUST_USE;
