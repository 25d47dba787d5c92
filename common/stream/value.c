/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

bool value_whole(const struct value *v, int64_t *whole)
{
    if (v->type == V_INT)
        return *whole = v->i, true;
    if (v->type != V_FLOAT || v->f != floor(v->f) || !(v->f >= -0x1p63 && v->f < 0x1p63))
        return false;
    return *whole = (int64_t)v->f, true;
}

bool value_is_label(const struct value *v)
{
    return v->type == V_BOOL || v->type == V_INT || (v->type == V_FLOAT && isfinite(v->f)) || v->type == V_STR;
}

bool value_key(const struct value *v, struct msg_buf *key)
{
    msgpack_packer pk = msg_packer(key);
    int64_t whole;
    if (!value_is_label(v))
        return false;
    if (value_whole(v, &whole))
        msgpack_pack_int64(&pk, whole);
    else if (v->type == V_FLOAT)
        msgpack_pack_double(&pk, v->f);
    else if (v->type == V_STR)
        msg_put_str(&pk, v->s.p, v->s.n);
    else
        v->b ? msgpack_pack_true(&pk) : msgpack_pack_false(&pk);
    return true;
}

bool value_same(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size)
{
    if (a_size == b_size && memcmp(a, b, a_size) == 0)
        return true;
    struct value v = msg_value(a, a_size), w = msg_value(b, b_size);
    struct msg_buf x = { NULL, 0, 0 }, y = { NULL, 0, 0 };
    bool same = value_key(&v, &x) && value_key(&w, &y) && x.n == y.n && memcmp(x.p, y.p, x.n) == 0;
    msg_free(&x);
    msg_free(&y);
    return same;
}

/* The digits of a number that is a label; 0 if v is none. */
static size_t digits(const struct value *v, char to[32])
{
    int64_t whole;
    if (value_whole(v, &whole))
        return (size_t)snprintf(to, 32, "%lld", (long long)whole);
    return v->type == V_FLOAT && isfinite(v->f) ? (size_t)snprintf(to, 32, "%.17g", v->f) : 0;
}

bool value_text(const struct value *v, struct msg_buf *text)
{
    char number[32];
    if (v->type == V_STR)
        msg_append(text, v->s.p, v->s.n);
    else if (v->type == V_BOOL)
        msg_append(text, v->b ? "true" : "false", v->b ? 4 : 5);
    else
        msg_append(text, number, digits(v, number));
    return value_is_label(v);
}

size_t value_name(struct names *names, const struct value *v)
{
    char number[32];
    size_t n = digits(v, number);
    if (v->type == V_STR)
        return names_add(names, v->s.p, v->s.n, NAME_TEXT, 0);
    if (v->type == V_BOOL)
        return names_add(names, v->b ? "true" : "false", v->b ? 4 : 5, NAME_BOOL, v->b);
    return n ? names_add(names, number, n, NAME_NUMBER, v->type == V_INT ? (double)v->i : v->f) : SIZE_MAX;
}

static int rank_of(const struct value *v)
{
    bool infinite = v->type == V_FLOAT && isinf(v->f);
    return !value_is_label(v) && !infinite ? 3 : v->type == V_STR ? 2 : v->type != V_BOOL;
}

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

/* Of an integer and a finite float, exactly: the floor of the float is an integer, or beyond all. */
static int compare_mixed(int64_t i, double f)
{
    if (f >= 0x1p63 || f < -0x1p63)
        return f < 0 ? 1 : -1;
    int64_t below = (int64_t)floor(f);
    return i != below ? ORDER(i, below) : f > floor(f) ? -1 : 0;
}

int value_compare(const struct value *a, const struct value *b)
{
    int rank = rank_of(a);
    if (rank != rank_of(b))
        return ORDER(rank, rank_of(b));
    if (rank == 0)
        return ORDER(a->b, b->b);
    if (rank == 2) {
        size_t n = a->s.n < b->s.n ? a->s.n : b->s.n;
        int order = n ? memcmp(a->s.p, b->s.p, n) : 0;
        return order ? ORDER(order, 0) : ORDER(a->s.n, b->s.n);
    }
    if (rank == 3)
        return 0;
    if (a->type == V_INT)
        return b->type == V_INT ? ORDER(a->i, b->i) : compare_mixed(a->i, b->f);
    return b->type == V_INT ? -compare_mixed(b->i, a->f) : ORDER(a->f, b->f);
}

/* 10 bytes: the double at or below the number, whose bits are turned to rise with it, and what an integer is above it. */
static void order_number(const struct value *v, uint8_t to[10])
{
    double f = v->type == V_FLOAT ? v->f + 0.0 : (double)v->i;          /* -0 is 0 */
    if (v->type == V_INT && (f >= 0x1p63 || (int64_t)f > v->i))
        f = nextafter(f, -INFINITY);
    uint64_t bits, above = v->type == V_INT ? (uint64_t)(v->i - (int64_t)f) : 0;
    memcpy(&bits, &f, sizeof bits);
    bits = bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
    for (int i = 0; i < 8; i++)
        to[i] = (uint8_t)(bits >> (56 - 8 * i));
    to[8] = (uint8_t)(above >> 8);
    to[9] = (uint8_t)above;
}

void value_order(const struct value *v, bool falling, struct msg_buf *to)
{
    enum { LAST = 3 };
    int rank = rank_of(v);
    uint8_t head[11] = { rank == LAST ? 255 : (uint8_t)(rank + 1), rank == 0 && v->b };
    size_t begin = to->n;
    if (rank == 1)
        order_number(v, head + 1);
    msg_append(to, head, rank == 1 ? 11 : rank == 0 ? 2 : 1);
    if (rank == 2) {                    /* 0 0 ends it, so a 0 in it is 0 255 */
        const char *p = v->s.p, *end = p + v->s.n, *zero;
        for (; p < end && (zero = memchr(p, 0, (size_t)(end - p))); p = zero + 1) {
            msg_append(to, p, (size_t)(zero - p) + 1);
            msg_append(to, "\xff", 1);
        }
        msg_append(to, p, (size_t)(end - p));
        msg_append(to, "\0", 2);
    }
    for (size_t i = begin; i < to->n && falling && rank != LAST; i++)
        to->p[i] = (uint8_t)~to->p[i];
}

static void brief_text(struct text s, char to[VALUE_BRIEF])
{
    size_t used = 1, size;
    to[0] = '"';
    for (size_t at = 0; at < s.n; at += size ? size : 1) {
        size = utf8_size(s.p + at, s.n - at);
        if (used + (size ? size : 1) > VALUE_BRIEF - 5) {
            memcpy(to + used, "...", 3);
            used += 3;
            break;
        }
        if (size < 2)
            to[used++] = !size || (unsigned char)s.p[at] < ' ' || s.p[at] == 127 ? '?' : s.p[at];
        else
            memcpy(to + used, s.p + at, size), used += size;
    }
    memcpy(to + used, "\"", 2);
}

const char *value_brief(const struct value *v, char to[VALUE_BRIEF])
{
    size_t used;
    switch (v->type) {
    case V_NIL: strcpy(to, "nil"); break;
    case V_BOOL: strcpy(to, v->b ? "true" : "false"); break;
    case V_INT: digits(v, to); break;
    case V_FLOAT: snprintf(to, VALUE_BRIEF, "%.17g", v->f); break;
    case V_STR: brief_text(v->s, to); break;
    case V_BIN: snprintf(to, VALUE_BRIEF, "%zu bytes", v->s.n); break;
    case V_TENSOR:
        used = (size_t)snprintf(to, VALUE_BRIEF, "an array [");
        for (int k = 0; k < v->t.ndim && used + 22 < VALUE_BRIEF; k++)
            used += (size_t)snprintf(to + used, VALUE_BRIEF - used, "%s%zu", k ? "," : "", v->t.shape[k]);
        snprintf(to + used, VALUE_BRIEF - used, "]");
        break;
    case V_SPARSE: snprintf(to, VALUE_BRIEF, "a sparse vector [%zu]", v->sp.d); break;
    case V_OTHER: strcpy(to, "of another type"); break;
    }
    return to;
}

bool value_no_label(struct rec *r, const char *field, const struct value *v)
{
    char text[VALUE_BRIEF];
    return rec_error(r, "%s is not a label (a number, text, true or false): it is %s", field, value_brief(v, text));
}

bool value_number(struct rec *r, const char *field, const struct value *v, struct names *names, uint32_t *number)
{
    size_t i = value_name(names, v);
    if (i == SIZE_MAX)
        return value_no_label(r, field, v);
    *number = (uint32_t)i;
    return true;
}

struct value value_word(const char *word)
{
    double number;
    char *end;
    errno = 0;
    long long whole = strtoll(word, &end, 10);
    bool is_number = opt_number(word, -HUGE_VAL, HUGE_VAL, &number);
    if (is_number && !*end && !errno)
        return (struct value){ .type = V_INT, .i = whole };
    if (is_number)
        return (struct value){ .type = V_FLOAT, .f = number };
    if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)
        return (struct value){ .type = V_BOOL, .b = *word == 't' };
    if (strcmp(word, "null") == 0)
        return (struct value){ .type = V_NIL };
    return (struct value){ .type = V_STR, .s = { word, strlen(word) } };
}

void rec_set_value(struct rec *r, const char *name, const struct value *v)
{
    switch (v->type) {
    case V_BOOL: rec_set_bool(r, name, v->b); break;
    case V_INT: rec_set_int(r, name, v->i); break;
    case V_FLOAT: rec_set_f64(r, name, v->f); break;
    case V_STR: rec_set_str(r, name, v->s.p, v->s.n); break;
    case V_BIN: rec_set_bin(r, name, v->s.p, v->s.n); break;
    default: rec_set_nil(r, name);
    }
}
