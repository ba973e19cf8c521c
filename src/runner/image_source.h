/* SPDX-License-Identifier: MIT */
/* image_source: from a reference to an image that is ready to run.
 *
 * The options are those that pull and run share. The host's platform comes from Windows itself
 * (runner/host.h); the native build takes it from --platform. */
#pragma once

#include "registry/blob_store.h"
#include "registry/description.h"
#include "registry/image_list.h"
#include "registry/platform.h"
#include "registry/store_lock.h"
#include "runner/invocation.h"

struct image_options {
    char *platform;
    char *ca_file;
    char *auth_file;
    char *hosts_dir;
    struct strlist mirrors;
    bool plain_http;
    bool insecure;
    bool no_revoke;
    enum isolation isolation; /* for the verdict on platforms */
    unsigned connections;     /* 0 = not said */
};

/* A cli_setter for 'connections'. */
bool image_set_connections(const struct cli_option *option, const char *value, void *target,
                           struct error *err) MUST_USE;

/* The rows of the options above, for a struct that holds 'image_options' at 'offset'. */
#define IMAGE_OPTION_ROWS(type, member)                                                            \
    {"platform",          0,                                                                       \
     "OS/ARCH[:VERSION]", "Choose the image for this platform instead of the host's",              \
     cli_set_string,      offsetof(type, member.platform)},                                        \
        IMAGE_ACCESS_OPTION_ROWS(type, member)

/* Those that say how a registry is spoken to. */
#define IMAGE_ACCESS_OPTION_ROWS(type, member)                                                     \
    {"cacert",       0,                                                                            \
     "FILE",         "Trust the certificates in this PEM file",                                    \
     cli_set_string, offsetof(type, member.ca_file)},                                              \
        {"authfile",     0,                                                                        \
         "FILE",         "Take credentials from this file (WRUN_AUTH_FILE)",                       \
         cli_set_string, offsetof(type, member.auth_file)},                                        \
        {"max-concurrent",                                                                         \
         0,                                                                                        \
         "N",                                                                                      \
         "Fetch over at most N connections at a time (default 6)",                                 \
         image_set_connections,                                                                    \
         offsetof(type, member.connections)},                                                      \
        {"mirror",       0,                                                                        \
         "HOST=URL",     "Ask this mirror for the content of HOST first; may be repeated",         \
         cli_add_string, offsetof(type, member.mirrors)},                                          \
        {"hosts-dir",    0,                                                                        \
         "DIR",          "Read DIR/HOST/hosts.toml, as containerd does (WRUN_HOSTS_DIR)",          \
         cli_set_string, offsetof(type, member.hosts_dir)},                                        \
        {"insecure",   0,                                                                          \
         NULL,         "Do not check the registry's certificate",                                  \
         cli_set_flag, offsetof(type, member.insecure)},                                           \
        {"skip-verify", 0,                                                                         \
         NULL,          "The same as --insecure",                                                  \
         cli_set_flag,  offsetof(type, member.insecure)},                                          \
        {"no-revoke",  0,                                                                          \
         NULL,         "Do not ask whether certificates have been revoked",                        \
         cli_set_flag, offsetof(type, member.no_revoke)},                                          \
    {                                                                                              \
        "plain-http", 0, NULL, "Talk to the registry without TLS", cli_set_flag,                   \
            offsetof(type, member.plain_http)                                                      \
    }

/* And this, for verbs that only judge. */
#define ISOLATION_OPTION_ROW(type, member)                                                         \
    {                                                                                              \
        "isolation", 0, "process|hyperv", "Choose for this isolation (default: process)",          \
            image_set_isolation, offsetof(type, member)                                            \
    }

/* A cli_setter; the member is the struct image_options. */
bool image_set_isolation(const struct cli_option *option, const char *value, void *target,
                         struct error *err) MUST_USE;

enum pull_depth {
    PULL_DESCRIPTION, /* manifest and config only: enough for a plan */
    PULL_BLOBS,       /* all content, as it comes; nothing is unpacked or checked */
    PULL_EVERYTHING,  /* and the layers are unpacked (natively: checked) behind the download */
};

/* Keeps what is in the store from being removed, until it is recorded who needs it. */
bool image_store_share(const struct invocation *invocation, struct store_lock *ret,
                       struct error *err) MUST_USE;

/* ERR_USAGE when an option makes no sense. */
bool image_options_check(const struct image_options *options, struct error *err) MUST_USE;

/* The host's platform, or the one that 'text' (--platform; NULL = none) says. */
bool image_find_platform(const char *text, struct platform_host *ret, struct error *err) MUST_USE;

/* The image as the store has it, without asking the registry. ERR_NOT_FOUND when it is not there or
 * not whole (each layer must be unpacked or have its blob), ERR_MISMATCH when it is for another
 * platform. */
bool image_find(const struct invocation *invocation, const struct image_options *options,
                const struct reference *reference, struct image *ret, struct error *err) MUST_USE;

struct image_request {
    const struct image_options *options;
    const struct reference *reference;
    enum pull_depth depth;
    bool with_utility_vm; /* unpack the files for Hyper-V isolation too */
};

/* Resolves the reference at its registry, fetches what the store lacks, and with PULL_EVERYTHING
 * adds the layers' directories to *ret_layers, topmost first. A blob that proves to have been
 * damaged in the store is fetched again. */
bool image_pull(const struct invocation *invocation, const struct image_request *request,
                struct image *ret, struct strlist *ret_layers, struct error *err) MUST_USE;

/* The host, or what the options say instead. */
bool image_host(const struct image_options *options, struct platform_host *ret, struct error *err)
    MUST_USE;

/* What is known of the image without its layers: from the store or, when it is not there or with
 * 'remote', from its registry. Kinds as of registry_describe(). */
bool image_describe(struct invocation *invocation, const struct image_options *options,
                    const struct reference *reference, bool remote, struct description *ret,
                    struct error *err) MUST_USE;

/* ERR_MISMATCH when nothing in the index fits the host. */
bool image_check(const struct reference *reference, const struct description *description,
                 const struct platform_host *host, struct error *err) MUST_USE;

/* Fetches what the store lacks of an image that it has a record of, for whatever platform it is. */
bool image_repair(const struct invocation *invocation, const struct image_options *options,
                  const struct listed_image *image, struct error *err) MUST_USE;

void image_options_clear(struct image_options *options);
