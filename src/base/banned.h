/* SPDX-License-Identifier: MIT */
/* banned: functions that parse by accident, overflow by design or depend on a locale.
 * Force-included in every file of src/. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __MINGW32__
#include <io.h> /* has inline functions that use them */
#endif

#pragma GCC poison strcpy strncpy strcat strncat sprintf vsprintf sscanf strtok atoi atol atof
#pragma GCC poison strtol strtoul strtoll strtoull gets gmtime localtime
