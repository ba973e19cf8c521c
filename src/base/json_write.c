/* SPDX-License-Identifier: MIT */
#include "base/json_write.h"

#include <string.h>

#include <yajl/yajl_gen.h>
#include <yajl/yajl_parse.h>

#include "base/alloc.h"
#include "base/utf.h"

/* The bits of json_writer.objects; yajl itself stops at 128. */
#define MAXIMUM_DEPTH 64

void json_writer_open(struct json_writer *w)
{
    *w = (struct json_writer){.generator = yajl_gen_alloc(NULL)};
    if (!w->generator)
        out_of_memory();
}

void json_writer_open_pretty(struct json_writer *w)
{
    json_writer_open(w);
    yajl_gen_config(w->generator, yajl_gen_beautify, 1);
    yajl_gen_config(w->generator, yajl_gen_indent_string, "  ");
}

void json_writer_close(struct json_writer *w)
{
    if (w->generator)
        yajl_gen_free(w->generator);
    *w = (struct json_writer){0};
}

bool json_writer_finish(struct json_writer *w, char **ret, struct error *err)
{
    if (w->depth)
        error_bug("a JSON document was finished with blocks still open");
    if (w->failed)
        return error_set(err, ERR_INTEGRITY, "a text to be written as JSON is not UTF-8");

    const unsigned char *text;
    size_t length;
    if (yajl_gen_get_buf(w->generator, &text, &length) != yajl_gen_status_ok || !length)
        error_bug("a JSON document was finished before it was written");
    *ret = xstrndup((const char *)text, length);
    return true;
}

bool json_writer_finish_line(struct json_writer *w, char **ret, struct error *err)
{
    CLEANUP(str_free) char *text = NULL;
    if (!json_writer_finish(w, &text, err))
        return false;
    *ret = str_format("%s\n", text);
    return true;
}

static void check(struct json_writer *w, yajl_gen_status status)
{
    /* After a refused text nothing is written any more and yajl's state is of no interest. */
    if (!w->failed && status != yajl_gen_status_ok)
        error_bug("JSON was written after the end of the document");
}

static void put_text(struct json_writer *w, const char *text)
{
    size_t length = strlen(text);
    /* yajl's own check lets overlong forms and surrogates pass. */
    if (!utf8_is_valid(text, length)) {
        w->failed = true;
        return;
    }
    check(w, yajl_gen_string(w->generator, (const unsigned char *)text, length));
}

/* Writes the key; false when the writer has failed and the value must not follow. */
static bool begin_value(struct json_writer *w, const char *key)
{
    bool in_object = w->depth && (w->objects >> (w->depth - 1) & 1);
    if (in_object != (key != NULL))
        error_bug("a JSON value was written without its key, or with a key where none belongs");
    if (key && !w->failed)
        put_text(w, key);
    return !w->failed;
}

void json_string(struct json_writer *w, const char *key, const char *value)
{
    if (begin_value(w, key))
        put_text(w, value);
}

void json_bool(struct json_writer *w, const char *key, bool value)
{
    if (begin_value(w, key))
        check(w, yajl_gen_bool(w->generator, value));
}

static void put_verbatim(struct json_writer *w, const char *text)
{
    check(w, yajl_gen_number(w->generator, text, strlen(text)));
}

/* yajl_gen_integer() depends on the C library's printf and has no unsigned form. */
static void put_owned(struct json_writer *w, char *digits)
{
    put_verbatim(w, digits);
    str_free(&digits);
}

void json_int(struct json_writer *w, const char *key, int64_t value)
{
    if (begin_value(w, key))
        put_owned(w, str_format("%lld", (long long)value));
}

void json_uint(struct json_writer *w, const char *key, uint64_t value)
{
    if (begin_value(w, key))
        put_owned(w, str_format("%llu", (unsigned long long)value));
}

void json_null(struct json_writer *w, const char *key)
{
    if (begin_value(w, key))
        check(w, yajl_gen_null(w->generator));
}

void json_opt_string(struct json_writer *w, const char *key, const char *value)
{
    if (value && *value)
        json_string(w, key, value);
}

void json_opt_bool(struct json_writer *w, const char *key, bool value)
{
    if (value)
        json_bool(w, key, value);
}

void json_opt_uint(struct json_writer *w, const char *key, uint64_t value)
{
    if (value)
        json_uint(w, key, value);
}

static bool is_json(const char *text)
{
    yajl_handle parser = yajl_alloc(NULL, NULL, NULL);
    if (!parser)
        out_of_memory();
    bool valid = yajl_parse(parser, (const unsigned char *)text, strlen(text)) == yajl_status_ok
        && yajl_complete_parse(parser) == yajl_status_ok;
    yajl_free(parser);
    return valid;
}

void json_raw(struct json_writer *w, const char *key, const char *json)
{
    if (!is_json(json))
        error_bug("json_raw() was given something that is not JSON");
    if (begin_value(w, key))
        put_verbatim(w, json);
}

static void push(struct json_writer *w, bool is_object)
{
    if (w->depth == MAXIMUM_DEPTH)
        error_bug("JSON was nested too deeply");
    uint64_t bit = UINT64_C(1) << w->depth++;
    w->objects = is_object ? w->objects | bit : w->objects & ~bit;
}

struct json_writer *json_object_begin(struct json_writer *w, const char *key)
{
    if (begin_value(w, key))
        check(w, yajl_gen_map_open(w->generator));
    push(w, true);
    return w;
}

struct json_writer *json_object_end(struct json_writer *w)
{
    w->depth--;
    if (!w->failed)
        check(w, yajl_gen_map_close(w->generator));
    return NULL;
}

struct json_writer *json_array_begin(struct json_writer *w, const char *key)
{
    if (begin_value(w, key))
        check(w, yajl_gen_array_open(w->generator));
    push(w, false);
    return w;
}

struct json_writer *json_array_end(struct json_writer *w)
{
    w->depth--;
    if (!w->failed)
        check(w, yajl_gen_array_close(w->generator));
    return NULL;
}
