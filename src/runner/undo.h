/* SPDX-License-Identifier: MIT */
/* undo: what has been made on the host so far, to be taken back in reverse order.
 *
 * Each step that succeeds pushes its inverse. Taking back goes on past failures and tells each. */
#pragma once

#include "base/event.h"

#define UNDO_MAX 16 /* more than any plan has steps */

typedef bool (*undo_step)(void *user, struct error *err);

struct undo_list {
    struct {
        const char *what; /* "remove the endpoint"; for the warning when it fails */
        undo_step step;
    } items[UNDO_MAX];
    size_t count;
};

void undo_push(struct undo_list *list, const char *what, undo_step step);
/* Runs and forgets all steps, last first; failures become warnings. Returns false if there was one.
 */
bool undo_all(struct undo_list *list, void *user, const struct context *context);
