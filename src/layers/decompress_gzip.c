/* SPDX-License-Identifier: MIT */
#include "layers/decompress_job.h"

#include <isa-l/igzip_lib.h>

#include "base/alloc.h"

#define RESERVED_FLAGS 0xE0u
#define CUT_SHORT "the gzip data is cut short"

struct decoder {
    struct decompress_job *job;
    struct inflate_state state;
};

static const struct {
    int code;
    const char *text;
} faults[] = {
    {ISAL_INVALID_WRAPPER, "a gzip header is malformed"},
    {ISAL_UNSUPPORTED_METHOD, "a gzip header names an unknown compression method"},
    {ISAL_INCORRECT_CHECKSUM, "a gzip checksum or length does not match"},
    {ISAL_NEED_DICT, "the gzip data needs a dictionary"},
};

static bool inflate_error(int code, struct error *err)
{
    const char *text = "the gzip data is damaged";
    for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
        if (faults[i].code == code)
            text = faults[i].text;
    }
    return error_set(err, ERR_INTEGRITY, "%s", text);
}

static bool refill(struct decoder *decoder, struct error *err)
{
    size_t length = 0;
    if (!decompress_job_read(decoder->job, &length, err))
        return false;
    decoder->state.next_in = decoder->job->input;
    decoder->state.avail_in = (uint32_t)length;
    return true;
}

/* One step: as much as input and output buffer allow. */
static bool step(struct decoder *decoder, bool *ret_stuck, struct error *err)
{
    struct inflate_state *state = &decoder->state;
    if (state->avail_in == 0 && !refill(decoder, err))
        return false;
    bool at_end = state->avail_in == 0;
    unsigned char *output;
    size_t room;
    if (!decompress_job_space(decoder->job, &output, &room, err))
        return false;
    state->next_out = output;
    state->avail_out = (uint32_t)room;
    int code = isal_inflate(state);
    if (code != ISAL_DECOMP_OK && code != ISAL_END_INPUT && code != ISAL_OUT_OVERFLOW)
        return inflate_error(code, err);
    size_t length = room - state->avail_out;
    *ret_stuck = at_end && length == 0;
    return decompress_job_emit(decoder->job, output, length, state->avail_in, err);
}

/* igzip would pass over the reserved flags, which RFC 1952 section 2.3.1.2 forbids. */
static bool read_header(struct decoder *decoder, struct error *err)
{
    struct isal_gzip_header header;
    isal_gzip_header_init(&header);
    int code = ISAL_END_INPUT;
    while (code == ISAL_END_INPUT) {
        if (decoder->state.avail_in == 0 && !refill(decoder, err))
            return false;
        if (decoder->state.avail_in == 0)
            return error_set(err, ERR_INTEGRITY, CUT_SHORT);
        code = isal_read_gzip_header(&decoder->state, &header);
    }
    if (code != ISAL_DECOMP_OK)
        return inflate_error(code, err);
    return !(header.flags & RESERVED_FLAGS) || inflate_error(ISAL_INVALID_WRAPPER, err);
}

static bool member(struct decoder *decoder, struct error *err)
{
    isal_inflate_reset(&decoder->state);
    decoder->state.crc_flag = ISAL_GZIP_NO_HDR_VER;
    if (!read_header(decoder, err))
        return false;
    while (decoder->state.block_state != ISAL_BLOCK_FINISH) {
        bool stuck = false;
        if (!step(decoder, &stuck, err))
            return false;
        if (stuck && decoder->state.block_state != ISAL_BLOCK_FINISH)
            return error_set(err, ERR_INTEGRITY, CUT_SHORT);
    }
    return true;
}

static bool refill_if_empty(struct decoder *decoder, struct error *err)
{
    return decoder->state.avail_in > 0 || refill(decoder, err);
}

/* Padding, as tapes and block devices leave it; gzip(1) passes over it as well. */
static bool skip_zeros(struct decoder *decoder, struct error *err)
{
    struct inflate_state *state = &decoder->state;
    while (state->avail_in > 0) {
        for (; state->avail_in > 0; state->next_in++, state->avail_in--)
            if (*state->next_in != 0)
                return error_set(err, ERR_INTEGRITY, "something follows the gzip data");
        if (!refill(decoder, err))
            return false;
    }
    return true;
}

bool decompress_gzip(struct decompress_job *job, struct error *err)
{
    CLEANUP(mem_free) struct decoder *decoder = xcalloc(1, sizeof(*decoder));
    decoder->job = job;
    isal_inflate_init(&decoder->state);
    /* What follows a member can only be another one: RFC 1952 section 2.2. */
    do {
        if (!member(decoder, err) || !refill_if_empty(decoder, err))
            return false;
    } while (decoder->state.avail_in > 0 && *decoder->state.next_in != 0);
    return skip_zeros(decoder, err);
}
