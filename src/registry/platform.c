/* SPDX-License-Identifier: MIT */
#include "registry/platform.h"

#include "base/alloc.h"
#include "base/scan.h"
#include "base/text.h"

#define SHOWN_MAXIMUM 100

/* Builds whose container ABI is stable: a host from the first one on runs images from the entry
 * before its own up to itself. Add a row when Microsoft releases the next long-term version. */
static const uint32_t stable_builds[] = {20348, 26100};

/* Before Windows 10 1809 the revision belongs to the ABI (Microsoft, version compatibility). */
#define SERVER_2016_BUILD 14393

static const struct {
    const char *name;
    const char *architecture;
} architecture_aliases[] = {
    {"x86_64", "amd64"},
    {"x86-64", "amd64"},
    {"aarch64", "arm64"},
};

/* Features that say nothing about where an image runs. */
static const char *const ignored_features[] = {"win32k"};

static const char *normal_architecture(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(architecture_aliases); i++)
        if (str_equal_nocase(name, architecture_aliases[i].name))
            return architecture_aliases[i].architecture;
    return name;
}

static bool is_given(const char *text)
{
    return text && *text;
}

/* ---- versions ---- */

/* The decimal number of a part, when it is one and at most 'maximum'. */
static bool scan_part(struct scan *s, uint64_t maximum, uint32_t *ret)
{
    struct scan part = scan_until(s, '.');
    uint64_t number;
    if (!scan_uint64(&part, &number) || !scan_at_end(&part) || number > maximum)
        return false;
    *ret = (uint32_t)number;
    return true;
}

struct os_version os_version_parse(const char *text)
{
    struct os_version version = {0};
    struct scan s = scan_text(text ? text : "");
    bool valid = scan_part(&s, UINT8_MAX, &version.major) && scan_char(&s, '.')
        && scan_part(&s, UINT8_MAX, &version.minor) && scan_char(&s, '.')
        && scan_part(&s, UINT16_MAX, &version.build);
    if (!valid)
        return (struct os_version){0};
    if (!scan_char(&s, '.') || !scan_part(&s, UINT32_MAX, &version.revision))
        version.revision = 0;
    return version;
}

char *os_version_format(const struct os_version *version)
{
    CLEANUP(str_free) char *revision = str_format(".%u", version->revision);
    return str_format("%u.%u.%u%s", version->major, version->minor, version->build,
                      version->revision ? revision : "");
}

const char *isolation_name(enum isolation isolation)
{
    return isolation == ISOLATION_HYPERV ? "Hyper-V isolation" : "process isolation";
}

/* The oldest image build that the host runs with process isolation. */
static uint32_t oldest_process_build(uint32_t host_build)
{
    uint32_t oldest = host_build;
    for (size_t i = 0; i < ARRAY_SIZE(stable_builds); i++)
        if (stable_builds[i] <= host_build)
            oldest = stable_builds[i ? i - 1 : 0];
    return oldest;
}

/* Why the versions do not go together, or NULL. */
static const char *version_objection(const struct platform_host *host, const char *text)
{
    struct os_version image = os_version_parse(text);
    bool hyperv = host->isolation == ISOLATION_HYPERV;
    uint32_t oldest = hyperv ? SERVER_2016_BUILD : oldest_process_build(host->version.build);

    if (image.build == 0)
        return "unreadable os.version";
    if (image.major != host->version.major || image.minor != host->version.minor)
        return "another Windows version";
    if (image.build > host->version.build)
        return "too new";
    if (image.build < oldest)
        return "too old";
    if (!hyperv && image.build == SERVER_2016_BUILD && host->version.revision != 0
        && image.revision != host->version.revision)
        return "another revision";
    return NULL;
}

/* ---- verdict ---- */

static bool feature_is_ignored(const char *feature)
{
    for (size_t i = 0; i < ARRAY_SIZE(ignored_features); i++)
        if (str_equal(feature, ignored_features[i]))
            return true;
    return false;
}

/* An os.feature that no host has; Windows hosts announce none. */
static const char *missing_feature(const struct strlist *features)
{
    for (size_t i = 0; i < features->count; i++)
        if (!feature_is_ignored(features->items[i]))
            return features->items[i];
    return NULL;
}

static struct platform_verdict refuse(char *reason)
{
    return (struct platform_verdict){.reason = reason};
}

struct platform_verdict platform_judge(const struct platform_host *host,
                                       const struct platform *platform)
{
    const char *architecture = normal_architecture(platform->architecture);

    if (!str_equal_nocase(platform->os, "windows"))
        return refuse(xstrdup("not a Windows image"));
    if (!str_equal(architecture, normal_architecture(host->architecture)))
        return refuse(xstrdup("another architecture"));
    /* "v8" is what every arm64 processor is. */
    if (is_given(platform->variant)
        && !(str_equal(architecture, "arm64") && str_equal(platform->variant, "v8")))
        return refuse(xstrdup("another architecture variant"));

    const char *feature = missing_feature(&platform->os_features);
    if (feature) {
        CLEANUP(str_free) char *shown = str_printable(feature, SHOWN_MAXIMUM);
        return refuse(str_format("needs the feature %s", shown));
    }

    /* Images for host processes leave their version out on purpose: they run on any build. */
    if (is_given(platform->os_version) && host->version.build != 0) {
        const char *objection = version_objection(host, platform->os_version);
        if (objection)
            return refuse(xstrdup(objection));
    }
    return (struct platform_verdict){.accepted = true};
}

void platform_verdict_clear(struct platform_verdict *verdict)
{
    str_free(&verdict->reason);
    *verdict = (struct platform_verdict){0};
}

/* ---- order ---- */

static int prefer(bool a, bool b)
{
    return (int)b - (int)a;
}

static int prefer_higher(uint32_t a, uint32_t b)
{
    return prefer(a > b, b > a);
}

/* The nearest one that is not above the limit, then the nearest above it. */
static int compare_revision(uint32_t limit, uint32_t a, uint32_t b)
{
    bool a_above = a > limit;
    bool b_above = b > limit;
    if (a_above != b_above)
        return prefer(!a_above, !b_above);
    return a_above ? prefer_higher(b, a) : prefer_higher(a, b);
}

int platform_compare(const struct platform_host *host, const struct platform *a,
                     const struct platform *b)
{
    struct os_version left = os_version_parse(a->os_version);
    struct os_version right = os_version_parse(b->os_version);
    uint32_t build = host->version.build;
    /* Revisions of different builds have nothing to do with each other: there the newest is best.
     */
    bool comparable = host->version.revision != 0 && left.build == build;
    uint32_t limit = comparable ? host->version.revision : UINT32_MAX;

    int order = build ? prefer(left.build == build, right.build == build) : 0;
    if (order == 0)
        order = prefer_higher(left.build, right.build);
    if (order == 0)
        order = compare_revision(limit, left.revision, right.revision);
    if (order == 0)
        order = prefer(is_given(a->os_version), is_given(b->os_version));
    return order;
}

/* ---- text and JSON ---- */

char *platform_format(const struct platform *platform)
{
    CLEANUP(str_free)
    char *text = str_format("%s/%s%s%s%s%s", platform->os ? platform->os : "unknown",
                            platform->architecture ? platform->architecture : "unknown",
                            is_given(platform->variant) ? "/" : "",
                            platform->variant ? platform->variant : "",
                            is_given(platform->os_version) ? " " : "",
                            platform->os_version ? platform->os_version : "");
    return str_printable(text, SHOWN_MAXIMUM);
}

char *platform_host_format(const struct platform_host *host)
{
    if (host->version.build == 0)
        return str_format("windows/%s", host->architecture);
    return str_format("windows/%s %u.%u.%u (%s)", host->architecture, host->version.major,
                      host->version.minor, host->version.build, isolation_name(host->isolation));
}

static const struct json_field platform_fields[] = {
    {"os", json_to_string, offsetof(struct platform, os), JSON_OPTIONAL},
    {"architecture", json_to_string, offsetof(struct platform, architecture), JSON_OPTIONAL},
    {"variant", json_to_string, offsetof(struct platform, variant), JSON_OPTIONAL},
    {"os.version", json_to_string, offsetof(struct platform, os_version), JSON_OPTIONAL},
    {"os.features", json_to_strlist, offsetof(struct platform, os_features), JSON_OPTIONAL},
};

bool platform_from_json(const struct json_value *value, void *target, struct error *err)
{
    CLEANUP(platform_clear) struct platform platform = {0};
    if (!json_read_fields(value, platform_fields, ARRAY_SIZE(platform_fields), &platform, err))
        return false;
    struct platform *ret = target;
    *ret = TAKE(platform);
    return true;
}

static char *copy_text(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

struct platform platform_copy(const struct platform *platform)
{
    struct platform copy = {
        .os = copy_text(platform->os),
        .architecture = copy_text(platform->architecture),
        .variant = copy_text(platform->variant),
        .os_version = copy_text(platform->os_version),
    };
    strlist_add_all(&copy.os_features, &platform->os_features);
    return copy;
}

void platform_clear(struct platform *platform)
{
    str_free(&platform->os);
    str_free(&platform->architecture);
    str_free(&platform->variant);
    str_free(&platform->os_version);
    strlist_clear(&platform->os_features);
    *platform = (struct platform){0};
}
