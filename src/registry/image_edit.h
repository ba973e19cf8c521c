/* SPDX-License-Identifier: MIT */
/* image_edit: the member "config" of an image configuration while it is changed. */
#pragma once

#include "base/json_read.h"
#include "base/json_write.h"

enum image_member {
    MEMBER_ARGS_ESCAPED,
    MEMBER_CMD,
    MEMBER_ENTRYPOINT,
    MEMBER_ENV,
    MEMBER_EXPOSED_PORTS,
    MEMBER_LABELS,
    MEMBER_ON_BUILD,
    MEMBER_STOP_SIGNAL,
    MEMBER_USER,
    MEMBER_VOLUMES,
    MEMBER_WORKING_DIR,
    MEMBER_COUNT,
};

struct image_edit {
    struct {
        bool is_changed;
        struct strlist values; /* of labels: keys and values alternating; of the flag: "true" */
    } members[MEMBER_COUNT];
    struct strlist shell; /* of the image, for shell forms; empty = cmd */
    bool has_command;     /* an instruction has set Cmd */
};

/* 'process' is what an image has; NULL: nothing. ERR_INTEGRITY when a member is of another type
 * than it must be. */
bool image_edit_open(const struct json_value *process, struct image_edit *ret, struct error *err)
    MUST_USE;
/* Writes the object: what was not changed is as it was in 'process', in its place. */
void image_edit_put(const struct image_edit *edit, struct json_writer *w, const char *key,
                    const struct json_value *process);
void image_edit_clear(struct image_edit *edit);
