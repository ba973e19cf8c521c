/* SPDX-License-Identifier: MIT */
/* values: variables of a script, and its typed arguments as machine words (README.md beside this
 * file). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <windows.h>

#include "json.h"

/* ---- variables: all are text ---- */

void variable_set(const char *name, const char *text, size_t length);
bool variable_is_set(const char *name);
/* Ends the program when there is none. */
const char *variable_get(const char *name);
uintptr_t variable_handle(const char *name);
/* A copy with every $(NAME) replaced. */
char *variable_substitute(const char *text);

wchar_t *wide_from_utf8(const char *text);
char *utf8_from_wide(const wchar_t *text);

/* ---- arguments ---- */

struct words {
    uintptr_t *at;
    unsigned left;
};

struct driver_info {
    int flavour;
    const wchar_t *home_dir;
};
struct layer_descriptor {
    GUID id;
    DWORD flags;
    const wchar_t *path;
};
struct process_information {
    DWORD process_id;
    DWORD reserved;
    HANDLE std_input, std_output, std_error;
};

enum { LAYERS_MAX = 8 };

struct value {
    void (*finish)(struct value *value);
    const char *name; /* of the variable that gets the result */
    wchar_t *text;
    uintptr_t word;
    SIZE_T length;
    GUID guid;
    struct driver_info driver;
    struct process_information process;
    struct value *array; /* of a layer: the value whose array it went to */
    struct layer_descriptor layers[LAYERS_MAX];
    uintptr_t *layer_count;
};

/* Parses a field and appends its word or words. `before` is the value left of it. */
bool value_parse(struct value *ret, char *field, struct value *before, struct words *to);
/* After the call: sets variables, prints results, frees. */
void value_finish(struct value *value);
