/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/page.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/sha256.h"

/* page.html and the scripts as numbers: the Makefile makes them. */
static const char html[] = {
#include <page.html.inc>
    0
};
static const char script[] = {
#include <page_map.js.inc>
#include <page_marks.js.inc>
#include <page.js.inc>
    0
};

static void put_title(struct str *to, const char *title)
{
    struct str text = { NULL, 0, 0 };
    str_utf8(&text, title, strlen(title));
    for (size_t i = 0; i < text.n; i++) {
        const char *at = strchr("<&>\"", text.p[i]);
        if (at)
            str_printf(to, "&#%d;", *at);
        else
            str_char(to, text.p[i]);
    }
    str_free(&text);
}

static void put_data(struct str *to, const struct str *data)
{
    size_t from = 0, i = 0;
    while (i < data->n) {
        const char *p = data->p + i;
        bool separator = data->n - i >= 3 && memcmp(p, "\xe2\x80", 2) == 0 && (p[2] == '\xa8' || p[2] == '\xa9');
        if (*p != '<' && !separator) {
            i++;
            continue;
        }
        str_put(to, data->p + from, i - from);
        str_text(to, !separator ? "\\u003c" : p[2] == '\xa8' ? "\\u2028" : "\\u2029");
        from = i += separator ? 3 : 1;
    }
    str_put(to, data->p + from, data->n - from);
}

/* " 'sha256-...'" of p[n]. */
static void put_hash(struct str *to, const char *p, size_t n)
{
    uint8_t digest[SHA256_BYTES];
    unsigned char text[2 * SHA256_BYTES];
    sha256(p, n, digest);
    EVP_EncodeBlock(text, digest, sizeof digest);
    str_printf(to, " 'sha256-%s'", (const char *)text);
}

static void put_policy(struct str *to, int sound)
{
    const char *style = strstr(html, "<style>") + 7, *end = strstr(style, "</style>");
    static const char *const media[] = { "'self' file:", "data:", "'none'" };
    str_text(to, "default-src 'none'; script-src");
    put_hash(to, script, sizeof script - 1);
    str_text(to, "; style-src");
    put_hash(to, style, (size_t)(end - style));
    str_printf(to, "; media-src %s; base-uri 'none'; form-action 'none'", media[sound]);
}

void page_write(struct str *to, const char *title, const struct str *data, int sound)
{
    const char *from = html;
    for (const char *at; (at = strchr(from, '@')) != NULL; ) {
        size_t size = strcspn(at + 1, "@ \n") + 2;     /* of @WORD@ */
        bool mark = at[size - 1] == '@' && size > 2;
        str_put(to, from, (size_t)(at - from) + !mark);
        from = at + (mark ? size : 1);
        if (mark && strncmp(at, "@TITLE@", size) == 0)
            put_title(to, title);
        else if (mark && strncmp(at, "@POLICY@", size) == 0)
            put_policy(to, sound);
        else if (mark && strncmp(at, "@DATA@", size) == 0)
            put_data(to, data);
        else if (mark)
            str_put(to, script, sizeof script - 1);
    }
    str_text(to, from);
}
