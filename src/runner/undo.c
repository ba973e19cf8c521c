/* SPDX-License-Identifier: MIT */
#include "runner/undo.h"

void undo_push(struct undo_list *list, const char *what, undo_step step)
{
    if (list->count == UNDO_MAX)
        error_bug("the undo list is full");
    list->items[list->count].what = what;
    list->items[list->count].step = step;
    list->count++;
}

bool undo_all(struct undo_list *list, void *user, const struct context *context)
{
    bool complete = true;
    while (list->count > 0) {
        list->count--;
        CLEANUP(error_clear) struct error err = {0};
        if (list->items[list->count].step(user, &err))
            continue;
        complete = false;
        context_warn(context, "cannot %s: %s", list->items[list->count].what, err.message);
        if (err.hint)
            context_warn(context, "hint: %s", err.hint);
    }
    return complete;
}
