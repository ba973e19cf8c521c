/* SPDX-License-Identifier: MIT */
/* platform: does an image fit a Windows host, and which of several fits best.
 *
 * The rules are those of containerd/platforms (platform_windows_compat.go, v1.0.0-rc.5) for process
 * isolation and of Microsoft's version compatibility page for Hyper-V isolation. One function gives
 * the verdict for pull, inspect and run. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/json_read.h"
#include "base/strlist.h"

struct os_version {
    uint32_t major, minor, build, revision;
};

/* "10.0.20348.2322"; the revision may be absent. Text that is not such a version (fewer than two
 * dots, a part that is no number, major or minor above 255, build above 65535) gives all zeros,
 * which fits no host. NULL likewise. */
struct os_version os_version_parse(const char *text);

/* "10.0.20348.2322", without a revision that is 0; the caller owns it. */
char *os_version_format(const struct os_version *version);

enum isolation { ISOLATION_PROCESS, ISOLATION_HYPERV };

const char *isolation_name(enum isolation isolation);

/* What an image says of itself; members are NULL when it does not say. */
struct platform {
    char *os;
    char *architecture;
    char *variant;
    char *os_version;
    struct strlist os_features;
};

/* The host. Build 0 means "any Windows", revision 0 "not known". */
struct platform_host {
    struct os_version version;
    const char *architecture;
    enum isolation isolation;
};

struct platform_verdict {
    bool accepted;
    char *reason; /* of a refusal ("too new"); NULL when accepted */
};

struct platform_verdict platform_judge(const struct platform_host *host,
                                       const struct platform *platform);
void platform_verdict_clear(struct platform_verdict *verdict);

/* Orders two accepted platforms: negative when a is the better choice for the host, 0 when neither
 * is (the one listed first then wins). In this order: equal build, higher build, the nearest
 * revision not above the host's and then the nearest above it, a stated version before none. */
int platform_compare(const struct platform_host *host, const struct platform *a,
                     const struct platform *b);

/* "windows/amd64 10.0.20348.2322", fit for a message; the caller owns it. */
char *platform_format(const struct platform *platform);
char *platform_host_format(const struct platform_host *host); /* "… (process isolation)" */

struct platform platform_copy(const struct platform *platform);

/* json_converter for a struct platform. */
bool platform_from_json(const struct json_value *value, void *target, struct error *err) MUST_USE;
void platform_clear(struct platform *platform);
