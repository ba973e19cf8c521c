/* SPDX-License-Identifier: MIT */
#include "layers/export_output.h"

#include "layers/unpack.h"

#define PROGRESS_STEP ((uint64_t)1024 * 1024)

static bool take_blob(void *user, const void *data, size_t length, struct error *err)
{
    struct export_output *output = user;
    const struct byte_sink *sink = output->request->sink;
    sha256_update(&output->blob_hash, data, length);
    output->blob_size += length;
    return sink->write(sink->user, data, length, err);
}

/* Once for each megabyte. */
static void tell_progress(const struct export_output *output, size_t length)
{
    if (output->tar_size / PROGRESS_STEP == (output->tar_size - length) / PROGRESS_STEP)
        return;
    const struct event event = {
        .type = EVENT_EXPORT_PROGRESS,
        .subject = output->request->subject,
        .done = output->tar_size,
    };
    context_emit(output->context, &event);
}

static bool take_tar(void *user, const void *data, size_t length, struct error *err)
{
    struct export_output *output = user;
    if (length > LAYER_UNPACK_MAXIMUM_BYTES - output->tar_size)
        return error_set(err, ERR_UNSUPPORTED, "the layer would be larger than %llu GiB",
                         (unsigned long long)(LAYER_UNPACK_MAXIMUM_BYTES >> 30));
    output->tar_size += length;
    sha256_update(&output->tar_hash, data, length);
    tell_progress(output, length);
    return compressor_write(output->compressor, data, length, err);
}

void export_output_open(struct export_output *output, const struct layer_export_request *request,
                        const struct context *context)
{
    *output = (struct export_output){.request = request, .context = context};
    sha256_init(&output->tar_hash);
    sha256_init(&output->blob_hash);
    output->compressor = compressor_open(request->compression,
                                         &(struct byte_sink){.write = take_blob, .user = output});
}

struct byte_sink export_output_sink(struct export_output *output)
{
    return (struct byte_sink){.write = take_tar, .user = output};
}

bool export_output_finish(struct export_output *output, struct layer_export_result *ret,
                          struct error *err)
{
    if (!compressor_finish(output->compressor, err))
        return false;
    ret->diff_id = sha256_final_digest(&output->tar_hash);
    ret->blob_digest = sha256_final_digest(&output->blob_hash);
    ret->tar_size = output->tar_size;
    ret->blob_size = output->blob_size;
    return true;
}

void export_output_close(struct export_output *output)
{
    compressor_close(&output->compressor);
}
