/* SPDX-License-Identifier: MIT */
#include "layers/name_set.h"

#include <string.h>

#include "base/alloc.h"
#include "base/sha256.h"
#include "base/text.h"

#define SMALLEST_CAPACITY 1024
#define KEY_SIZE 16

struct name_key {
    uint8_t bytes[KEY_SIZE];
};

struct name_slot {
    struct name_key key;
    enum name_use use; /* NAME_UNUSED = free */
};

/* Lower-case letters that two bytes of UTF-8 can encode; 'step' 2: every other one is a capital. */
static const struct {
    unsigned first;
    unsigned last;
    unsigned step;
    unsigned distance; /* to the capital */
} letters[] = {
    {0x00E0, 0x00F6, 1, 0x20}, {0x00F8, 0x00FE, 1, 0x20}, {0x0101, 0x012F, 2, 1},
    {0x0133, 0x0137, 2, 1},    {0x013A, 0x0148, 2, 1},    {0x014B, 0x0177, 2, 1},
    {0x017A, 0x017E, 2, 1},    {0x03B1, 0x03C1, 1, 0x20}, {0x03C3, 0x03CB, 1, 0x20},
    {0x0430, 0x044F, 1, 0x20}, {0x0450, 0x045F, 1, 0x50},
};

static unsigned fold(unsigned letter)
{
    for (size_t i = 0; i < ARRAY_SIZE(letters); i++) {
        if (letter >= letters[i].first && letter <= letters[i].last
            && (letter - letters[i].first) % letters[i].step == 0)
            return letter - letters[i].distance;
    }
    return letter;
}

void name_fold(char *name)
{
    for (char *at = name; *at; at++) {
        unsigned lead = (unsigned char)at[0];
        unsigned next = (unsigned char)at[1];
        *at = char_to_upper(*at);
        if ((lead & 0xE0) != 0xC0 || (next & 0xC0) != 0x80)
            continue;
        unsigned letter = fold((lead & 0x1F) << 6 | (next & 0x3F));
        at[0] = (char)(0xC0 | letter >> 6);
        at[1] = (char)(0x80 | (letter & 0x3F));
        at++;
    }
}

static struct name_key key_of(const char *name)
{
    CLEANUP(str_free) char *folded = xstrdup(name);
    name_fold(folded);
    struct sha256 hash;
    uint8_t digest[SHA256_SIZE];
    sha256_init(&hash);
    sha256_update(&hash, folded, strlen(folded));
    sha256_final(&hash, digest);
    struct name_key key;
    memcpy(key.bytes, digest, KEY_SIZE);
    return key;
}

/* The slot of the key, or the free one where it belongs. */
static struct name_slot *find(const struct name_set *set, const struct name_key *key)
{
    uint64_t start = 0;
    memcpy(&start, key->bytes, sizeof(start));
    size_t at = (size_t)start & (set->capacity - 1);
    while (set->slots[at].use != NAME_UNUSED && memcmp(&set->slots[at].key, key, sizeof(*key)) != 0)
        at = (at + 1) & (set->capacity - 1);
    return &set->slots[at];
}

static void grow(struct name_set *set)
{
    struct name_set larger = {
        .capacity = set->capacity ? set->capacity * 2 : SMALLEST_CAPACITY,
        .count = set->count,
    };
    larger.slots = xcalloc(larger.capacity, sizeof(*larger.slots));
    for (size_t i = 0; i < set->capacity; i++) {
        if (set->slots[i].use != NAME_UNUSED)
            *find(&larger, &set->slots[i].key) = set->slots[i];
    }
    name_set_clear(set);
    *set = larger;
}

enum name_use name_set_get(const struct name_set *set, const char *name)
{
    if (set->count == 0)
        return NAME_UNUSED;
    struct name_key key = key_of(name);
    return find(set, &key)->use;
}

void name_set_put(struct name_set *set, const char *name, enum name_use use)
{
    /* At most three quarters full, so that find() ends soon. */
    if (set->count >= set->capacity / 4 * 3)
        grow(set);
    struct name_key key = key_of(name);
    struct name_slot *slot = find(set, &key);
    if (slot->use == NAME_UNUSED)
        set->count++;
    *slot = (struct name_slot){.key = key, .use = use};
}

void name_set_clear(struct name_set *set)
{
    mem_free(&set->slots);
    *set = (struct name_set){0};
}
