/* SPDX-License-Identifier: MIT */
/* plan: everything a run will do, as data, before anything is touched.
 *
 * The plan is what --dry-run prints and what unit tests look at; the session executes it. Composing
 * it is pure: what only the host knows (final paths of mounts, layer directories, fresh ids) is
 * passed in. */
#pragma once

#include "base/guid.h"
#include "hcs/document.h"
#include "hcs/process_document.h"
#include "layers/named_layer.h"
#include "runner/run_options.h"

#define RUN_ID_LENGTH 32 /* hex digits */
#define RUN_CONTAINER_PREFIX "wrun-"
#define HOSTNAME_DIGITS 12

/* What the plan shows where only the mounted scratch can tell the volume. */
#define PLAN_UNKNOWN_VOLUME "\\\\?\\Volume{of the scratch}\\"

struct plan_input {
    const struct run_options *options;
    const struct image *image;       /* of a run on a layer its configuration only */
    const char *source;              /* what the run is made from, when it is no image; else NULL */
    const struct named_layer *layer; /* the writable layer to run on; NULL = a new one */
    const struct strlist *arguments; /* after the image's name */
    const struct strlist *layers;    /* layer directories, topmost first */
    const struct strlist *mount_sources; /* resolved, in the order of options->mounts */
    const char *root;
    struct guid run;
    struct guid name_space;
    struct guid endpoint;
};

struct run_plan {
    char run_id[RUN_ID_LENGTH + 1];
    char *container_id; /* "wrun-" and the run id */
    char *name;
    char *image; /* canonical reference, or what the user called the layer */
    struct digest image_digest;
    char *run_directory;     /* <root>\runs\<run id> */
    char *scratch_directory; /* <root>\scratch\<run id>, or that of the named layer */
    char *layer;             /* name of the layer it runs on, which stays; NULL = none */
    uint64_t storage_bytes;  /* size of a new writable layer; 0 = the default */
    struct strlist layers;   /* topmost first */
    bool use_network;
    bool keep;
    struct guid name_space;
    struct guid endpoint;
    char *endpoint_name; /* "wrun-" and 12 digits of the run id */
    char name_space_text[GUID_TEXT_SIZE];

    /* The specs point into what follows and into the members above. */
    struct hcs_container_spec container; /* scratch_volume is filled in by the session */
    struct hcs_process_spec process;
    char *hostname;
    char *command_line;
    char *user;
    char *working_directory;
    struct strlist environment;
    struct strlist mount_texts; /* host and container path of each mount, alternating */
    struct hcs_layer *layer_specs;
    struct hcs_mount *mount_specs;
};

/* *ret must not move afterwards; it is empty when this fails. ERR_USAGE when there is no command or
 * one that is longer than Windows accepts. */
bool plan_compose(const struct plan_input *input, struct run_plan *ret, struct error *err) MUST_USE;
void plan_clear(struct run_plan *plan);

/* The two documents. */
bool plan_container_document(const struct run_plan *plan, char **ret, struct error *err) MUST_USE;
bool plan_process_document(const struct run_plan *plan, char **ret, struct error *err) MUST_USE;

/* 'network' is the network to join; NULL while it is not known. */
bool plan_endpoint_document(const struct run_plan *plan, const struct guid *network, char **ret,
                            struct error *err) MUST_USE;

/* The steps in order with every document, as JSON (for programs) or as text (for people). */
bool plan_print_json(const struct run_plan *plan, char **ret, struct error *err) MUST_USE;
bool plan_print_text(const struct run_plan *plan, char **ret, struct error *err) MUST_USE;
