/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stddef.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/fs.h"
#include "base/json_write.h"
#include "base/text.h"
#include "runner/exit_code.h"
#include "runner/invocation.h"
#include "runner/root.h"
#include "runner/terminal.h"

#define GLOBAL(member) offsetof(struct global_options, member)

static const struct cli_option global_options[] = {
    {"root", 0, "DIR", "Where images and layers are kept (WRUN_ROOT)", cli_set_string,
     GLOBAL(root)},
    {"progress", 0, "MODE", "auto, tty, plain, json or none (WRUN_PROGRESS)", cli_set_string,
     GLOBAL(progress)},
    {"json", 0, NULL, "Results and errors as JSON", cli_set_flag, GLOBAL(json)},
    {"quiet", 'q', NULL, "Print results only", cli_set_flag, GLOBAL(quiet)},
    {"verbose", 0, NULL, "Tell each step, show the evidence behind errors", cli_set_flag,
     GLOBAL(verbose)},
    {"debug", 0, NULL, "As --verbose, with the place in the source that failed", cli_set_flag,
     GLOBAL(debug)},
    {"help", 0, NULL, "Show help", cli_set_flag, GLOBAL(help)},
    {"version", 0, NULL, "Show the version", cli_set_flag, GLOBAL(version)},
};

static void clear_global(struct global_options *global)
{
    str_free(&global->root);
    str_free(&global->progress);
}

/* ---- errors ---- */

static const char *const kind_names[] = {
    [ERR_USAGE] = "usage",
    [ERR_NOT_FOUND] = "not-found",
    [ERR_DENIED] = "denied",
    [ERR_AUTH] = "auth",
    [ERR_NETWORK] = "network",
    [ERR_INTEGRITY] = "integrity",
    [ERR_UNSUPPORTED] = "unsupported",
    [ERR_MISMATCH] = "mismatch",
    [ERR_BUSY] = "busy",
    [ERR_NO_SPACE] = "no-space",
    [ERR_CANCELLED] = "cancelled",
    [ERR_OS] = "os",
    [ERR_BUG] = "bug",
};

static void print_error_json(const char *verb, const struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        JSON_OBJECT(&w, "error") {
            json_opt_string(&w, "verb", verb);
            json_string(&w, "kind", kind_names[err->kind]);
            json_string(&w, "message", err->message);
            json_opt_uint(&w, "code", err->code);
            json_opt_string(&w, "hint", err->hint);
            json_opt_string(&w, "detail", err->detail);
        }
    }
    CLEANUP(str_free) char *text = NULL;
    CLEANUP(error_clear) struct error ignored = {0};
    if (json_writer_finish(&w, &text, &ignored))
        terminal_error_line("%s", text);
}

void app_print_error(const struct global_options *global, const char *verb, const struct error *err)
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

/* ---- help ---- */

static char *format_verbs(void)
{
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    for (size_t i = 0; i < verb_count; i++)
        buf_addf(&text, "  %-10s %s\n", verbs[i]->name, verbs[i]->summary);
    return buf_take_str(&text);
}

static char *general_help(void)
{
    struct cli_table table = {global_options, ARRAY_SIZE(global_options), NULL};
    CLEANUP(str_free) char *options = cli_format_options(&table);
    CLEANUP(str_free) char *list = format_verbs();
    return str_format("Runs Windows containers without a daemon.\n\n"
                      "Usage: wrun [OPTIONS] COMMAND [ARGS]\n\nCommands:\n%s\nOptions:\n%s\n"
                      "'wrun COMMAND --help' tells more of a command.\n",
                      list, options);
}

static char *verb_help(const struct verb *verb)
{
    struct cli_table own = {verb->options, verb->option_count, NULL};
    struct cli_table global = {global_options, ARRAY_SIZE(global_options), NULL};
    CLEANUP(str_free) char *own_text = cli_format_options(&own);
    CLEANUP(str_free) char *global_text = cli_format_options(&global);
    return str_format("%s\n\nUsage: wrun %s %s\n\nOptions:\n%s\nGeneral options:\n%s%s%s",
                      verb->summary, verb->name, verb->synopsis, own_text, global_text,
                      verb->help ? "\n" : "", verb->help ? verb->help : "");
}

static int print_owned(char *text)
{
    bool written = terminal_result(text);
    str_free(&text);
    return written ? EXIT_OK : EXIT_FAILED;
}

/* ---- running a verb ---- */

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < verb_count; i++)
        if (str_equal(verbs[i]->name, name))
            return verbs[i];
    return NULL;
}

static bool open_invocation(struct invocation *invocation, const struct verb *verb,
                            struct error *err)
{
    CLEANUP(str_free) char *from_environment = root_getenv("WRUN_PROGRESS");
    const char *progress =
        invocation->global.progress ? invocation->global.progress : from_environment;
    enum report_mode mode = REPORT_AUTO;
    if (progress && !report_mode_parse(progress, &mode, err))
        return error_wrap(err, "--progress");
    if (invocation->global.quiet)
        mode = REPORT_NONE;
    report_open(&invocation->report, mode, invocation->global.verbose || invocation->global.debug);
    invocation->context.observer = &invocation->report.observer;
    return !verb->uses_root || root_find(invocation->global.root, &invocation->root, err);
}

static bool check_arg_count(const struct verb *verb, const struct strlist *args, struct error *err)
{
    if (args->count >= verb->minimum_args && args->count <= verb->maximum_args)
        return true;
    if (args->count < verb->minimum_args)
        error_set(err, ERR_USAGE, "an argument is missing");
    else
        error_set(err, ERR_USAGE, "unexpected argument '%s'", args->items[verb->maximum_args]);
    return error_hint(err, "usage: wrun %s %s", verb->name, verb->synopsis);
}

static bool run_verb(struct invocation *invocation, const struct verb *verb, void *options,
                     const struct strlist *words, int *ret_code, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist args = {0};
    struct cli_table tables[] = {
        {verb->options, verb->option_count, options},
        {global_options, ARRAY_SIZE(global_options), &invocation->global},
    };
    struct cli_request request = {.verb = verb->name,
                                  .tables = tables,
                                  .table_count = ARRAY_SIZE(tables),
                                  .command_follows = verb->command_follows};
    if (!cli_parse(&request, words->items + 1, words->count - 1, &args, err))
        return false;
    if (invocation->global.help) {
        *ret_code = print_owned(verb_help(verb));
        return true;
    }
    return check_arg_count(verb, &args, err) && open_invocation(invocation, verb, err)
        && verb->run(invocation, options, &args, ret_code, err);
}

static int dispatch(struct invocation *invocation, const struct strlist *words)
{
    CLEANUP(error_clear) struct error err = {0};
    const struct verb *verb = find_verb(words->items[0]);
    if (!verb) {
        error_set(&err, ERR_USAGE, "there is no command '%s'", words->items[0]);
        error_hint(&err, "'wrun --help' lists the commands");
        app_print_error(&invocation->global, NULL, &err);
        return EXIT_BAD_USAGE;
    }

    void *options = xcalloc(1, verb->options_size ? verb->options_size : 1);
    int code = EXIT_OK;
    bool done = run_verb(invocation, verb, options, words, &code, &err);
    report_close(&invocation->report);
    if (!done) {
        app_print_error(&invocation->global, verb->name, &err);
        if (code == EXIT_OK)
            code = verb->failure_code ? verb->failure_code : exit_code_of(err.kind);
    }
    if (verb->clear_options)
        verb->clear_options(options);
    mem_free(&options);
    return code;
}

int app_main(int argc, char **argv, const struct cancel *cancel)
{
    CLEANUP(error_clear) struct error err = {0};
    CLEANUP(strlist_clear) struct strlist words = {0};
    struct invocation invocation = {.context = {.cancel = cancel}};
    struct cli_table table = {global_options, ARRAY_SIZE(global_options), &invocation.global};
    struct cli_request request = {
        .verb = "", .tables = &table, .table_count = 1, .command_follows = true};

    int code = EXIT_OK;
    size_t count = argc > 0 ? (size_t)argc - 1 : 0;
    if (!cli_parse(&request, argv + 1, count, &words, &err)) {
        app_print_error(&invocation.global, NULL, &err);
        code = EXIT_BAD_USAGE;
    } else if (invocation.global.version) {
        code = print_owned(str_format("wrun %s\n", WRUN_VERSION_TEXT));
    } else if (words.count == 0 || invocation.global.help) {
        code = print_owned(general_help());
        if (!invocation.global.help)
            code = EXIT_BAD_USAGE;
    } else {
        code = dispatch(&invocation, &words);
    }
    str_free(&invocation.root);
    clear_global(&invocation.global);
    return code;
}
