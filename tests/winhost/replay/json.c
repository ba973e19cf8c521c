/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <stdio.h>

static void print_string(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

static void print_name(const char *name)
{
    putchar(',');
    print_string(name);
    putchar(':');
}

void json_begin(unsigned line, const char *function)
{
    printf("{\"line\":%u,\"fn\":", line);
    print_string(function);
}

void json_end(void)
{
    puts("}");
    fflush(stdout);
}

void json_text(const char *name, const char *value)
{
    print_name(name);
    print_string(value);
}

void json_code(const char *name, DWORD value)
{
    print_name(name);
    printf("\"0x%08lx\"", (unsigned long)value);
}

void json_number(const char *name, unsigned long long value)
{
    print_name(name);
    printf("%llu", value);
}

void json_null(const char *name)
{
    print_name(name);
    fputs("null", stdout);
}
