/* SPDX-License-Identifier: MIT */
/* image_config: the configuration blob of an image (OCI image-spec config.md, with the members
 * Docker adds). */
#pragma once

#include "base/digest.h"
#include "base/json_read.h"
#include "registry/platform.h"

#define IMAGE_CONFIG_MAXIMUM ((size_t)8 << 20) /* bytes */

struct image_label {
    char *key;
    char *value;
};

/* The member "config": how to start a process. Everything may be absent. */
struct image_process {
    char *user;
    struct strlist env; /* "NAME=value" */
    struct strlist entrypoint;
    struct strlist cmd;
    char *working_dir;
    bool args_escaped; /* entrypoint and cmd are one already quoted command line */
    struct image_label *labels;
    size_t label_count;
};

struct image_config {
    char *os;
    char *architecture;
    char *variant;
    char *os_version;
    struct strlist os_features;
    char *created; /* RFC 3339, as the builder wrote it; NULL when it says nothing */
    struct image_process config;
    struct digest *diff_ids; /* of the uncompressed layers, lowest first */
    size_t diff_id_count;
    char *raw; /* the document as it was received */
};

bool image_config_parse(const char *text, size_t length, struct image_config *ret,
                        struct error *err) MUST_USE;
void image_config_clear(struct image_config *config);

/* A view of the config's own platform; owned by the config. */
struct platform image_config_platform(const struct image_config *config);
