/* mutate - damaged streams, drawn from a seed
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FUZZ_MUTATE_H
#define FUZZ_MUTATE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/mem.h"
#include "base/rng.h"
#include "stream/frame.h"

struct bytes { uint8_t *p; size_t n; };

/* Values that break arithmetic, at any place. */
static const uint64_t odd_numbers[] = {
    0, 1, 127, 128, 255, 256, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
    0x3fffffffffffffff, 0x7fffffffffffffff, 0x8000000000000000, 0xfffffffffffffff0, 0xffffffffffffffff };

/* Heads of MessagePack values, the ones that claim a size first. */
static const uint8_t odd_heads[] = {
    0xdd, 0xdf, 0xc6, 0xdb, 0xc9, 0xdc, 0xde, 0xc5, 0xda, 0xc4, 0xd9, 0xc7, 0xc0, 0xc1, 0xc2, 0xc3, 0xca, 0xcb,
    0xcc, 0xcd, 0xce, 0xcf, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd8, 0x80, 0x81, 0x8f, 0x90, 0x91, 0x9f, 0xa0, 0xa1,
    0xbf, 0x00, 0x7f, 0xe0, 0xff };

static inline size_t draw(struct rng *rng, size_t n)
{
    return n ? (size_t)(rng_u64(rng) % n) : 0;
}

/* One change of b[n], n > 0; there is room for 64 bytes more. */
static inline void change(struct bytes *b, struct rng *rng)
{
    size_t at = draw(rng, b->n), len = 1 + draw(rng, draw(rng, 4) ? 8 : 64);
    uint64_t odd = odd_numbers[draw(rng, sizeof odd_numbers / sizeof *odd_numbers)];
    len = len < b->n - at ? len : b->n - at;
    switch (draw(rng, 16)) {              /* most leave every size right */
    case 0: case 10: case 11: case 12:
        b->p[at] ^= (uint8_t)(1 << draw(rng, 8));
        break;
    case 1:
        b->p[at] = (uint8_t)draw(rng, 256);
        break;
    case 2:
        b->p[at] = odd_heads[draw(rng, sizeof odd_heads)];
        break;
    case 3: {                           /* a number, big-endian as sizes are */
        size_t bytes = (size_t)1 << draw(rng, 4);
        for (size_t i = 0; i < bytes && at + i < b->n; i++)
            b->p[at + i] = (uint8_t)(odd >> 8 * (bytes - 1 - i));
        break;
    }
    case 4:                             /* take away */
        memmove(b->p + at, b->p + at + len, b->n - at - len);
        b->n -= len;
        break;
    case 5:                             /* put in twice */
        memmove(b->p + at + len, b->p + at, b->n - at);
        b->n += len;
        break;
    case 6: {                           /* copy from elsewhere */
        size_t from = draw(rng, b->n - len + 1);
        memmove(b->p + at, b->p + from, len);
        break;
    }
    case 7:                             /* nested arrays */
        memset(b->p + at, draw(rng, 2) ? 0x91 : 0x81, len);
        break;
    default:                            /* one more or less */
        b->p[at] = (uint8_t)(b->p[at] + (draw(rng, 2) ? 1 : 255));
        break;
    }
}

/* Number `index` of the mutations of stream[size] that `seed` gives; p is the caller's.
 * Two of three have their frames' sizes and their checksum made right again. */
static inline struct bytes mutate(const uint8_t *stream, size_t size, uint64_t seed, size_t index)
{
    struct rng rng;
    rng_init(&rng, seed, index);
    bool repair = draw(&rng, 3) > 0;
    struct bytes b = { mem_new(4 * size + 16384, 1), 0 };
    if (!repair) {
        memcpy(b.p, stream, b.n = size);
        for (size_t k = 1 + draw(&rng, 3); k > 0 && b.n; k--)
            change(&b, &rng);
        return b;
    }
    size_t frames = 0, victim, at;
    for (at = 0; at + FRAME_HEAD <= size; frames++)
        at += FRAME_HEAD + ((size_t)stream[at + 14] << 8 | stream[at + 15]);
    victim = draw(&rng, frames > 1 ? frames - 1 : 1);
    uint64_t records = 0;
    at = 0;
    for (size_t f = 0; f + 1 < frames; f++) {   /* bodies of less than 64 KiB */
        size_t n = (size_t)stream[at + 14] << 8 | stream[at + 15];
        int kind = stream[at + 2];
        struct bytes body = { mem_new(2 * n + 4096, 1), n };
        memcpy(body.p, stream + at + FRAME_HEAD, n);
        for (size_t k = f == victim ? 1 + draw(&rng, 4) : 0; k > 0 && body.n; k--)
            change(&body, &rng);
        size_t copies = f == victim && draw(&rng, 20) == 0 ? 2 : 1;
        for (; copies; copies--) {
            frame_pack_head(b.p + b.n, kind, body.n);
            memcpy(b.p + b.n + FRAME_HEAD, body.p, body.n);
            b.n += FRAME_HEAD + body.n;
            records += kind == FRAME_RECORD;
        }
        free(body.p);
        at += FRAME_HEAD + n;
    }
    uint64_t hash = XXH3_64bits(b.p, b.n);
    uint8_t end[] = "\x82\xa7records\xcf........\xa4xxh3\xcf........";
    for (int i = 0; i < 8; i++) {
        end[10 + i] = (uint8_t)(records >> (56 - 8 * i));
        end[24 + i] = (uint8_t)(hash >> (56 - 8 * i));
    }
    frame_pack_head(b.p + b.n, FRAME_END, sizeof end - 1);
    memcpy(b.p + b.n + FRAME_HEAD, end, sizeof end - 1);
    b.n += FRAME_HEAD + sizeof end - 1;
    return b;
}

/* What breaks readers of text: tables, JSON, and what arrays and models say of themselves. */
static const char *const odd_words[] = {
    "\"", "\"\"", "\n", "\r", ",", ";", "[", "]", "{", "}", "[[[[[[[[", "{\"\":", ":", "\\", "\\u", "\\ud800", "null", "true", "1e999", "-",
    "-1", "0", "1e-320", "\xff", "\xc3", "\xef\xbb\xbf", "\xff\xfe", "(", ")", "'", "18446744073709551615", "9223372036854775808",
    "4294967296", "999999999999999999999999999999", "L", "inf", "nan", "<f8", "|O", "True", "\"id\":", "\xff\xff\xff\xff", "F16", "#",
    "  ", "\t", "sep=;\n" };

/* Number `index` of the mutations of a file that is no stream: bits, bytes, words, and pieces of itself, half of them
 * near its beginning, where headers are; p is the caller's. */
static inline struct bytes mutate_text(const uint8_t *file, size_t size, uint64_t seed, size_t index)
{
    struct rng rng;
    rng_init(&rng, seed, index);
    struct bytes b = { mem_new(size + 8192, 1), size };
    memcpy(b.p, file, size);
    for (size_t k = 1 + draw(&rng, 4); k > 0 && b.n; k--) {
        const char *word = draw(&rng, 12) ? odd_words[draw(&rng, sizeof odd_words / sizeof *odd_words)] : "";
        size_t n = *word ? strlen(word) : 1, at = draw(&rng, draw(&rng, 2) || b.n < 400 ? b.n : 400);
        size_t over = draw(&rng, 2) ? 0 : draw(&rng, 6) ? n : 1 + draw(&rng, 40);
        over = over < b.n - at ? over : b.n - at;
        switch (draw(&rng, 8)) {
        case 0: case 1:
            b.p[at] ^= (uint8_t)(1 << draw(&rng, 8));
            break;
        case 2:                             /* cut */
            b.n = draw(&rng, 3) ? b.n : at;
            break;
        case 3: {                           /* a piece once more, elsewhere */
            size_t from = draw(&rng, b.n), len = 1 + draw(&rng, 200);
            uint8_t piece[200];
            len = len < b.n - from ? len : b.n - from;
            memcpy(piece, b.p + from, len);
            memmove(b.p + at + len, b.p + at, b.n - at);
            memcpy(b.p + at, piece, len);
            b.n += len;
            break;
        }
        case 4:                             /* take away */
            over = 1 + draw(&rng, 60);
            over = over < b.n - at ? over : b.n - at;
            memmove(b.p + at, b.p + at + over, b.n - at - over);
            b.n -= over;
            break;
        default:                            /* a word, put in or in place of something */
            memmove(b.p + at + n, b.p + at + over, b.n - at - over);
            memcpy(b.p + at, word, n);
            b.n += n - over;
            break;
        }
    }
    return b;
}

#endif
