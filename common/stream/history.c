/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/history.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/opt.h"

static struct text text_of(const uint8_t *p, const uint8_t *end)
{
    struct value v = msg_value(p, msg_size(p, end));
    return v.type == V_STR ? v.s : (struct text){ "", 0 };
}

static bool is(struct text t, const char *word)
{
    return t.n == strlen(word) && memcmp(t.p, word, t.n) == 0;
}

struct step *history_steps(const struct head *h)
{
    struct step *steps = mem_new(h->n_history, sizeof *steps);
    const uint8_t *p = h->history.p, *end = p + h->history.n;
    for (size_t i = 0; i < h->n_history; i++) {
        struct text none = { "", 0 };
        struct step s = { none, none, none, NULL, NULL };
        const uint8_t *next = p + msg_size(p, end);
        size_t head, n = msg_map(p, end, &head);
        if (n == SIZE_MAX)
            n = head = 0;
        for (p += head; n; n--) {
            struct text key = text_of(p, end);
            p += msg_size(p, end);
            if (is(key, "tool"))
                s.tool = text_of(p, end);
            else if (is(key, "version"))
                s.version = text_of(p, end);
            else if (is(key, "conv"))
                s.conv = text_of(p, end);
            else if (is(key, "args") && msg_map(p, end, &head) != SIZE_MAX)
                s.args = p;
            p += msg_size(p, end);
        }
        s.end = p = next;
        if (!s.args)
            s.tool = none;
        steps[i] = s;
    }
    return steps;
}

bool history_ends_with(const struct head *h, const char *tool)
{
    struct step *steps = history_steps(h), *last = steps + h->n_history - 1;
    bool yes = h->n_history && last->tool.n == strlen(tool) && memcmp(last->tool.p, tool, last->tool.n) == 0;
    free(steps);
    return yes;
}

void history_quote(struct text word, struct str *to)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    size_t i = 0;
    while (i < word.n && word.p[i] && strchr(plain, word.p[i]))
        i++;
    if (i == word.n && word.n) {
        str_put(to, word.p, word.n);
        return;
    }
    str_char(to, '\'');
    i = 0;
    for (size_t size; i < word.n; i += size) {
        bool good = str_harmless(word.p + i, word.n - i, &size) || word.p[i] == '\n' || word.p[i] == '\t';
        if (word.p[i] == '\'')
            str_text(to, "'\\''");
        else if (good)
            str_put(to, word.p + i, size);
        for (size_t k = i; !good && k < i + size; k++)
            str_printf(to, "'\"$(printf '\\%03o')\"'", (unsigned char)word.p[k]);
    }
    str_char(to, '\'');
}

/* One parameter: " --NAME VALUE", or " VALUE" where name is empty. */
static void argument(struct text name, const uint8_t *p, const uint8_t *end, struct str *to)
{
    struct value v = msg_value(p, msg_size(p, end));
    if (v.type == V_NIL || (v.type == V_BOOL && !v.b))
        return;
    if (name.n) {
        str_text(to, " --");
        history_quote(name, to);
    }
    if (v.type == V_BOOL)
        return;
    str_char(to, ' ');
    if (v.type == V_STR || v.type == V_BIN) {
        history_quote(v.s, to);
    } else if (v.type == V_INT) {
        str_printf(to, "%" PRId64, v.i);
    } else if (v.type == V_FLOAT) {
        str_f64(to, v.f);
    } else if (*p == MSG_U64) {             /* a seed */
        str_printf(to, "%" PRIu64, msg_u64(p));
    } else {
        str_text(to, "FILE");                  /* {xxh3: …} */
    }
}

/* The same for a list: several times. */
static void arguments(struct text name, const uint8_t *p, const uint8_t *end, struct str *to)
{
    size_t head, n = msg_array(p, end, &head);
    if (n == SIZE_MAX) {
        argument(name, p, end, to);
        return;
    }
    for (p += head; n; n--, p += msg_size(p, end))
        argument(name, p, end, to);
}

/* Whether a word of the list would be taken for an option. */
static bool like_option(const uint8_t *p, const uint8_t *end)
{
    size_t head, n = msg_array(p, end, &head);
    for (p += n == SIZE_MAX ? 0 : head; n != SIZE_MAX && n; n--, p += msg_size(p, end)) {
        struct text t = text_of(p, end);
        if (!opt_is_operand(t.p, t.n))
            return true;
    }
    return false;
}

bool history_known(const struct step *s)
{
    static const char tools[] = " " SONGPIPE_FILTERS " ";       /* from the Makefile */
    char word[32];
    if (!s->tool.n || s->tool.n > sizeof word - 3 || memchr(s->tool.p, ' ', s->tool.n) || memchr(s->tool.p, '\0', s->tool.n))
        return false;
    word[0] = ' ';
    memcpy(word + 1, s->tool.p, s->tool.n);
    memcpy(word + 1 + s->tool.n, " ", 2);
    return strstr(tools, word);
}

static bool same(struct text a, struct text b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* The packed value of its option, or NULL. */
static const uint8_t *value_of(const struct step *s, struct text name)
{
    const uint8_t *p = s->args;
    size_t head = 0, n = p ? msg_map(p, s->end, &head) : 0;
    for (p += head; n; n--) {
        struct text key = text_of(p, s->end);
        p += msg_size(p, s->end);
        if (same(key, name))
            return p;
        p += msg_size(p, s->end);
    }
    return NULL;
}

struct value history_value(const struct step *s, const char *name)
{
    const uint8_t *p = value_of(s, (struct text){ name, strlen(name) });
    return p ? msg_value(p, msg_size(p, s->end)) : (struct value){ .type = V_NIL };
}

/* Whether b has all that a has, mostly at the same place. */
static bool step_within(const struct step *a, const struct step *b)
{
    const uint8_t *p = a->args, *q = b->args;
    size_t head = 0, behind = 0, n = p ? msg_map(p, a->end, &head) : 0, left = q ? msg_map(q, b->end, &behind) : 0;
    if (!same(a->tool, b->tool) || !same(a->version, b->version) || !same(a->conv, b->conv))
        return false;
    p += head;
    q = q ? q + behind : q;
    for (; n; n--) {
        struct text key = text_of(p, a->end);
        bool here = left && same(key, text_of(q, b->end));
        const uint8_t *other = here ? q + msg_size(q, b->end) : value_of(b, key);
        p += msg_size(p, a->end);
        size_t size = msg_size(p, a->end);
        if (!other || msg_size(other, b->end) != size || memcmp(p, other, size) != 0)
            return false;
        p += size;
        if (left) {
            q += msg_size(q, b->end);
            q += msg_size(q, b->end);
            left--;
        }
    }
    return true;
}

bool history_within(const struct head *a, const struct head *b)
{
    struct step *s = history_steps(a), *t = history_steps(b);
    bool within = a->n_history == b->n_history;
    for (size_t i = 0; within && i < a->n_history; i++)
        within = step_within(s + i, t + i);
    free(s);
    free(t);
    return within;
}

bool history_has(const struct step *s, const char *name) { return history_value(s, name).type != V_NIL; }

void history_command(const struct step *s, struct str *to)
{
    const uint8_t *words = NULL, *p = s->args;
    size_t head = 0, n = p ? msg_map(p, s->end, &head) : 0;
    history_quote(s->tool, to);
    for (p += head; n; n--) {
        struct text key = text_of(p, s->end);
        p += msg_size(p, s->end);
        if (is(key, "words"))
            words = p;
        else if (key.n)
            arguments(key, p, s->end, to);
        p += msg_size(p, s->end);
    }
    if (words && like_option(words, s->end))
        str_text(to, " --");
    if (words)
        arguments((struct text){ "", 0 }, words, s->end, to);
}

void history_pipeline(const struct head *h, struct str *to)
{
    struct step *steps = history_steps(h);
    size_t last_known = 0;
    for (size_t i = 0; i < h->n_history; i++)
        last_known = history_known(steps + i) ? i : last_known;
    for (size_t i = 0; i < h->n_history; i++) {
        struct str command = { NULL, 0, 0 };
        history_command(steps + i, &command);
        if (i == 0 && !history_has(steps, "csv"))           /* the table of tracks names the files */
            str_text(&command, " FILE...");
        bool known = history_known(steps + i);
        for (size_t k = 0; k < command.n && !known; k++)
            command.p[k] = command.p[k] == '\n' ? ' ' : command.p[k];
        str_text(to, known ? "" : "# not of songpipe: ");
        str_put(to, command.p, command.n);
        str_text(to, known && i < last_known ? " |\n" : i + 1 < h->n_history ? "\n" : "");
        str_free(&command);
    }
    free(steps);
}
