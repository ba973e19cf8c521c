/* SPDX-License-Identifier: MIT */
/* image_text: an image described for people (wrun inspect). */
#pragma once

#include "registry/description.h"
#include "registry/selection.h"

/* The caller owns the result. */
char *image_text_compose(const struct description *description, const struct platform_host *host);
