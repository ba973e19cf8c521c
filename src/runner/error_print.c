/* SPDX-License-Identifier: MIT */
#include "runner/error_print.h"

#include "base/alloc.h"
#include "runner/message_json.h"
#include "runner/terminal.h"

static void print_error_json(const char *verb, const struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        JSON_OBJECT(&w, "error") {
            json_opt_string(&w, "verb", verb);
            message_json_error(&w, err);
        }
    }
    CLEANUP(str_free) char *text = NULL;
    CLEANUP(error_clear) struct error ignored = {0};
    if (json_writer_finish(&w, &text, &ignored))
        terminal_error_line("%s", text);
}

void error_print(const struct global_options *global, const char *verb, const struct error *err)
{
    if (global->json) {
        print_error_json(verb, err);
        return;
    }
    terminal_error_line("wrun: %s%s%s", verb ? verb : "", verb ? ": " : "", err->message);
    if (err->hint)
        terminal_error_line("hint: %s", err->hint);
    if (err->detail && (global->verbose || global->debug))
        terminal_error_line("detail: %s", err->detail);
    if (global->debug && err->origin)
        terminal_error_line("origin: %s", err->origin);
}
