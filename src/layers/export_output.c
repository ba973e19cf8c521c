/* SPDX-License-Identifier: MIT */
#include "layers/export_output.h"

#include "layers/unpack.h"

#define PROGRESS_STEP ((uint64_t)1024 * 1024)

enum reader { READER_HASH, READER_WRITE, READER_COUNT };

/* ---- the threads ---- */

static void hash(void *argument)
{
    struct export_output *output = argument;
    struct ring_slice slice;
    while (slice_ring_get(&output->ring, READER_HASH, &slice)) {
        sha256_update(&output->tar_hash, slice.data, slice.length);
        slice_ring_release(&output->ring, READER_HASH);
    }
}

static bool take_blob(void *user, const void *data, size_t length, struct error *err)
{
    struct export_output *output = user;
    const struct byte_sink *sink = output->request->sink;
    sha256_update(&output->blob_hash, data, length);
    output->blob_size += length;
    return sink->write(sink->user, data, length, err);
}

static bool write_slices(struct export_output *output, struct compressor *compressor,
                         struct error *err)
{
    struct ring_slice slice;
    while (slice_ring_get(&output->ring, READER_WRITE, &slice)) {
        if (!compressor_write(compressor, slice.data, slice.length, err))
            return false;
        slice_ring_release(&output->ring, READER_WRITE);
    }
    return compressor_finish(compressor, err);
}

static void write_blob(void *argument)
{
    struct export_output *output = argument;
    const struct byte_sink sink = {.write = take_blob, .user = output};
    struct compressor *compressor = compressor_open(output->request->compression, &sink);
    output->written = write_slices(output, compressor, &output->err);
    if (!output->written)
        slice_ring_stop(&output->ring);
    compressor_close(&compressor);
}

/* ---- the writer of the tar ---- */

bool export_output_open(const struct layer_export_request *request, const struct context *context,
                        struct export_output *output, struct error *err)
{
    *output = (struct export_output){.request = request, .context = context};
    sha256_init(&output->tar_hash);
    sha256_init(&output->blob_hash);
    slice_ring_open(&output->ring, READER_COUNT);
    return os_thread_start(&output->hashing, hash, output, err)
        && os_thread_start(&output->writing, write_blob, output, err);
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
    tell_progress(output, length);
    output->refused = !slice_ring_put(&output->ring, data, length, 0);
    return !output->refused || error_set(err, ERR_CANCELLED, "nobody takes it any more");
}

struct byte_sink export_output_sink(struct export_output *output)
{
    return (struct byte_sink){.write = take_tar, .user = output};
}

bool export_output_finish(struct export_output *output, struct layer_export_result *ret,
                          struct error *err)
{
    slice_ring_end(&output->ring);
    os_thread_join(&output->hashing);
    os_thread_join(&output->writing);
    if (!output->written) {
        *err = TAKE(output->err);
        return false;
    }
    ret->diff_id = sha256_final_digest(&output->tar_hash);
    ret->blob_digest = sha256_final_digest(&output->blob_hash);
    ret->tar_size = output->tar_size;
    ret->blob_size = output->blob_size;
    return true;
}

void export_output_close(struct export_output *output, struct error *err)
{
    slice_ring_stop(&output->ring);
    os_thread_join(&output->hashing);
    os_thread_join(&output->writing);
    slice_ring_close(&output->ring);
    if (output->refused && error_is_set(&output->err)) {
        error_clear(err);
        *err = TAKE(output->err);
    }
    error_clear(&output->err);
}
