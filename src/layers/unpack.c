/* SPDX-License-Identifier: MIT */
#include "layers/unpack.h"

#include "base/alloc.h"
#include "base/os.h"
#include "base/sha256.h"
#include "layers/decompress.h"
#include "layers/unpack_rules.h"
#include "layers/utility_vm.h"

struct unpacking {
    struct unpack_rules rules;
    struct tar_reader *reader;
    struct sha256 hash;
    const struct context *context;
};

/* What the writer's work took so far, and how much of that this thread. */
static uint64_t writer_times(const struct unpacking *unpacking, struct unpack_times *ret)
{
    uint64_t own = 0;
    const struct layer_writer *writer = &unpacking->rules.writer;
    *ret = (struct unpack_times){0};
    if (writer->ops->times)
        writer->ops->times(writer->self, ret, &own);
    return own;
}

static bool feed(struct unpacking *unpacking, const struct decompress_slice *slice,
                 struct error *err)
{
    struct unpack_times ignored;
    uint64_t own = writer_times(unpacking, &ignored);
    uint64_t mark = os_monotonic_ns();
    bool fed = tar_reader_feed(unpacking->reader, slice->data, slice->length, err)
        && unpack_rules_check(&unpacking->rules, err);
    uint64_t *parse = &unpacking->rules.result.times.parse;
    unpack_times_lap(parse, &mark);
    *parse -= writer_times(unpacking, &ignored) - own;
    return fed;
}

static bool take_slice(void *user, const struct decompress_slice *slice, struct error *err)
{
    struct unpacking *unpacking = user;
    struct unpack_rules *rules = &unpacking->rules;
    rules->result.uncompressed_bytes += slice->length;
    struct event event = {
        .type = rules->request->tree ? EVENT_LAYER_PROGRESS : EVENT_CHECK_PROGRESS,
        .subject = rules->request->diff_id.text,
        .done = slice->compressed_done,
        .total = slice->compressed_total,
    };
    context_emit(unpacking->context, &event);
    return feed(unpacking, slice, err);
}

static bool check_digest(struct unpacking *unpacking, struct error *err)
{
    struct layer_unpack_result *result = &unpacking->rules.result;
    result->diff_id = sha256_final_digest(&unpacking->hash);
    if (!digest_equal(&result->diff_id, &unpacking->rules.request->diff_id))
        return error_set(err, ERR_INTEGRITY, "wrong content: it has the digest %s",
                         result->diff_id.text);
    return true;
}

static bool run(struct unpacking *unpacking, const struct layer_unpack_request *request,
                struct error *err)
{
    struct unpack_rules *rules = &unpacking->rules;
    const struct decompress_options options = {
        .media_type = request->media_type,
        .maximum_bytes =
            request->maximum_bytes ? request->maximum_bytes : LAYER_UNPACK_MAXIMUM_BYTES,
        .hash = &unpacking->hash,
        .times = &rules->result.times,
    };
    return decompress_source_ahead(request->source, &options, take_slice, unpacking,
                                   unpacking->context, err)
        && tar_reader_finish(unpacking->reader, err) && unpack_rules_end(rules, err)
        && check_digest(unpacking, err) && unpack_rules_settle(rules, err)
        && rules->writer.ops->finish(rules->writer.self, &rules->result, err)
        && utility_vm_inherit(rules, err);
}

static double seconds(uint64_t nanoseconds)
{
    return (double)nanoseconds / 1e9;
}

static void tell_times(const struct layer_unpack_result *result, const struct context *context)
{
    const struct unpack_times *times = &result->times;
    context_step(context,
                 "%s: seconds: inflate %.2f, hash %.2f, tar %.2f, create %.2f, write %.2f, "
                 "close %.2f",
                 result->diff_id.text, seconds(times->inflate), seconds(times->hash),
                 seconds(times->parse), seconds(times->create), seconds(times->write),
                 seconds(times->close));
}

bool layer_unpack(const struct layer_unpack_request *request, struct layer_unpack_result *ret,
                  const struct context *context, struct error *err)
{
    CLEANUP(mem_free) struct unpacking *unpacking = xcalloc(1, sizeof(*unpacking));
    unpacking->context = context;
    sha256_init(&unpacking->hash);
    unpack_rules_open(&unpacking->rules, request);
    const struct tar_handler handler = {
        .on_entry = unpack_rules_entry,
        .on_data = unpack_rules_data,
        .user = &unpacking->rules,
    };
    unpacking->reader = tar_reader_open(&handler);

    bool done = run(unpacking, request, err);
    struct unpack_times writing;
    writer_times(unpacking, &writing);
    unpack_times_add(&unpacking->rules.result.times, &writing);
    bool again = !done && unpacking->rules.result.needs_utility_vm;
    if (done) {
        *ret = TAKE(unpacking->rules.result);
        if (request->tree)
            tell_times(ret, context);
    }
    tar_reader_close(&unpacking->reader);
    unpack_rules_close(&unpacking->rules);
    if (again) {
        error_clear(err);
        *ret = (struct layer_unpack_result){.needs_utility_vm = true};
    }
    return done || again;
}

void layer_unpack_result_clear(struct layer_unpack_result *result)
{
    for (size_t i = 0; i < result->tombstone_count; i++)
        layer_path_clear(&result->tombstones[i]);
    for (size_t i = 0; i < result->link_count; i++) {
        layer_path_clear(&result->links[i].path);
        layer_path_clear(&result->links[i].target);
    }
    for (size_t i = 0; i < result->directory_count; i++)
        layer_path_clear(&result->directories[i].path);
    mem_free(&result->tombstones);
    mem_free(&result->links);
    mem_free(&result->directories);
    *result = (struct layer_unpack_result){0};
}
