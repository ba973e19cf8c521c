/* SPDX-License-Identifier: MIT */
/* copy_spec: what the arguments of a copy say: NAME:C:\path, or a path of the host. */
#pragma once

#include "base/error.h"

struct copy_spec {
    char *layer;    /* NULL: of the host */
    char *path;     /* of the host: as it was given; in a layer: below C:\, "" = C:\ itself */
    bool is_inside; /* it ends in a separator, or in "\." */
};

/* What stands before the first ':' is the name of a layer, but one letter is a drive
 * unless "C:" follows, too. ERR_USAGE
 * when the path in a layer is not on C:, or is none that can be there. */
bool copy_spec_parse(const char *text, struct copy_spec *ret, struct error *err) MUST_USE;
void copy_spec_clear(struct copy_spec *spec);
