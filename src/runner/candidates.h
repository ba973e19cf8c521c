/* SPDX-License-Identifier: MIT */
/* candidates: the entries of an index, each with the verdict for both kinds of isolation. */
#pragma once

#include "base/json_write.h"
#include "registry/selection.h"

/* A table for people; the caller owns it. The choice is for the host's own isolation. */
char *candidates_format(const struct index *index, const struct platform_host *host);

/* The member "candidates". */
void candidates_put(struct json_writer *w, const struct index *index,
                    const struct platform_host *host);
