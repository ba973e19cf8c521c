/* SPDX-License-Identifier: MIT */
/* document: the compute system document of a process-isolated container.
 *
 * Schema 2.1 (Windows 10 1809, Server 2019 and later; "Compute System schema" in Microsoft's HCS
 * API documentation), and no member that is newer: HCS refuses what it does not know. The spec
 * holds all the policy; composing only writes it down. docs/fidelity.md compares the result with
 * what Microsoft's client sends. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "base/guid.h"
#include "base/strlist.h"

/* How wrun's containers are found again among those of others. */
#define HCS_OWNER "wrun"

struct hcs_layer {
    struct guid id;   /* NameToGuid of the last component of the path */
    const char *path; /* folder of the read-only layer, C:\... */
};

struct hcs_mount {
    const char *host_path;      /* resolved: \\?\Volume{...}\folder, or a UNC path */
    const char *container_path; /* C:\... or a bare drive, D: */
    bool read_only;
};

struct hcs_pipe {
    const char *host_path;      /* \\.\pipe\name */
    const char *container_name; /* the name alone; \\.\pipe\ comes before it in the container */
};

/* The three ways to limit processors exclude each other. */
enum hcs_cpu_limit { HCS_CPU_UNLIMITED, HCS_CPU_COUNT, HCS_CPU_MAXIMUM, HCS_CPU_WEIGHT };

/* All pointers are borrowed. NULL, 0 and {0} mean "not given" and leave the member out. */
struct hcs_container_spec {
    const char *hostname;
    const char *scratch_volume;     /* \\?\Volume{...}\; a missing final backslash is added */
    const struct hcs_layer *layers; /* topmost first, base last, without the scratch */
    size_t layer_count;
    const struct hcs_mount *mounts;
    size_t mount_count;
    const struct hcs_pipe *pipes;
    size_t pipe_count;
    uint64_t memory_mb;
    enum hcs_cpu_limit cpu_limit;
    uint64_t cpu_value;            /* processors | 1..10000 of all of them | 1..10000 */
    uint64_t storage_iops;         /* of the scratch, per second */
    uint64_t storage_bandwidth;    /* of the scratch, bytes per second */
    const char *network_namespace; /* GUID; NULL = no network */
    const struct strlist *dns_search;
    bool allow_unqualified_dns;
};

/* The caller owns *ret. Fails (ERR_INTEGRITY) on text that is not UTF-8. */
bool hcs_document_compose(const struct hcs_container_spec *spec, char **ret, struct error *err)
    MUST_USE;

/* {"Owners":[owner],"Types":["Container"]} for HcsEnumerateComputeSystems. */
bool hcs_document_query_owner(const char *owner, char **ret, struct error *err) MUST_USE;
