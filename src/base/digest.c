/* SPDX-License-Identifier: MIT */
#include "base/digest.h"

#include <string.h>

#include "base/alloc.h"
#include "base/scan.h"
#include "base/text.h"

#define PREFIX "sha256:"
#define PREFIX_LENGTH (sizeof PREFIX - 1)
#define HEX_LENGTH ((size_t)(2 * SHA256_SIZE))

/* Registered by the OCI image specification, but not used by any Windows image. */
static const char *const other_algorithms[] = {"sha512:", "blake3:"};

static bool is_lower_hex(const struct scan *s)
{
    for (const char *at = s->at; at != s->end; at++)
        if (!char_is_hex(*at) || (*at >= 'A' && *at <= 'F'))
            return false;
    return true;
}

static bool refuse(const char *text, struct error *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(other_algorithms); i++)
        if (str_starts_with(text, other_algorithms[i]))
            return error_set(err, ERR_INTEGRITY, "digest algorithm '%.6s' is not supported",
                             other_algorithms[i]);
    CLEANUP(str_free) char *shown = str_printable(text, DIGEST_TEXT_SIZE);
    return error_set(err, ERR_INTEGRITY, "'%s' is not a sha256 digest", shown);
}

bool digest_parse(const char *text, struct digest *ret, struct error *err)
{
    struct scan s = scan_text(text);
    if (!scan_literal(&s, PREFIX) || scan_length(&s) != HEX_LENGTH || !is_lower_hex(&s))
        return refuse(text, err);
    memcpy(ret->text, text, sizeof ret->text);
    return true;
}

bool digest_is_set(const struct digest *digest)
{
    return digest->text[0] != '\0';
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
    return str_equal(a->text, b->text);
}

const char *digest_hex(const struct digest *digest)
{
    return digest_is_set(digest) ? digest->text + PREFIX_LENGTH : "";
}

struct digest digest_of(const void *data, size_t length)
{
    struct sha256 hash;
    sha256_init(&hash);
    sha256_update(&hash, data, length);
    return sha256_final_digest(&hash);
}

struct digest sha256_final_digest(struct sha256 *hash)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[SHA256_SIZE];
    sha256_final(hash, bytes);

    struct digest digest = {.text = PREFIX};
    char *at = digest.text + PREFIX_LENGTH;
    for (size_t i = 0; i < sizeof bytes; i++) {
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 0xF];
    }
    return digest;
}
