/* SPDX-License-Identifier: MIT */
/* file_time: FILETIME (100 ns since 1601) and the times of POSIX. */
#pragma once

#include <stdint.h>
#include <time.h>

#define FILE_TIME_PER_SECOND ((int64_t)10 * 1000 * 1000)
#define FILE_TIME_OF_1970 ((int64_t)11644473600)

static inline struct timespec timespec_of_file_time(int64_t time)
{
    int64_t seconds = time / FILE_TIME_PER_SECOND;
    int64_t rest = time % FILE_TIME_PER_SECOND;
    if (rest < 0) {
        seconds--;
        rest += FILE_TIME_PER_SECOND;
    }
    return (struct timespec){.tv_sec = seconds - FILE_TIME_OF_1970, .tv_nsec = rest * 100};
}

static inline int64_t file_time_of_timespec(const struct timespec *time)
{
    return (time->tv_sec + FILE_TIME_OF_1970) * FILE_TIME_PER_SECOND + time->tv_nsec / 100;
}
