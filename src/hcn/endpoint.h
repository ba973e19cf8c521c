/* SPDX-License-Identifier: MIT */
/* endpoint: a network adapter of a container, on a network and in a namespace. */
#pragma once

#include "base/error.h"
#include "base/guid.h"
#include "hcn/api.h"
#include "hcn/document.h"
#include "hcn/result.h"

/* "wrun-" and 12 hex digits from the id; the caller owns it. */
char *hcn_endpoint_name(const struct guid *id);

/* Creates an endpoint on spec->network under a GUID of our choice and reads back what HNS gave it.
 * ret->id is the GUID it really has. On success *ret is owned by the caller; a failure may leave
 * the endpoint behind: delete it all the same. */
bool hcn_endpoint_create(const struct hcn_api *api, const struct guid *id,
                         const struct hcn_endpoint_spec *spec, struct hcn_endpoint *ret,
                         struct error *err) MUST_USE;
/* ERR_NOT_FOUND when there is none. */
bool hcn_endpoint_query(const struct hcn_api *api, const struct guid *id, struct hcn_endpoint *ret,
                        struct error *err) MUST_USE;
/* Puts the endpoint into the namespace; there already is success. */
bool hcn_endpoint_attach(const struct hcn_api *api, const struct guid *name_space,
                         const struct guid *endpoint, struct error *err) MUST_USE;
/* Takes it out; either of them not there is success. */
bool hcn_endpoint_detach(const struct hcn_api *api, const struct guid *name_space,
                         const struct guid *endpoint, struct error *err) MUST_USE;
/* Not there is success. */
bool hcn_endpoint_delete(const struct hcn_api *api, const struct guid *id, struct error *err)
    MUST_USE;
/* All endpoints of the host that wrun made (by name), for the sweep. */
bool hcn_endpoint_list_ours(const struct hcn_api *api, struct hcn_id_list *ret, struct error *err)
    MUST_USE;
