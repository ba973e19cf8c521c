/* SPDX-License-Identifier: MIT */
#include "layers/layer_check.h"

#include "layers/unpack.h"

static void emit(const struct layer_check_request *request, enum event_type type,
                 const struct context *context)
{
    const struct event event = {
        .type = type, .subject = request->diff_id.text, .total = request->source->size};
    context_emit(context, &event);
}

bool layer_check(const struct layer_check_request *request, const struct context *context,
                 struct error *err)
{
    CLEANUP(layer_unpack_result_clear) struct layer_unpack_result result = {0};
    const struct layer_unpack_request unpack = {
        .source = request->source,
        .media_type = request->media_type,
        .diff_id = request->diff_id,
        .kind = request->is_base ? LAYER_BASE : LAYER_DIFF,
        .with_utility_vm = true,
    };
    emit(request, EVENT_CHECK_STARTED, context);
    if (!layer_unpack(&unpack, &result, context, err))
        return false;
    emit(request, EVENT_CHECK_DONE, context);
    return true;
}
