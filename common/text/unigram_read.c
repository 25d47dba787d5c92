/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text/unigram_read.h"

#include <math.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/sentencepiece.h"

static const char file[] = "tokenizer.json";

/* What is read of a folder, before it is a unigram. */
struct reading {
    const struct settings *s;
    const char *name;                   /* of the file */
    struct unigram_how how;
    size_t steps_cap, tokens_cap;
    struct unigram_piece *piece;
    size_t n, words;
    const char *first, *last;
};

static bool is_type(const json_t *step, const char *type)
{
    return strcmp(settings_string(step, "type"), type) == 0;
}

static bool unknown(const struct reading *r, const char *what, const json_t *step, const char *known)
{
    const char *type = settings_string(step, "type");
    return settings_wrong(r->s, file, "its %s is %.60s: only %s is known beside a Unigram", what,
                          *type ? type : "missing or without a type", known);
}

static char *copy(const char *text) { return mem_text(text, strlen(text)); }

/* ---- normalisation ---- */

static void add_step(struct reading *r, struct unigram_step step)
{
    mem_grow(&r->how.steps, &r->steps_cap, r->how.n_steps + 1, sizeof *r->how.steps);
    r->how.steps[r->how.n_steps++] = step;
}

static bool add_charsmap(struct reading *r, const uint8_t *bytes, size_t n)
{
    const char *why;
    struct charsmap *map = charsmap_new(bytes, n, &why);
    if (!map)
        return settings_wrong(r->s, r->name, "its precompiled_charsmap is damaged: %s", why);
    add_step(r, (struct unigram_step){ .kind = UNIGRAM_CHARSMAP, .map = map });
    return true;
}

static bool read_charsmap(struct reading *r, const json_t *step)
{
    const json_t *text = json_object_get(step, "precompiled_charsmap");
    const char *p = settings_string(step, "precompiled_charsmap");
    size_t n = json_string_length(text), size;
    uint8_t *bytes = mem_new(n / 4 * 3 + 3, 1);
    int got = n % 4 || n > (size_t)1 << 30 ? -1 : EVP_DecodeBlock(bytes, (const unsigned char *)p, (int)n);
    bool good = got >= 0;
    if (good) {
        size = (size_t)got;
        for (size_t i = n; i > 0 && p[i - 1] == '=' && n - i < 2 && size; i--)
            size--;
        good = add_charsmap(r, bytes, size);
    } else {
        settings_wrong(r->s, file, "its precompiled_charsmap is not base64");
    }
    free(bytes);
    return good;
}

static bool read_replace(struct reading *r, const json_t *step)
{
    const json_t *pattern = json_object_get(step, "pattern"), *content = json_object_get(step, "content");
    const char *from = settings_string(pattern, "String"), *runs = settings_string(pattern, "Regex");
    if (!json_is_string(content) || (!*from && strcmp(runs, " {2,}") != 0))
        return settings_wrong(r->s, file, "its normalizer replaces %.60s: only a text and the Regex \" {2,}\" are known",
                              *runs ? runs : "nothing");
    add_step(r, (struct unigram_step){ .kind = *from ? UNIGRAM_REPLACE : UNIGRAM_RUNS, .from = *from ? copy(from) : NULL,
                                       .to = copy(json_string_value(content)) });
    return true;
}

static bool read_normalizer(struct reading *r, const json_t *j, bool xlmr)
{
    json_t *all = json_object_get(j, "normalizers"), *step;
    size_t i;
    if (is_type(j, "Sequence") && json_is_array(all)) {
        json_array_foreach(all, i, step)
            if (is_type(step, "Sequence") ? !unknown(r, "normalizer", step, "one Sequence of steps") :
                                            !read_normalizer(r, step, xlmr))
                return false;
        return true;
    }
    if (is_type(j, "Precompiled"))
        return (xlmr && r->how.n_steps) || read_charsmap(r, j);
    if (xlmr || json_is_null(j))
        return true;
    if (is_type(j, "Replace"))
        return read_replace(r, j);
    if (!is_type(j, "Strip"))
        return unknown(r, "normalizer", j, "Precompiled, Replace or Strip");
    add_step(r, (struct unigram_step){ .kind = UNIGRAM_STRIP, .left = settings_flag(j, "strip_left", true),
                                       .right = settings_flag(j, "strip_right", true) });
    return true;
}

/* ---- the other steps ---- */

static bool read_words(struct reading *r, const json_t *j)
{
    const json_t *all = json_object_get(j, "pretokenizers");
    bool both = is_type(j, "Sequence") && json_array_size(all) == 2 && is_type(json_array_get(all, 0), "WhitespaceSplit");
    if (both)
        j = json_array_get(all, 1);
    if (!is_type(j, "Metaspace"))
        return unknown(r, "pre_tokenizer", j, "Metaspace, perhaps behind WhitespaceSplit,");
    const char *scheme = settings_string(j, "prepend_scheme"), *sign = settings_string(j, "replacement");
    bool prefix = settings_flag(j, "add_prefix_space", true);
    if (strcmp(sign, UNIGRAM_BLANK) != 0)
        return settings_wrong(r->s, file, "its Metaspace has the replacement %.20s: only U+2581 is known", sign);
    if (*scheme && strcmp(scheme, "always") != 0 && strcmp(scheme, "never") != 0)
        return settings_wrong(r->s, file, "prepend_scheme is %.20s: only always and never are known", scheme);
    r->how.words = both;
    r->how.prefix = *scheme ? strcmp(scheme, "always") == 0 : prefix;
    r->how.split = settings_flag(j, "split", true);
    return true;
}

/* A piece before the text and one behind it. */
static bool read_template(struct reading *r, const json_t *j)
{
    const json_t *single = json_object_get(j, "single");
    if (is_type(j, "TemplateProcessing")) {
        r->first = settings_string(json_object_get(json_array_get(single, 0), "SpecialToken"), "id");
        r->last = settings_string(json_object_get(json_array_get(single, 2), "SpecialToken"), "id");
        if (json_array_size(single) != 3 || !json_object_get(json_array_get(single, 1), "Sequence"))
            r->first = "";
    } else if (is_type(j, "BertProcessing") || is_type(j, "RobertaProcessing")) {
        const char *first = json_string_value(json_array_get(json_object_get(j, "cls"), 0)),
                   *last = json_string_value(json_array_get(json_object_get(j, "sep"), 0));
        r->first = first ? first : "";
        r->last = last ? last : "";
    } else {
        return unknown(r, "post_processor", j, "TemplateProcessing, BertProcessing or RobertaProcessing");
    }
    return (*r->first && *r->last) ||
           settings_wrong(r->s, file, "its post_processor does not put a piece before a text and one after it");
}

static bool whole(double x, size_t below)
{
    return x >= 0 && x < (double)below && x == floor(x);
}

static void add_token(struct reading *r, struct unigram_token token)
{
    mem_grow(&r->how.tokens, &r->tokens_cap, r->how.n_tokens + 1, sizeof *r->how.tokens);
    r->how.tokens[r->how.n_tokens++] = token;
}

static bool read_added(struct reading *r, const json_t *added)
{
    size_t i;
    json_t *token;
    json_array_foreach(added, i, token) {
        const char *text = settings_string(token, "content");
        const json_t *number = json_object_get(token, "id");
        double id = json_number_value(number);
        if (!json_is_number(number) || !whole(id, r->words))
            return settings_wrong(r->s, file, "added token %.60s: its number is not from 0 to %zu (config.json's vocab_size "
                                  "less 1)", text, r->words - 1);
        if (settings_flag(token, "single_word", false))
            return settings_wrong(r->s, file, "added token %.60s: single_word is true, which is not known", text);
        bool normalized = settings_flag(token, "normalized", !settings_flag(token, "special", false));
        add_token(r, (struct unigram_token){ copy(text), (uint32_t)id, settings_flag(token, "lstrip", false),
                                             settings_flag(token, "rstrip", false), normalized });
    }
    return true;
}

/* ---- pieces ---- */

static bool check_count(const struct reading *r)
{
    return r->n <= r->words || settings_wrong(r->s, r->name, "%zu pieces, but config.json has %zu", r->n, r->words);
}

static bool check_scores(const struct reading *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (!isfinite(r->piece[i].score))
            return settings_wrong(r->s, r->name, "piece %zu: its score is not finite", i);
    return true;
}

static bool read_pieces(struct reading *r, const json_t *model, bool xlmr)
{
    const json_t *vocab = json_object_get(model, "vocab");
    size_t i;
    json_t *entry;
    r->n = json_array_size(vocab);
    double unk = xlmr ? 3 : json_is_number(json_object_get(model, "unk_id")) ?
                 json_number_value(json_object_get(model, "unk_id")) : -1;
    if (!check_count(r))
        return false;
    if (!whole(unk, r->n))
        return settings_wrong(r->s, file, "unk_id is not the number of one of its %zu pieces", r->n);
    r->piece = mem_new(r->n, sizeof *r->piece);
    json_array_foreach((json_t *)vocab, i, entry) {
        const json_t *text = json_array_get(entry, 0), *score = json_array_get(entry, 1);
        if (!json_is_string(text) || !json_is_number(score))
            return settings_wrong(r->s, file, "piece %zu is not a text with its score", i);
        r->piece[i] = (struct unigram_piece){ json_string_value(text), json_string_length(text), json_number_value(score) };
    }
    r->how.unk = (uint32_t)unk;
    r->how.bytes = !xlmr && settings_flag(model, "byte_fallback", false);
    return check_scores(r);
}

static bool read_json(struct reading *r, const json_t *j, bool xlmr)
{
    return read_normalizer(r, json_object_get(j, "normalizer"), xlmr) &&
           (xlmr || read_words(r, json_object_get(j, "pre_tokenizer"))) &&
           (xlmr || read_template(r, json_object_get(j, "post_processor"))) &&
           read_added(r, json_object_get(j, "added_tokens")) && read_pieces(r, json_object_get(j, "model"), xlmr);
}

/* As XLM-R numbers them. */
static bool take_model(struct reading *r, const struct sentencepiece *m)
{
    static const char *const before[] = { "<s>", "<pad>", "</s>", "<unk>" };
    if (m->model != SENTENCEPIECE_UNIGRAM)
        return settings_wrong(r->s, r->name, "its model is not a unigram");
    if (m->n < 4)
        return settings_wrong(r->s, r->name, "%zu pieces: too few for the layout of XLM-R", m->n);
    r->n = m->n + 2;
    if (!check_count(r))
        return false;
    r->piece = mem_new(r->n, sizeof *r->piece);
    for (size_t i = 0; i < 4; i++)
        r->piece[i] = (struct unigram_piece){ before[i], strlen(before[i]), 0 };
    for (size_t i = 3; i < m->n; i++) {
        r->piece[i + 1] = m->piece[i];
        if (m->type[i] == SENTENCEPIECE_CONTROL || m->type[i] == SENTENCEPIECE_USER)
            add_token(r, (struct unigram_token){ .text = mem_text(m->piece[i].p, m->piece[i].n), .id = (uint32_t)(i + 1) });
    }
    r->piece[r->n - 1] = (struct unigram_piece){ "<mask>", 6, 0 };
    for (size_t i = 0; i < 4; i++)
        add_token(r, (struct unigram_token){ .text = copy(before[i]), .id = (uint32_t)i });
    add_token(r, (struct unigram_token){ .text = copy("<mask>"), .id = (uint32_t)(r->n - 1) });
    r->how.unk = 3;
    return check_scores(r) && (!m->map || add_charsmap(r, m->map, m->map_size));
}

struct unigram *unigram_read(const struct settings *s, const json_t *j, size_t words, bool xlmr, size_t *size,
                             uint32_t *unk, uint32_t *first, uint32_t *last)
{
    struct reading r = { .s = s, .name = j ? file : UNIGRAM_MODEL, .words = words, .first = "<s>", .last = "</s>",
                         .how = { .words = true, .prefix = true, .split = true } };
    struct sentencepiece m = { .n = 0 };
    size_t n;
    char *bytes = NULL;
    const char *why;
    bool good = true, none;
    if (!j) {
        bytes = settings_text(s, UNIGRAM_MODEL, &n, &none);
        good = bytes && (sentencepiece_read((const uint8_t *)bytes, n, &m, &why) ||
                         settings_wrong(s, UNIGRAM_MODEL, "%s", why));
    }
    good = good && (j ? read_json(&r, j, xlmr) : take_model(&r, &m));
    struct unigram *u = NULL;
    if (good)
        u = unigram_new(r.piece, *size = r.n, r.how);
    else
        unigram_forget(&r.how);
    free(r.piece);
    sentencepiece_free(&m);
    free(bytes);
    if (!u)
        return NULL;
    *unk = r.how.unk;
    *first = unigram_find(u, r.first);
    *last = unigram_find(u, r.last);
    if (*first != UINT32_MAX && *last != UINT32_MAX)
        return u;
    settings_wrong(s, r.name, "no piece %.60s in it", *first == UINT32_MAX ? r.first : r.last);
    unigram_free(u);
    return NULL;
}
