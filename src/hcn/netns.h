/* SPDX-License-Identifier: MIT */
/* netns: a network namespace, which becomes the container's network compartment. */
#pragma once

#include "base/error.h"
#include "base/guid.h"
#include "hcn/api.h"
#include "hcn/result.h"

/* Creates a namespace under a GUID of our choice, so that it can be journalled before it exists.
 * *ret_id is the GUID it really has. A failure may leave the namespace behind: delete it all the
 * same. */
bool hcn_namespace_create(const struct hcn_api *api, const struct guid *id, struct guid *ret_id,
                          struct error *err) MUST_USE;
/* ERR_NOT_FOUND when there is none. */
bool hcn_namespace_query(const struct hcn_api *api, const struct guid *id,
                         struct hcn_namespace *ret, struct error *err) MUST_USE;
/* Deletes it; not there is success. Right after a container ended HNS may still count it as a
 * member, so a refusal is repeated for 5 s. */
bool hcn_namespace_delete(const struct hcn_api *api, const struct guid *id, struct error *err)
    MUST_USE;
