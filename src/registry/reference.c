/* SPDX-License-Identifier: MIT */
#include "registry/reference.h"

#include "base/alloc.h"
#include "base/scan.h"
#include "base/text.h"

#define DEFAULT_DOMAIN "docker.io"
#define LEGACY_DOMAIN "index.docker.io"
#define OFFICIAL_PREFIX "library/"
#define DEFAULT_TAG "latest"
#define PATH_MAXIMUM 255
#define TAG_MAXIMUM 128
#define TEXT_MAXIMUM 1024
#define SHOWN_MAXIMUM 300

static bool is_lower_alnum(char c)
{
    return char_is_digit(c) || (c >= 'a' && c <= 'z');
}

static bool has_upper(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            return true;
    return false;
}

static bool is_all_hex(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!char_is_hex(text[i]) || char_to_lower(text[i]) != text[i])
            return false;
    return true;
}

/* ---- domain ---- */

static bool label_is_valid(struct scan label)
{
    size_t length = scan_length(&label);
    if (length == 0 || label.at[0] == '-' || label.at[length - 1] == '-')
        return false;
    for (size_t i = 0; i < length; i++)
        if (!char_is_alnum(label.at[i]) && label.at[i] != '-')
            return false;
    return true;
}

static bool scan_host_name(struct scan *s)
{
    struct scan host = scan_until(s, ':');
    for (;;) {
        struct scan label = scan_until(&host, '.');
        if (!label_is_valid(label))
            return false;
        if (!scan_char(&host, '.'))
            return true;
    }
}

static bool scan_ipv6(struct scan *s)
{
    size_t length = 0;
    while (char_is_hex(scan_peek(s)) || scan_peek(s) == ':') {
        s->at++;
        length++;
    }
    return length > 0 && scan_char(s, ']');
}

static bool domain_is_valid(const char *domain)
{
    struct scan s = scan_text(domain);
    bool host = scan_char(&s, '[') ? scan_ipv6(&s) : scan_host_name(&s);
    if (!host)
        return false;
    if (!scan_char(&s, ':'))
        return scan_at_end(&s);
    uint64_t port;
    return scan_uint64(&s, &port) && scan_at_end(&s) && port >= 1 && port <= 65535;
}

/* ---- path and tag ---- */

/* One of ".", "_", "__" or any number of "-". */
static bool scan_separator(struct scan *s)
{
    if (scan_literal(s, "__") || scan_char(s, '.') || scan_char(s, '_'))
        return true;
    if (!scan_char(s, '-'))
        return false;
    while (scan_char(s, '-'))
        ;
    return true;
}

static bool component_is_valid(struct scan s)
{
    do {
        if (!is_lower_alnum(scan_peek(&s)))
            return false;
        while (is_lower_alnum(scan_peek(&s)))
            s.at++;
    } while (scan_separator(&s));
    return scan_at_end(&s);
}

static bool path_is_valid(const char *path)
{
    struct scan s = scan_text(path);
    do {
        if (!component_is_valid(scan_until(&s, '/')))
            return false;
    } while (scan_char(&s, '/'));
    return true;
}

static bool tag_is_valid(const char *tag)
{
    size_t length = strlen(tag);
    if (length == 0 || length > TAG_MAXIMUM || tag[0] == '.' || tag[0] == '-')
        return false;
    for (size_t i = 0; i < length; i++)
        if (!char_is_alnum(tag[i]) && tag[i] != '_' && tag[i] != '.' && tag[i] != '-')
            return false;
    return true;
}

/* ---- the whole ---- */

/* Docker's splitDockerDomain: the first element is a domain only when it cannot be part of a name.
 */
static bool is_domain(const char *text, size_t length)
{
    struct scan first = scan_bytes(text, length);
    return scan_equals(&first, "localhost") || memchr(text, '.', length)
        || memchr(text, ':', length) || has_upper(text, length);
}

static void split_domain(const char *name, struct reference *ret, char **ret_rest)
{
    const char *slash = strchr(name, '/');
    const char *rest = name;
    if (slash && is_domain(name, (size_t)(slash - name))) {
        ret->domain = xstrndup(name, (size_t)(slash - name));
        rest = slash + 1;
    } else {
        ret->domain = xstrdup(DEFAULT_DOMAIN);
    }
    if (str_equal(ret->domain, LEGACY_DOMAIN)) {
        str_free(&ret->domain);
        ret->domain = xstrdup(DEFAULT_DOMAIN);
    }
    bool official = str_equal(ret->domain, DEFAULT_DOMAIN) && !strchr(rest, '/');
    *ret_rest = str_format("%s%s", official ? OFFICIAL_PREFIX : "", rest);
}

static bool check_parts(const struct reference *r, struct error *err)
{
    if (!domain_is_valid(r->domain))
        return error_set(err, ERR_USAGE, "the registry is not host[:port]");
    if (has_upper(r->path, strlen(r->path)))
        return error_set(err, ERR_USAGE, "the repository name must be lower case");
    if (!path_is_valid(r->path))
        return error_set(err, ERR_USAGE, "the repository name is malformed");
    if (strlen(r->path) > PATH_MAXIMUM)
        return error_set(err, ERR_USAGE, "the repository name is longer than %d characters",
                         PATH_MAXIMUM);
    if (r->tag && !tag_is_valid(r->tag))
        return error_set(err, ERR_USAGE, "the tag is not 1 to %d letters, digits, '_', '.' or '-'",
                         TAG_MAXIMUM);
    return true;
}

static bool parse_digest(const char *text, struct digest *ret, struct error *err)
{
    CLEANUP(error_clear) struct error cause = {0};
    if (digest_parse(text, ret, &cause))
        return true;
    return error_set(err, ERR_USAGE, "%s", cause.message);
}

static bool parse_parts(const char *text, struct reference *ret, struct error *err)
{
    if (strlen(text) > TEXT_MAXIMUM)
        return error_set(err, ERR_USAGE, "it is longer than %d characters", TEXT_MAXIMUM);
    if (strlen(text) == 64 && is_all_hex(text, 64))
        return error_set(err, ERR_USAGE, "64 hexadecimal digits are an image id, not a name");

    const char *at = strchr(text, '@');
    CLEANUP(str_free) char *name = at ? xstrndup(text, (size_t)(at - text)) : xstrdup(text);
    CLEANUP(str_free) char *rest = NULL;
    split_domain(name, ret, &rest);

    const char *colon = strchr(rest, ':');
    ret->path = colon ? xstrndup(rest, (size_t)(colon - rest)) : xstrdup(rest);
    ret->tag = colon ? xstrdup(colon + 1) : NULL;
    if (!check_parts(ret, err))
        return false;
    if (at) {
        str_free(&ret->tag);
        return parse_digest(at + 1, &ret->digest, err);
    }
    if (!ret->tag)
        ret->tag = xstrdup(DEFAULT_TAG);
    return true;
}

bool reference_parse(const char *text, struct reference *ret, struct error *err)
{
    CLEANUP(reference_clear) struct reference parsed = {0};
    if (!parse_parts(text, &parsed, err)) {
        CLEANUP(str_free) char *shown = str_printable(text, SHOWN_MAXIMUM);
        error_hint(err, "write [registry/]repository[:tag] or [registry/]repository@sha256:<hex>");
        return error_wrap(err, "image name '%s'", shown);
    }
    *ret = TAKE(parsed);
    return true;
}

void reference_clear(struct reference *reference)
{
    str_free(&reference->domain);
    str_free(&reference->path);
    str_free(&reference->tag);
    *reference = (struct reference){0};
}

char *reference_format(const struct reference *reference)
{
    bool by_digest = digest_is_set(&reference->digest);
    return str_format("%s/%s%c%s", reference->domain, reference->path, by_digest ? '@' : ':',
                      by_digest ? reference->digest.text : reference->tag);
}

struct reference reference_copy(const struct reference *reference)
{
    return (struct reference){
        .domain = xstrdup(reference->domain),
        .path = xstrdup(reference->path),
        .tag = reference->tag ? xstrdup(reference->tag) : NULL,
        .digest = reference->digest,
    };
}

/* Four decimal numbers, the first of them 127. A host such as "127.evil.example" is no address. */
static bool is_loopback_ipv4(struct scan host)
{
    for (unsigned i = 0; i < 4; i++) {
        uint64_t part;
        if ((i > 0 && !scan_char(&host, '.')) || !scan_uint64(&host, &part) || part > 255
            || (i == 0 && part != 127))
            return false;
    }
    return scan_at_end(&host);
}

bool reference_domain_is_loopback(const char *domain)
{
    struct scan s = scan_text(domain);
    if (scan_literal(&s, "[::1]"))
        return scan_at_end(&s) || scan_peek(&s) == ':';
    struct scan host = scan_until(&s, ':');
    return scan_equals(&host, "localhost") || is_loopback_ipv4(host);
}
