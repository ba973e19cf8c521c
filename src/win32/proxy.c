/* SPDX-License-Identifier: MIT */
#include "base/proxy.h"

#include <stddef.h>

#include "base/alloc.h"
#include "win32/dll.h"
#include "win32/utf16.h"
#include "win32/windows_lean.h"

#include <winhttp.h>

#define WINHTTP_FUNCTIONS(X)                                                                       \
    X(WinHttpGetIEProxyConfigForCurrentUser)                                                       \
    X(WinHttpGetDefaultProxyConfiguration)

struct winhttp_api {
#define X(name) __typeof__(&(name)) name;
    WINHTTP_FUNCTIONS(X)
#undef X
};

static const struct dll_symbol symbols[] = {
#define X(name) {#name, offsetof(struct winhttp_api, name), DLL_REQUIRED},
    WINHTTP_FUNCTIONS(X)
#undef X
};

/* Takes a string that WinHTTP has allocated. NULL when there is none that can be used. */
static char *take_text(wchar_t *wide)
{
    char *text = NULL;
    if (wide && *wide) {
        CLEANUP(error_clear) struct error ignored = {0};
        (void)!utf16_to_utf8(wide, &text, &ignored);
    }
    GlobalFree(wide);
    return text;
}

/* What the user has set in the control panel. Scripts (PAC) are not run. */
static struct proxy_settings of_user(const struct winhttp_api *api)
{
    WINHTTP_CURRENT_USER_IE_PROXY_CONFIG config = {0};
    struct proxy_settings settings = {0};
    if (!api->WinHttpGetIEProxyConfigForCurrentUser(&config))
        return settings;
    settings.servers = take_text(config.lpszProxy);
    settings.bypass = take_text(config.lpszProxyBypass);
    GlobalFree(config.lpszAutoConfigUrl);
    return settings;
}

/* What 'netsh winhttp set proxy' has set for the machine. */
static struct proxy_settings of_machine(const struct winhttp_api *api)
{
    WINHTTP_PROXY_INFO info = {0};
    struct proxy_settings settings = {0};
    if (!api->WinHttpGetDefaultProxyConfiguration(&info))
        return settings;
    settings.servers = take_text(info.lpszProxy);
    settings.bypass = take_text(info.lpszProxyBypass);
    if (info.dwAccessType != WINHTTP_ACCESS_TYPE_NAMED_PROXY)
        proxy_settings_clear(&settings);
    return settings;
}

struct proxy_settings proxy_system_settings(void)
{
    struct winhttp_api api;
    CLEANUP(error_clear) struct error ignored = {0};
    if (!dll_bind(L"winhttp.dll", symbols, ARRAY_SIZE(symbols), &api, &ignored))
        return (struct proxy_settings){0};
    struct proxy_settings settings = of_user(&api);
    if (settings.servers)
        return settings;
    proxy_settings_clear(&settings);
    return of_machine(&api);
}

void proxy_settings_clear(struct proxy_settings *settings)
{
    str_free(&settings->servers);
    str_free(&settings->bypass);
}
