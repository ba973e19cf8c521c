/* SPDX-License-Identifier: MIT */
#include "runner/source_date.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/os.h"
#include "base/scan.h"

#define SECONDS_A_DAY 86400
#define YEAR_MAXIMUM 9999
/* The last second of that year. */
#define EPOCH_MAXIMUM UINT64_C(253402300799)

struct date {
    unsigned year;
    unsigned month;
    unsigned day;
};

/* Of the proleptic Gregorian calendar; years begin in March, so that the day that some of them have
 * more is their last. */
static struct date date_of(uint64_t days_since_1970)
{
    const unsigned days_of_400_years = 146097;
    const unsigned from_march_of_0 = 719468;
    unsigned days = (unsigned)days_since_1970 + from_march_of_0;
    unsigned era = days / days_of_400_years;
    unsigned day_of_era = days % days_of_400_years;
    unsigned year =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    unsigned month = (5 * day_of_year + 2) / 153;
    return (struct date){
        .year = era * 400 + year + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = day_of_year - (153 * month + 2) / 5 + 1,
    };
}

bool source_date_of(const char *epoch, char text[SOURCE_DATE_SIZE], struct error *err)
{
    uint64_t seconds = 0;
    if (!epoch) {
        os_timestamp(text);
        return true;
    }
    if (!parse_uint64(epoch, &seconds) || seconds > EPOCH_MAXIMUM)
        return error_set(err, ERR_USAGE,
                         "SOURCE_DATE_EPOCH: '%s' is no number of seconds since 1970", epoch);
    struct date date = date_of(seconds / SECONDS_A_DAY);
    unsigned of_day = (unsigned)(seconds % SECONDS_A_DAY);
    snprintf(text, SOURCE_DATE_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ",
             date.year % (YEAR_MAXIMUM + 1), date.month, date.day, of_day / 3600 % 24,
             of_day / 60 % 60, of_day % 60);
    return true;
}

bool source_date_find(char text[SOURCE_DATE_SIZE], struct error *err)
{
    CLEANUP(str_free) char *epoch = os_getenv("SOURCE_DATE_EPOCH");
    return source_date_of(epoch, text, err);
}
