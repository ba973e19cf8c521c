/* SPDX-License-Identifier: MIT */
/* json_write: composing JSON so that the C nests as the JSON nests.
 *
 *     CLEANUP(json_writer_close) struct json_writer w;
 *     json_writer_open(&w);
 *     JSON_OBJECT(&w, NULL) {
 *         json_string(&w, "Name", name);
 *         JSON_ARRAY(&w, "Layers") {
 *             for (...) json_string(&w, NULL, path);
 *         }
 *     }
 *     return json_writer_finish(&w, ret, err);
 *
 * The key is NULL inside an array and at the top. Errors (text that is not UTF-8) stick in the
 * writer and are reported once, by json_writer_finish(). A key that is missing, or is where none
 * belongs, is a bug and aborts. Never return or break out of a block. */
#pragma once

#include <stdint.h>

#include "base/error.h"

struct json_writer {
    void *generator;  /* yajl_gen */
    unsigned depth;   /* blocks that are open; at most 64 */
    uint64_t objects; /* bit n: is the block at depth n an object? */
    bool failed;
};

void json_writer_open(struct json_writer *w);
/* Indented output for people; the default is compact. */
void json_writer_open_pretty(struct json_writer *w);
void json_writer_close(struct json_writer *w);
/* The document as an owned string. Aborts when blocks are still open (a bug). */
bool json_writer_finish(struct json_writer *w, char **ret, struct error *err) MUST_USE;
/* The same as a line of text: with a line feed behind it. */
bool json_writer_finish_line(struct json_writer *w, char **ret, struct error *err) MUST_USE;

#define JSON_PASTE(a, b) a##b
#define JSON_CONCAT(a, b) JSON_PASTE(a, b)
#define JSON_BLOCK(w, key, begin, end)                                                             \
    for (struct json_writer * JSON_CONCAT(json_block_, __LINE__) = begin((w), (key));              \
         JSON_CONCAT(json_block_, __LINE__);                                                       \
         JSON_CONCAT(json_block_, __LINE__) = end(JSON_CONCAT(json_block_, __LINE__)))
#define JSON_OBJECT(w, key) JSON_BLOCK(w, key, json_object_begin, json_object_end)
#define JSON_ARRAY(w, key) JSON_BLOCK(w, key, json_array_begin, json_array_end)

void json_string(struct json_writer *w, const char *key, const char *value);
void json_bool(struct json_writer *w, const char *key, bool value);
void json_int(struct json_writer *w, const char *key, int64_t value);
void json_uint(struct json_writer *w, const char *key, uint64_t value);
void json_null(struct json_writer *w, const char *key);
/* These leave the member out when there is nothing to say (NULL or "", false, 0). */
void json_opt_string(struct json_writer *w, const char *key, const char *value);
void json_opt_bool(struct json_writer *w, const char *key, bool value);
void json_opt_uint(struct json_writer *w, const char *key, uint64_t value);
/* Inserts an already composed JSON value (must be valid JSON; a bug otherwise). */
void json_raw(struct json_writer *w, const char *key, const char *json);

struct json_writer *json_object_begin(struct json_writer *w, const char *key);
struct json_writer *json_object_end(struct json_writer *w); /* returns NULL */
struct json_writer *json_array_begin(struct json_writer *w, const char *key);
struct json_writer *json_array_end(struct json_writer *w); /* returns NULL */
