/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text/sentencepiece.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

/* What is left of a message, and one field of it: a number, or n bytes at p (of a float: 4). */
struct message { const uint8_t *p, *end; };
struct field { unsigned number, wire; uint64_t value; const uint8_t *p; size_t n; };

static bool number(struct message *m, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && m->p < m->end; shift += 7) {
        uint8_t byte = *m->p++;
        *value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return true;
    }
    return false;
}

/* The next field; false at the end (*whole) or where it is damaged. */
static bool next(struct message *m, struct field *f, bool *whole)
{
    uint64_t tag, size;
    *whole = m->p == m->end;
    if (*whole || !number(m, &tag) || tag >> 3 == 0 || tag >> 3 > 1u << 29)
        return false;
    *f = (struct field){ .number = (unsigned)(tag >> 3), .wire = tag & 7 };
    switch (f->wire) {
    case 0:
        return number(m, &f->value);
    case 1:
        size = 8;
        break;
    case 2:
        if (!number(m, &size))
            return false;
        break;
    case 5:
        size = 4;
        break;
    default:
        return false;
    }
    if (size > (size_t)(m->end - m->p))
        return false;
    f->p = m->p;
    f->n = (size_t)size;
    m->p += size;
    return true;
}

static const char *add_piece(struct sentencepiece *s, struct message m)
{
    struct unigram_piece piece = { "", 0, 0 };
    struct field f;
    uint64_t type = 1;
    bool whole;
    while (next(&m, &f, &whole)) {
        if (f.number == 1 && f.wire == 2) {
            piece.p = (const char *)f.p;
            piece.n = f.n;
        } else if (f.number == 2 && f.wire == 5) {
            uint32_t bits = (uint32_t)f.p[0] | (uint32_t)f.p[1] << 8 | (uint32_t)f.p[2] << 16 | (uint32_t)f.p[3] << 24;
            float score;
            memcpy(&score, &bits, sizeof score);
            piece.score = (double)score;
        } else if (f.number == 3 && f.wire == 0) {
            type = f.value;
        }
    }
    if (!whole)
        return "a piece in it is damaged";
    if (!utf8_valid(piece.p, piece.n))
        return "a piece in it is not UTF-8";
    mem_grow(&s->piece, &s->cap, s->n + 1, sizeof *s->piece);
    mem_grow(&s->type, &s->types_cap, s->n + 1, sizeof *s->type);
    s->piece[s->n] = piece;
    s->type[s->n++] = type;
    return NULL;
}

bool sentencepiece_read(const uint8_t *file, size_t n, struct sentencepiece *s, const char **why)
{
    struct message m = { file, file + n };
    struct field f, part;
    bool whole, inner = true;
    *s = (struct sentencepiece){ .model = SENTENCEPIECE_UNIGRAM };
    *why = NULL;
    while (!*why && next(&m, &f, &whole)) {
        struct message of = { f.p, f.p ? f.p + f.n : NULL };
        if (f.wire != 2)
            continue;
        if (f.number == 1)
            *why = add_piece(s, of);
        while ((f.number == 2 || f.number == 3) && next(&of, &part, &inner)) {
            if (f.number == 2 && part.number == 3 && part.wire == 0)
                s->model = part.value;
            if (f.number == 3 && part.number == 2 && part.wire == 2) {
                s->map = part.n ? part.p : NULL;
                s->map_size = part.n;
            }
        }
        if (!inner)
            *why = "its settings are damaged";
    }
    if (!*why && !whole)
        *why = "damaged, or no SentencePiece model: a field goes beyond its end";
    if (*why)
        sentencepiece_free(s);
    return !*why;
}

void sentencepiece_free(struct sentencepiece *s)
{
    free(s->piece);
    free(s->type);
    *s = (struct sentencepiece){ .n = 0 };
}
