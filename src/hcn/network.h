/* SPDX-License-Identifier: MIT */
/* network: which network a container joins. */
#pragma once

#include "base/error.h"
#include "base/guid.h"
#include "hcn/api.h"
#include "hcn/result.h"

/* The GUID of the NAT network that wrun makes where there is none: the same for every wrun, so that
 * two at once collide on it and the loser uses the winner's. */
extern const struct guid hcn_own_nat_id;

struct hcn_network_list {
    struct hcn_network *items; /* sorted by name, case ignored */
    size_t count;
};

/* All networks of the host; one that vanishes meanwhile is skipped. */
bool hcn_network_list(const struct hcn_api *api, struct hcn_network_list *ret, struct error *err)
    MUST_USE;
void hcn_network_list_clear(struct hcn_network_list *list);

/* The network called 'wanted' (a name, case ignored, or a GUID; ERR_NOT_FOUND lists what there is),
 * or with NULL the host's NAT network: the one named "nat", else the first of type NAT, else a new
 * "nat" whose subnet HNS chooses. Networks are never changed or deleted. One process of the machine
 * at a time. *ret_name is owned by the caller. */
bool hcn_network_find_or_create_nat(const struct hcn_api *api, const char *wanted,
                                    struct guid *ret_id, char **ret_name, struct error *err)
    MUST_USE;
