/* SPDX-License-Identifier: MIT */
/* run_options: what 'wrun run' was told. */
#pragma once

#include "runner/image_ready.h"
#include "runner/mount_spec.h"

enum run_network { RUN_NETWORK_NAT, RUN_NETWORK_NONE };

struct run_options {
    struct image_options image;
    struct mount_list mounts;
    struct strlist env_file; /* "NAME=VALUE" of --env-file, folded */
    struct strlist env;      /* of --env, which comes after all files wherever it stands */
    char *working_dir;
    char *user;
    char *hostname;
    char *name;
    char *entrypoint; /* NULL = the image's; "" = none */
    char *command_line;
    char *status_file;
    char *layer;            /* the named layer to run on; NULL = a writable layer of its own */
    char *from;             /* what that is made on, when it is not the first argument */
    uint64_t storage_bytes; /* 0 = the default */
    enum run_network network;
    enum pull_policy pull;
    bool keep;
    bool interactive;
    bool dry_run;
};

#define RUN_OPTION_COUNT 40
extern const struct cli_option run_option_table[RUN_OPTION_COUNT];

/* What only the whole of the options can show (names, lengths, combinations). */
bool run_options_check(const struct run_options *options, const struct strlist *args,
                       struct error *err) MUST_USE;
void run_options_clear(struct run_options *options);
