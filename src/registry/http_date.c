/* SPDX-License-Identifier: MIT */
#include "registry/http_date.h"

#include "base/cleanup.h"
#include "base/scan.h"
#include "base/text.h"

#define SECONDS_PER_DAY 86400

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                   "Friday", "Saturday", "Sunday"};
static const char *const days_short[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

struct moment {
    unsigned year, month, day; /* month and day from 1 */
    unsigned hour, minute, second;
};

/* Exactly 'digits' digits. */
static bool scan_number(struct scan *s, unsigned digits, unsigned *ret)
{
    *ret = 0;
    for (unsigned i = 0; i < digits; i++) {
        char c = scan_peek(s);
        if (!char_is_digit(c) || !scan_char(s, c))
            return false;
        *ret = *ret * 10 + (unsigned)(c - '0');
    }
    return true;
}

static bool scan_one_of(struct scan *s, const char *const *names, size_t count, unsigned *ret)
{
    for (size_t i = 0; i < count; i++)
        if (scan_literal(s, names[i])) {
            *ret = (unsigned)i + 1;
            return true;
        }
    return false;
}

static bool scan_month(struct scan *s, unsigned *ret)
{
    return scan_one_of(s, months, ARRAY_SIZE(months), ret);
}

static bool scan_time(struct scan *s, struct moment *m)
{
    return scan_number(s, 2, &m->hour) && scan_char(s, ':') && scan_number(s, 2, &m->minute)
        && scan_char(s, ':') && scan_number(s, 2, &m->second);
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static bool scan_fixdate(struct scan s, struct moment *m)
{
    unsigned ignored;
    return scan_one_of(&s, days_short, ARRAY_SIZE(days_short), &ignored) && scan_literal(&s, ", ")
        && scan_number(&s, 2, &m->day) && scan_char(&s, ' ') && scan_month(&s, &m->month)
        && scan_char(&s, ' ') && scan_number(&s, 4, &m->year) && scan_char(&s, ' ')
        && scan_time(&s, m) && scan_literal(&s, " GMT") && scan_at_end(&s);
}

/* Sunday, 06-Nov-94 08:49:37 GMT. The year is one that a registry can mean. */
static bool scan_rfc850(struct scan s, struct moment *m)
{
    unsigned ignored;
    bool scanned = scan_one_of(&s, days, ARRAY_SIZE(days), &ignored) && scan_literal(&s, ", ")
        && scan_number(&s, 2, &m->day) && scan_char(&s, '-') && scan_month(&s, &m->month)
        && scan_char(&s, '-') && scan_number(&s, 2, &m->year) && scan_char(&s, ' ')
        && scan_time(&s, m) && scan_literal(&s, " GMT") && scan_at_end(&s);
    m->year += m->year < 70 ? 2000 : 1900;
    return scanned;
}

/* Sun Nov  6 08:49:37 1994 */
static bool scan_asctime(struct scan s, struct moment *m)
{
    unsigned ignored;
    return scan_one_of(&s, days_short, ARRAY_SIZE(days_short), &ignored) && scan_char(&s, ' ')
        && scan_month(&s, &m->month) && scan_char(&s, ' ')
        && scan_number(&s, scan_char(&s, ' ') ? 1 : 2, &m->day) && scan_char(&s, ' ')
        && scan_time(&s, m) && scan_char(&s, ' ') && scan_number(&s, 4, &m->year)
        && scan_at_end(&s);
}

static bool is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_in(unsigned year, unsigned month)
{
    static const unsigned char table[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : table[month - 1];
}

/* Second 60 is a leap second. */
static bool moment_is_valid(const struct moment *m)
{
    return m->year >= 1970 && m->day >= 1 && m->day <= days_in(m->year, m->month) && m->hour < 24
        && m->minute < 60 && m->second <= 60;
}

static int64_t seconds_of(const struct moment *m)
{
    unsigned before = m->year - 1;
    int64_t day = (int64_t)before * 365 + before / 4 - before / 100 + before / 400;
    day -= (int64_t)1969 * 365 + 1969 / 4 - 1969 / 100 + 1969 / 400;
    for (unsigned month = 1; month < m->month; month++)
        day += days_in(m->year, month);
    day += m->day - 1;
    return day * SECONDS_PER_DAY + (int64_t)m->hour * 3600 + (int64_t)m->minute * 60 + m->second;
}

bool http_date_parse(const char *text, int64_t *ret)
{
    static bool (*const forms[])(struct scan, struct moment *) = {scan_fixdate, scan_rfc850,
                                                                  scan_asctime};
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        struct moment moment = {0};
        if (!forms[i](scan_text(text), &moment))
            continue;
        if (!moment_is_valid(&moment))
            return false;
        *ret = seconds_of(&moment);
        return true;
    }
    return false;
}
