/* SPDX-License-Identifier: MIT */
/* json: the results, one object a line: {"line":3,"fn":"HcsX","hr":"0x00000000","NAME":"VALUE"}. */
#pragma once

#include <windows.h>

/* Between json_begin and json_end no other thread may print. */
void json_begin(unsigned line, const char *function);
void json_end(void);
void json_text(const char *name, const char *value);
void json_code(const char *name, DWORD value); /* "0x" and eight digits */
void json_number(const char *name, unsigned long long value);
void json_null(const char *name);
