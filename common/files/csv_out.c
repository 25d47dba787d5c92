/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files/csv_out.h"

#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"

size_t csv_put_text(struct str *to, const char *p, size_t n, struct csv_how how)
{
    size_t bad = 0, size;
    bool quotes = n == 0;
    for (size_t i = 0; i < n && !quotes; i++)
        quotes = p[i] == how.delimiter || p[i] == '"' || p[i] == '\n' || p[i] == '\r';
    if (quotes)
        str_char(to, '"');
    if (how.safe && n && memchr("=+-@\t\r", p[0], 6))
        str_char(to, '\'');
    for (size_t i = 0; i < n; i += size ? size : 1) {
        size = utf8_size(p + i, n - i);
        bool good = size && p[i];
        str_put(to, good ? p + i : "\xef\xbf\xbd", good ? size : 3);
        bad += !good;
        if (p[i] == '"')
            str_char(to, '"');
    }
    if (quotes)
        str_char(to, '"');
    return bad;
}

static void put_tensor(struct str *to, const struct tensor *t, char delimiter)
{
    for (size_t i = 0; i < t->count; i++) {
        struct tensor one = { .type = t->type, .count = 1, .data = t->data + i * dtype_size(t->type) };
        double x;
        tensor_f64(&one, &x);
        if (i)
            str_char(to, delimiter);
        if (t->type == T_F4 || t->type == T_F2)
            str_f32(to, (float)x);
        else
            str_f64(to, x);
    }
}

static void put_sparse(struct str *to, const struct sparse *s, char delimiter)
{
    for (size_t i = 0, k = 0; i < s->d; i++) {
        uint32_t at = UINT32_MAX;
        float x = 0;
        if (k < s->nnz)
            memcpy(&at, s->index + 4 * k, 4);
        if (at == i)
            memcpy(&x, s->value + 4 * k++, 4);
        if (i)
            str_char(to, delimiter);
        str_f32(to, x);
    }
}

bool csv_list(struct str *to, const uint8_t *raw, size_t size, size_t *bad)
{
    const uint8_t *end = raw + size;
    size_t head, length, all_bad = 0, n = msg_array(raw, end, &head);
    to->n = 0;
    if (n == SIZE_MAX)
        return false;
    raw += head;
    for (size_t i = 0; i < n; i++, raw += head + length) {
        length = msg_str(raw, end, &head);
        if (length == SIZE_MAX)
            return false;
        if (i)
            str_char(to, ';');
        all_bad += csv_put_text(to, (const char *)raw + head, length, (struct csv_how){ .delimiter = ';' });
    }
    if (bad)
        *bad = all_bad;
    return true;
}

static size_t put_list(struct str *to, const uint8_t *raw, size_t size, struct csv_how how)
{
    struct str list = { NULL, 0, 0 };
    size_t bad = 0;
    csv_list(&list, raw, size, &bad);
    csv_put_text(to, list.p, list.n, how);
    str_free(&list);
    return bad;
}

size_t csv_put_value(struct str *to, const struct value *v, const uint8_t *raw, size_t size, size_t cells, struct csv_how how)
{
    switch (v->type) {
    case V_NIL:
        for (size_t i = 1; i < cells; i++)
            str_char(to, how.delimiter);
        break;
    case V_BOOL: str_text(to, v->b ? "true" : "false"); break;
    case V_INT: str_printf(to, "%" PRId64, v->i); break;
    case V_FLOAT: str_f64(to, v->f); break;
    case V_STR:
    case V_BIN: return csv_put_text(to, v->s.p, v->s.n, how);
    case V_SPARSE: put_sparse(to, &v->sp, how.delimiter); break;
    case V_TENSOR: put_tensor(to, &v->t, how.delimiter); break;
    case V_OTHER:
        if (*raw != MSG_U64)
            return put_list(to, raw, size, how);
        str_printf(to, "%" PRIu64, msg_u64(raw));
        break;
    }
    return 0;
}
