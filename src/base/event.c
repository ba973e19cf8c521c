/* SPDX-License-Identifier: MIT */
#include "base/event.h"

#include <stdarg.h>

#include "base/alloc.h"

bool event_is_start(enum event_type type)
{
    return type == EVENT_BLOB_STARTED || type == EVENT_LAYER_STARTED || type == EVENT_CHECK_STARTED
        || type == EVENT_EXPORT_STARTED;
}

bool event_is_progress(enum event_type type)
{
    return type == EVENT_BLOB_PROGRESS || type == EVENT_LAYER_PROGRESS
        || type == EVENT_CHECK_PROGRESS || type == EVENT_EXPORT_PROGRESS;
}

const struct cancel *context_cancel(const struct context *context)
{
    return context ? context->cancel : NULL;
}

void context_emit(const struct context *context, const struct event *event)
{
    if (context && context->observer)
        context->observer->on_event(context->observer->user, event);
}

void context_retry(const struct context *context, const char *subject, uint64_t pause_ms,
                   const char *reason)
{
    const struct event event = {
        .type = EVENT_RETRY, .subject = subject, .text = reason, .pause_ms = pause_ms};
    context_emit(context, &event);
}

void context_step(const struct context *context, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    CLEANUP(str_free) char *text = str_vformat(format, args);
    va_end(args);
    context_emit(context, &(struct event){.type = EVENT_STEP, .text = text});
}

void context_warn(const struct context *context, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    CLEANUP(str_free) char *text = str_vformat(format, args);
    va_end(args);
    context_emit(context, &(struct event){.type = EVENT_WARNING, .text = text});
}
