/* SPDX-License-Identifier: MIT */
/* hosts_file: how a registry can be reached, as containerd's hosts.toml says it
 * (containerd docs/hosts.md):
 *
 *     server = "https://registry-1.docker.io"
 *     [host."https://mirror.corp:5000"]
 *       capabilities = ["pull", "resolve"]
 *       ca = "mirror.crt"
 *
 * Keys that are not known are passed over, as containerd does; what cannot be read is an error. */
#pragma once

#include "base/error.h"
#include "base/strlist.h"

struct hosts_entry {
    char *url; /* "https://host[:port]/v2": the root of the API; NULL = the registry itself */
    bool pull;
    bool resolve;
    bool skip_verify;
    struct strlist ca_files;
    char *client_file; /* the first, if there are several */
    char *key_file;
    struct strlist headers; /* "Name: value" */
    char *proxy;
    unsigned dial_timeout_ms; /* 0 = not given */
};

struct hosts_file {
    struct hosts_entry *mirrors; /* in the order of the file */
    size_t count;
    struct hosts_entry server; /* asked after them */
};

/* Names of files are taken to be relative to 'directory'. ERR_USAGE on anything malformed. */
bool hosts_file_parse(const char *text, size_t length, const char *directory,
                      struct hosts_file *ret, struct error *err) MUST_USE;

/* The entry of a registry or mirror of which only the URL is known; may pull, not resolve.
 * ERR_USAGE unless it is an http or https URL without a user, a query or a fragment. */
bool hosts_entry_parse(const char *url, struct hosts_entry *ret, struct error *err) MUST_USE;

void hosts_entry_clear(struct hosts_entry *entry);
void hosts_file_clear(struct hosts_file *file);
