/* SPDX-License-Identifier: MIT */
/* image_ready: an image whose layers are unpacked, from the store or from its registry. */
#pragma once

#include "runner/image_source.h"

enum pull_policy { PULL_MISSING, PULL_ALWAYS, PULL_NEVER };

/* A cli_setter for an enum pull_policy: missing, always, never. */
bool pull_policy_set(const struct cli_option *option, const char *value, void *target,
                     struct error *err) MUST_USE;

#define PULL_OPTION_ROW(type, member)                                                              \
    {                                                                                              \
        "pull", 0, "missing|always|never", "When to ask the registry (default: missing)",          \
            pull_policy_set, offsetof(type, member)                                                \
    }

struct image_ready_request {
    const struct image_options *options;
    const struct reference *reference;
    enum pull_policy pull;
    bool description_only; /* for a plan: nothing is unpacked, no layer is fetched */
    bool blobs_only;       /* nothing is unpacked, but all blobs are in the store */
};

/* Adds the directories of its layers to *ret_layers, topmost first. The caller holds the store's
 * shared lock. */
bool image_make_ready(const struct invocation *invocation,
                      const struct image_ready_request *request, struct image *ret,
                      struct strlist *ret_layers, struct error *err) MUST_USE;
