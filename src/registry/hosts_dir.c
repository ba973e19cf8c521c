/* SPDX-License-Identifier: MIT */
#include "registry/hosts_dir.h"

#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/os.h"
#include "base/text.h"

#define FILE_MAXIMUM ((size_t)1 << 20)

/* ---- where to look ---- */

/* A directory that anybody could make must not be among them: what stands there decides whom wrun
 * trusts. %ProgramData% is such a place. */
static void add_directories(const char *directory, struct strlist *ret)
{
    CLEANUP(str_free) char *variable = os_getenv("WRUN_HOSTS_DIR");
    if (directory) {
        strlist_add(ret, directory);
    } else if (variable && *variable) {
        strlist_add(ret, variable);
    } else {
#ifdef _WIN32
        CLEANUP(str_free) char *programs = os_getenv("ProgramFiles");
        if (programs && *programs)
            strlist_addf(ret, "%s\\containerd\\certs.d", programs);
#else
        strlist_add(ret, "/etc/containerd/certs.d");
        strlist_add(ret, "/etc/docker/certs.d");
#endif
    }
}

/* The names of the directory of a host, the best first. A colon cannot be part of one on Windows.
 */
static void add_names(const char *domain, struct strlist *ret)
{
    const char *colon = strrchr(domain, ':');
    const char *bracket = strrchr(domain, ']');
    if (colon && (!bracket || colon > bracket))
        strlist_addf(ret, "%.*s_%s_", (int)(colon - domain), domain, colon + 1);
#ifdef _WIN32
    CLEANUP(str_free) char *plain = xstrdup(domain);
    char *end = plain;
    for (const char *c = plain; *c; c++)
        if (*c != ':')
            *end++ = *c;
    *end = '\0';
    strlist_add(ret, plain);
#else
    strlist_add(ret, domain);
#endif
    strlist_add(ret, "_default");
}

static char *find_directory(const char *directory, const char *domain)
{
    CLEANUP(strlist_clear) struct strlist directories = {0};
    CLEANUP(strlist_clear) struct strlist names = {0};
    add_directories(directory, &directories);
    add_names(domain, &names);
    for (size_t i = 0; i < directories.count; i++)
        for (size_t j = 0; j < names.count; j++) {
            char *path = fs_join(directories.items[i], names.items[j]);
            if (fs_type_of(path) != FS_ABSENT)
                return path;
            str_free(&path);
        }
    return NULL;
}

/* ---- what is there ---- */

static bool read_certificates(const char *directory, struct hosts_entry *entry, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    if (!fs_list(directory, &names, err))
        return false;
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.items[i];
        if (str_ends_with(name, ".crt"))
            strlist_add_owned(&entry->ca_files, fs_join(directory, name));
        if (!str_ends_with(name, ".cert") || entry->client_file)
            continue;
        entry->client_file = fs_join(directory, name);
        CLEANUP(str_free)
        char *key = str_format("%.*s.key", (int)(strlen(name) - strlen(".cert")), name);
        if (strlist_contains(&names, key))
            entry->key_file = fs_join(directory, key);
    }
    return true;
}

static bool read_directory(const char *directory, struct hosts_file *ret, struct error *err)
{
    CLEANUP(str_free) char *path = fs_join(directory, "hosts.toml");
    if (fs_type_of(path) == FS_ABSENT)
        return read_certificates(directory, &ret->server, err);
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, FILE_MAXIMUM);
    if (!fs_read_file(path, FILE_MAXIMUM, &text, err))
        return false;
    hosts_file_clear(ret);
    return hosts_file_parse(buf_str(&text), text.length, directory, ret, err)
        || error_wrap(err, "%s", path);
}

bool hosts_dir_read(const char *directory, const char *domain, struct hosts_file *ret,
                    struct error *err)
{
    CLEANUP(hosts_file_clear)
    struct hosts_file file = {.server = {.pull = true, .resolve = true}};
    CLEANUP(str_free) char *found = find_directory(directory, domain);
    if (directory && fs_type_of(directory) == FS_ABSENT)
        return error_set(err, ERR_USAGE, "there is no directory '%s'", directory);
    if (found && !read_directory(found, &file, err))
        return false;
    *ret = TAKE(file);
    return true;
}
