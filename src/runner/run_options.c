/* SPDX-License-Identifier: MIT */
#include "runner/run_options.h"

#include <stddef.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runner/env_list.h"
#include "runner/layer_option.h"

#define MAX_NAME_LENGTH 76     /* as containerd limits identifiers */
#define MAX_HOSTNAME_LENGTH 63 /* one DNS label */

static bool add_mount(const struct cli_option *option, const char *value, void *target,
                      struct error *err)
{
    (void)option;
    struct mount_spec mount = {0};
    struct run_options *options = target;
    return mount_spec_parse_mount(value, &mount, err)
        && mount_list_add(&options->mounts, &mount, err);
}

static bool add_volume(const struct cli_option *option, const char *value, void *target,
                       struct error *err)
{
    (void)option;
    struct mount_spec mount = {0};
    struct run_options *options = target;
    return mount_spec_parse_volume(value, &mount, err)
        && mount_list_add(&options->mounts, &mount, err);
}

static bool add_env(const struct cli_option *option, const char *value, void *target,
                    struct error *err)
{
    (void)option;
    return env_list_add(&((struct run_options *)target)->env, value, err);
}

static bool add_env_file(const struct cli_option *option, const char *value, void *target,
                         struct error *err)
{
    (void)option;
    return env_list_add_file(&((struct run_options *)target)->env_file, value, err);
}

static bool set_network(const struct cli_option *option, const char *value, void *target,
                        struct error *err)
{
    (void)option;
    struct run_options *options = target;
    if (str_equal(value, "nat"))
        options->network = RUN_NETWORK_NAT;
    else if (str_equal(value, "none"))
        options->network = RUN_NETWORK_NONE;
    else
        return error_set(err, ERR_UNSUPPORTED,
                         "'%s' is not a network that wrun has; it has: nat, none", value);
    return true;
}

static bool set_storage(const struct cli_option *option, const char *value, void *target,
                        struct error *err)
{
    if (str_starts_with(value, "size="))
        return layer_set_size(option, value + strlen("size="), target, err);
    return error_set(err, ERR_USAGE, "'%s' is not size=SIZE", value);
}

#define RUN(member) offsetof(struct run_options, member)

const struct cli_option run_option_table[RUN_OPTION_COUNT] = {
    {"mount", 0, "SPEC", "[type=bind,]src=d:\\dir,dst=C:\\dir[,ro]: show a host directory",
     add_mount, 0},
    {"volume", 'v', "SRC:DST[:ro]", "The same, short", add_volume, 0},
    {"env", 'e', "NAME[=VALUE]", "Set a variable, or copy it from here", add_env, 0},
    {"env-file", 0, "FILE", "Set variables from a file, one NAME=VALUE a line", add_env_file, 0},
    {"workdir", 'w', "DIR", "Working directory in the container", cli_set_string, RUN(working_dir)},
    {"user", 'u', "USER", "ContainerAdministrator, ContainerUser or an account of the image",
     cli_set_string, RUN(user)},
    {"entrypoint", 0, "PROGRAM", "Instead of the image's; \"\" for none", cli_set_string,
     RUN(entrypoint)},
    {"cmdline", 0, "TEXT", "The whole command line, passed on unchanged", cli_set_string,
     RUN(command_line)},
    {"hostname", 'h', "NAME", "Computer name in the container", cli_set_string, RUN(hostname)},
    {"name", 0, "NAME", "Name of the run", cli_set_string, RUN(name)},
    {"network", 0, "nat|none", "nat (default): reach the network through the host; none",
     set_network, 0},
    {"layer", 0, "NAME", "Run on this writable layer, which stays; no IMAGE is given then",
     cli_set_string, RUN(layer)},
    {"from", 0, "LAYER|IMAGE", "Run on a new writable layer over this; no IMAGE is given then",
     cli_set_string, RUN(from)},
    {"storage-opt", 0, "size=SIZE", "Size of the new writable layer's disk (default: 20GB)",
     set_storage, RUN(storage_bytes)},
    {"interactive", 'i', NULL, "Pass standard input on", cli_set_flag, RUN(interactive)},
    {"keep", 0, NULL, "Keep the writable layer (wrun rm removes it)", cli_set_flag, RUN(keep)},
    {"rm", 0, NULL, "Remove everything afterwards (the default)", cli_clear_flag, RUN(keep)},
    PULL_OPTION_ROW(struct run_options, pull),
    {"status-file", 0, "FILE", "Write how the run ended to this file, as JSON", cli_set_string,
     RUN(status_file)},
    {"dry-run", 0, NULL, "Print the plan with every document and do nothing", cli_set_flag,
     RUN(dry_run)},
    IMAGE_OPTION_ROWS(struct run_options, image),
    /* Known from docker, nerdctl and ctr; refused with the reason. */
    {"detach", 'd', NULL, "wrun has no background runs yet; run it in the foreground", NULL, 0},
    {"tty", 't', NULL, "wrun gives no console yet; leave out -t", NULL, 0},
    {"publish", 'p', "PORTS", "wrun publishes no ports yet", NULL, 0},
    {"isolation", 0, "KIND", "wrun has process isolation only for now, and uses it by itself", NULL,
     0},
    {"read-only", 0, NULL,
     "Windows containers have no read-only root; the writable layer is thrown "
     "away anyway",
     NULL, 0},
    {"privileged", 0, NULL, "Windows has no such thing; use -u ContainerAdministrator", NULL, 0},
    {"cap-add", 0, "NAME", "capabilities are a Linux thing", NULL, 0},
    {"cap-drop", 0, "NAME", "capabilities are a Linux thing", NULL, 0},
    {"sysctl", 0, "NAME=VALUE", "sysctls are a Linux thing", NULL, 0},
    {"cni", 0, NULL, "not needed: --network nat is the default", NULL, 0},
};

static bool is_name(const char *text, size_t maximum)
{
    size_t length = strlen(text);
    if (length == 0 || length > maximum || !char_is_alnum(text[0]))
        return false;
    for (const char *c = text; *c; c++)
        if (!char_is_alnum(*c) && *c != '-' && *c != '_' && *c != '.')
            return false;
    return true;
}

static bool is_hostname(const char *text)
{
    size_t length = strlen(text);
    bool bounded = length > 0 && length <= MAX_HOSTNAME_LENGTH;
    if (!bounded || text[0] == '-' || text[length - 1] == '-')
        return false;
    for (const char *c = text; *c; c++)
        if (!char_is_alnum(*c) && *c != '-')
            return false;
    return true;
}

static bool check_source(const struct run_options *options, struct error *err)
{
    if (options->layer && options->from)
        return error_set(err, ERR_USAGE, "--layer and --from exclude each other");
    if (options->layer && (options->keep || options->storage_bytes))
        return error_set(err, ERR_USAGE, "--layer: %s",
                         options->keep ? "it is kept anyway; leave out --keep"
                                       : "its size was chosen when it was prepared");
    return !options->layer || named_layer_check_name(options->layer, err)
        || error_wrap(err, "--layer");
}

bool run_options_check(const struct run_options *options, const struct strlist *args,
                       struct error *err)
{
    if (options->name && !is_name(options->name, MAX_NAME_LENGTH))
        return error_set(
            err, ERR_USAGE,
            "--name: '%s' is not a name: letters, digits, '-', '_' and '.', at most %d",
            options->name, MAX_NAME_LENGTH);
    if (options->hostname && !is_hostname(options->hostname))
        return error_set(err, ERR_USAGE,
                         "--hostname: '%s' is not a computer name: letters, digits and '-'",
                         options->hostname);
    if (!check_source(options, err))
        return false;
    bool has_image = !options->layer && !options->from;
    if (options->command_line && (args->count > has_image || options->entrypoint))
        return error_set(
            err, ERR_USAGE,
            "--cmdline is the whole command; leave out the arguments and --entrypoint");
    return image_options_check(&options->image, err);
}

void run_options_clear(struct run_options *options)
{
    image_options_clear(&options->image);
    mount_list_clear(&options->mounts);
    strlist_clear(&options->env_file);
    strlist_clear(&options->env);
    str_free(&options->working_dir);
    str_free(&options->user);
    str_free(&options->hostname);
    str_free(&options->name);
    str_free(&options->entrypoint);
    str_free(&options->command_line);
    str_free(&options->status_file);
    str_free(&options->layer);
    str_free(&options->from);
    *options = (struct run_options){0};
}
