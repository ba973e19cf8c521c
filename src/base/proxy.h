/* SPDX-License-Identifier: MIT */
/* proxy: the proxy that the system is set to (src/win32/proxy.c); natively there is no such
 * setting, for programs read the environment (proxy_posix.c). */
#pragma once

/* In the notation of Windows (WinHTTP's WINHTTP_PROXY_INFO): "proxy:8080" for everything or
 * "http=a:80;https=b:443", and "*.corp;10.*;<local>". NULL = none. */
struct proxy_settings {
    char *servers;
    char *bypass;
};

struct proxy_settings proxy_system_settings(void);
void proxy_settings_clear(struct proxy_settings *settings);
