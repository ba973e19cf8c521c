/* SPDX-License-Identifier: MIT */
#include "base/proxy.h"

#include "base/alloc.h"

struct proxy_settings proxy_system_settings(void)
{
    return (struct proxy_settings){0};
}

void proxy_settings_clear(struct proxy_settings *settings)
{
    str_free(&settings->servers);
    str_free(&settings->bypass);
}
