/* SPDX-License-Identifier: MIT */
#include "registry/hosts_file.h"

#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/text.h"
#include "registry/go_duration.h"
#include "registry/origin.h"
#include "registry/toml.h"

#define SHOWN_MAXIMUM 200
#define MIRRORS_MAXIMUM 32

void hosts_entry_clear(struct hosts_entry *entry)
{
    str_free(&entry->url);
    strlist_clear(&entry->ca_files);
    str_free(&entry->client_file);
    str_free(&entry->key_file);
    strlist_clear(&entry->headers);
    str_free(&entry->proxy);
    *entry = (struct hosts_entry){0};
}

void hosts_file_clear(struct hosts_file *file)
{
    for (size_t i = 0; i < file->count; i++)
        hosts_entry_clear(&file->mirrors[i]);
    mem_free(&file->mirrors);
    hosts_entry_clear(&file->server);
    *file = (struct hosts_file){0};
}

/* ---- members ---- */

struct reader {
    const char *directory;
    struct hosts_entry *entry;
};

static bool wrong_type(const char *key, const char *wanted, struct error *err)
{
    return error_set(err, ERR_USAGE, "%s: must be %s", key, wanted);
}

static bool is_absolute(const char *path)
{
    return path[0] == '/' || path[0] == '\\' || (char_is_alpha(path[0]) && path[1] == ':');
}

static char *resolve_path(const struct reader *reader, const char *path)
{
    return is_absolute(path) ? xstrdup(path) : fs_join(reader->directory, path);
}

static bool read_capabilities(struct reader *reader, const struct toml_value *value,
                              struct error *err)
{
    static const char *const known[] = {"pull", "resolve", "push", "referrers"};
    if (value->type != TOML_ARRAY)
        return wrong_type("capabilities", "a list of strings", err);
    /* An empty list is as good as none. */
    if (!value->first)
        return true;
    reader->entry->pull = false;
    reader->entry->resolve = false;
    for (const struct toml_value *item = value->first; item; item = item->next) {
        bool found = false;
        for (size_t i = 0; i < ARRAY_SIZE(known); i++)
            found = found || str_equal_nocase(item->text, known[i]);
        if (!found)
            return wrong_type("capabilities", "of 'pull', 'resolve', 'push' and 'referrers'", err);
        reader->entry->pull = reader->entry->pull || str_equal_nocase(item->text, "pull");
        reader->entry->resolve = reader->entry->resolve || str_equal_nocase(item->text, "resolve");
    }
    return true;
}

static bool read_ca(struct reader *reader, const struct toml_value *value, struct error *err)
{
    struct strlist *files = &reader->entry->ca_files;
    if (value->type == TOML_STRING) {
        strlist_add_owned(files, resolve_path(reader, value->text));
        return true;
    }
    if (value->type != TOML_ARRAY)
        return wrong_type("ca", "a string or a list of strings", err);
    for (const struct toml_value *item = value->first; item; item = item->next) {
        if (item->type != TOML_STRING)
            return wrong_type("ca", "a string or a list of strings", err);
        strlist_add_owned(files, resolve_path(reader, item->text));
    }
    return true;
}

/* [certificate, key], where the key may be "". */
static bool read_pair(struct reader *reader, const struct toml_value *pair, struct error *err)
{
    const struct toml_value *file = pair->first;
    const struct toml_value *key = file ? file->next : NULL;
    if (!key || key->next || file->type != TOML_STRING || key->type != TOML_STRING)
        return wrong_type("client", "a string, a list of strings or a list of pairs", err);
    if (reader->entry->client_file)
        return true;
    reader->entry->client_file = resolve_path(reader, file->text);
    reader->entry->key_file = *key->text ? resolve_path(reader, key->text) : NULL;
    return true;
}

static bool read_client(struct reader *reader, const struct toml_value *value, struct error *err)
{
    char **file = &reader->entry->client_file;
    if (value->type == TOML_STRING) {
        *file = resolve_path(reader, value->text);
        return true;
    }
    if (value->type != TOML_ARRAY)
        return wrong_type("client", "a string, a list of strings or a list of pairs", err);
    for (const struct toml_value *item = value->first; item; item = item->next) {
        if (item->type == TOML_STRING) {
            if (!*file)
                *file = resolve_path(reader, item->text);
        } else if (!read_pair(reader, item, err)) {
            return false;
        }
    }
    return true;
}

static bool read_skip_verify(struct reader *reader, const struct toml_value *value,
                             struct error *err)
{
    reader->entry->skip_verify = value->boolean;
    return value->type == TOML_BOOLEAN || wrong_type("skip_verify", "true or false", err);
}

/* RFC 9110 §5.1 and §5.5, without what could end a line. */
static bool header_is_valid(const char *name, const char *value)
{
    if (!*name)
        return false;
    for (const char *c = name; *c; c++)
        if (!char_is_alnum(*c) && !strchr("!#$%&'*+-.^_`|~", *c))
            return false;
    for (const char *c = value; *c; c++)
        if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7F)
            return false;
    return *value != '\0';
}

static bool add_header(struct reader *reader, const char *name, const struct toml_value *value,
                       struct error *err)
{
    if (value->type != TOML_STRING || !header_is_valid(name, value->text))
        return wrong_type("header", "a table of names and values of headers", err);
    strlist_addf(&reader->entry->headers, "%s: %s", name, value->text);
    return true;
}

static bool read_header(struct reader *reader, const struct toml_value *table, struct error *err)
{
    if (table->type != TOML_TABLE)
        return wrong_type("header", "a table of names and values of headers", err);
    for (const struct toml_value *member = table->first; member; member = member->next) {
        const struct toml_value *item = member->type == TOML_ARRAY ? member->first : member;
        for (; item; item = member->type == TOML_ARRAY ? item->next : NULL)
            if (!add_header(reader, member->key, item, err))
                return false;
    }
    return true;
}

static bool read_dial_timeout(struct reader *reader, const struct toml_value *value,
                              struct error *err)
{
    unsigned *timeout = &reader->entry->dial_timeout_ms;
    if (value->type != TOML_STRING || !go_duration_parse(value->text, timeout))
        return wrong_type("dial_timeout", "a time such as \"500ms\" or \"5s\"", err);
    return true;
}

static bool read_proxy(struct reader *reader, const struct toml_value *value, struct error *err)
{
    static const char *const schemes[] = {"http://", "https://", "socks5://", "socks5h://"};
    for (size_t i = 0; value->type == TOML_STRING && i < ARRAY_SIZE(schemes); i++)
        if (str_starts_with(value->text, schemes[i])) {
            reader->entry->proxy = xstrdup(value->text);
            return true;
        }
    return wrong_type("proxy", "a URL of a proxy", err);
}

static const struct member {
    const char *key;
    bool (*read)(struct reader *reader, const struct toml_value *value, struct error *err);
} members[] = {
    {"capabilities", read_capabilities},
    {"ca", read_ca},
    {"client", read_client},
    {"skip_verify", read_skip_verify},
    {"header", read_header},
    {"dial_timeout", read_dial_timeout},
    {"proxy", read_proxy},
};

/* ---- entries ---- */

/* containerd adds the root of the API to a path that does not end in it. */
static char *with_root(const char *url, bool override_path)
{
    size_t length = strlen(url);
    while (length && url[length - 1] == '/')
        length--;
    CLEANUP(str_free) char *trimmed = xstrndup(url, length);
    const char *path = strchr(strstr(trimmed, "//") + 2, '/');
    if (override_path || (path && str_ends_with(path, "/v2")))
        return TAKE(trimmed);
    return str_format("%s/v2", trimmed);
}

/* Only http and https; without a scheme https is meant. */
static bool set_url(struct hosts_entry *entry, const char *text, bool override_path,
                    struct error *err)
{
    CLEANUP(origin_clear) struct origin origin = {0};
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(str_free)
    char *url = strstr(text, "://") ? xstrdup(text) : str_format("https://%s", text);
    if (!origin_parse(url, &origin, &ignored) || strpbrk(url, "?# \t")) {
        CLEANUP(str_free) char *shown = str_printable(text, SHOWN_MAXIMUM);
        return error_set(err, ERR_USAGE, "'%s' is no http or https URL of a registry", shown);
    }
    entry->url = with_root(url, override_path);
    return true;
}

bool hosts_entry_parse(const char *url, struct hosts_entry *ret, struct error *err)
{
    CLEANUP(hosts_entry_clear) struct hosts_entry entry = {.pull = true};
    if (!set_url(&entry, url, /* override_path= */ false, err))
        return false;
    *ret = TAKE(entry);
    return true;
}

static bool read_entry(const char *url, const struct toml_value *table, const char *directory,
                       struct hosts_entry *ret, struct error *err)
{
    CLEANUP(hosts_entry_clear) struct hosts_entry entry = {.pull = true, .resolve = true};
    struct reader reader = {.directory = directory, .entry = &entry};
    const struct toml_value *override_path = toml_member(table, "override_path");
    if (override_path && override_path->type != TOML_BOOLEAN)
        return wrong_type("override_path", "true or false", err);
    if (url && !set_url(&entry, url, override_path && override_path->boolean, err))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        const struct toml_value *value = toml_member(table, members[i].key);
        if (value && !members[i].read(&reader, value, err))
            return false;
    }
    *ret = TAKE(entry);
    return true;
}

static bool read_mirrors(const struct toml_value *hosts, const char *directory,
                         struct hosts_file *file, struct error *err)
{
    if (!hosts)
        return true;
    if (hosts->type != TOML_TABLE)
        return wrong_type("host", "a table", err);
    for (const struct toml_value *host = hosts->first; host; host = host->next) {
        if (host->type != TOML_TABLE)
            return wrong_type("host", "a table of tables", err);
        if (file->count == MIRRORS_MAXIMUM)
            return error_set(err, ERR_USAGE, "more than %d mirrors", MIRRORS_MAXIMUM);
        file->mirrors = xrealloc_array(file->mirrors, file->count + 1, sizeof(*file->mirrors));
        if (!read_entry(host->key, host, directory, &file->mirrors[file->count], err)) {
            CLEANUP(str_free) char *shown = str_printable(host->key, SHOWN_MAXIMUM);
            return error_wrap(err, "host '%s'", shown);
        }
        file->count++;
    }
    return true;
}

bool hosts_file_parse(const char *text, size_t length, const char *directory,
                      struct hosts_file *ret, struct error *err)
{
    CLEANUP(toml_free) struct toml_value *top = NULL;
    CLEANUP(hosts_file_clear) struct hosts_file file = {0};
    if (!toml_parse(text, length, &top, err))
        return false;
    const struct toml_value *server = toml_member(top, "server");
    if (server && server->type != TOML_STRING)
        return wrong_type("server", "a string", err);
    const char *url = server && *server->text ? server->text : NULL;
    if (!read_mirrors(toml_member(top, "host"), directory, &file, err)
        || !read_entry(url, top, directory, &file.server, err))
        return false;
    *ret = TAKE(file);
    return true;
}
