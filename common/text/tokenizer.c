/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text/tokenizer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "text/unigram_read.h"

static const char config[] = "tokenizer_config.json", file[] = "tokenizer.json";

/* ---- the steps of tokenizer.json ---- */

static bool is_type(const json_t *step, const char *type)
{
    return strcmp(settings_string(step, "type"), type) == 0;
}

static bool unknown(const struct settings *s, const char *what, const json_t *step, const char *known)
{
    const char *type = settings_string(step, "type");
    return settings_wrong(s, file, "its %s is %.60s: only %s is known", what, *type ? type : "missing or without a type",
                          known);
}

/* BertNormalizer, perhaps behind Lowercase, which sentence-transformers puts in front. */
static bool read_normalizer(const struct settings *s, const json_t *j, struct wordpiece_how *how)
{
    const json_t *all = is_type(j, "Sequence") ? json_object_get(j, "normalizers") : NULL;
    size_t n = all ? json_array_size(all) : 1;
    bool lower = false;
    for (size_t i = 0; i + 1 < n; i++) {
        if (!is_type(json_array_get(all, i), "Lowercase"))
            return unknown(s, "normalizer", json_array_get(all, i), "BertNormalizer");
        lower = true;
    }
    if (all)
        j = json_array_get(all, n - 1);
    if (!is_type(j, "BertNormalizer"))
        return unknown(s, "normalizer", j, "BertNormalizer");
    if (!settings_flag(j, "clean_text", true))
        return settings_wrong(s, file, "its normalizer has clean_text false: only true is known");
    how->lowercase = settings_flag(j, "lowercase", true);
    how->strip_accents = settings_flag(j, "strip_accents", how->lowercase);
    how->chinese = settings_flag(j, "handle_chinese_chars", true);
    how->lowercase |= lower;
    return true;
}

/* Whether part i of a template is the special token of that name. */
static bool is_special(const json_t *parts, size_t i, const char *name)
{
    return strcmp(settings_string(json_object_get(json_array_get(parts, i), "SpecialToken"), "id"), name) == 0;
}

/* [CLS] text [SEP]. */
static bool check_template(const struct settings *s, const json_t *j)
{
    const json_t *single = json_object_get(j, "single");
    const char *first = json_string_value(json_array_get(json_object_get(j, "cls"), 0)),
               *last = json_string_value(json_array_get(json_object_get(j, "sep"), 0));
    bool fits = false;
    if (is_type(j, "TemplateProcessing"))
        fits = json_array_size(single) == 3 && is_special(single, 0, "[CLS]") &&
               json_object_get(json_array_get(single, 1), "Sequence") && is_special(single, 2, "[SEP]");
    else if (is_type(j, "BertProcessing"))
        fits = first && last && strcmp(first, "[CLS]") == 0 && strcmp(last, "[SEP]") == 0;
    else
        return unknown(s, "post_processor", j, "TemplateProcessing or BertProcessing");
    return fits || settings_wrong(s, file, "its post_processor does not put [CLS] before a text and [SEP] after it");
}

static bool check_added(const struct settings *s, const json_t *added)
{
    size_t i;
    json_t *token;
    json_array_foreach(added, i, token) {
        const char *text = settings_string(token, "content");
        if (!wordpiece_special(text))
            return settings_wrong(s, file, "its added token %.60s is not known: only [PAD], [UNK], [CLS], [SEP] and "
                                  "[MASK] are", text);
    }
    return true;
}

static bool check_model(const struct settings *s, const json_t *j)
{
    const json_t *most = json_object_get(j, "max_input_chars_per_word");
    if (*settings_string(j, "type") && !is_type(j, "WordPiece"))
        return unknown(s, "model", j, "WordPiece");
    if (most && json_number_value(most) != WORDPIECE_WORD_MOST)
        return settings_wrong(s, file, "max_input_chars_per_word is %g: only %d is known", json_number_value(most),
                              WORDPIECE_WORD_MOST);
    return settings_word(s, file, j, "unk_token", "[UNK]") &&
           settings_word(s, file, j, "continuing_subword_prefix", "##");
}

/* The pieces as a vocab.txt would have them. A line end is in no word: a piece that has one, as a
 * number that no piece has, is an empty line. */
static bool list_pieces(const struct settings *s, const json_t *vocab, size_t words, struct str *text)
{
    const char **piece = mem_zero(words, sizeof *piece), *name;
    size_t n = 0;
    bool good = json_object_size(vocab) > 0 || settings_wrong(s, file, "its model has no vocab");
    json_t *number;
    json_object_foreach((json_t *)vocab, name, number) {
        double id = json_number_value(number);
        if (!json_is_number(number) || !(id >= 0 && id < (double)words) || id != floor(id) || piece[(size_t)id])
            good = settings_wrong(s, file, "piece %.60s: its number is not from 0 to %zu (config.json's vocab_size "
                                  "less 1), or another piece has it", name, words - 1);
        if (!good)
            break;
        piece[(size_t)id] = name;
        n = n > (size_t)id ? n : (size_t)id + 1;
    }
    for (size_t i = 0; i < n && good; i++) {
        if (piece[i] && !strpbrk(piece[i], "\r\n"))
            str_text(text, piece[i]);
        str_char(text, '\n');
    }
    free(piece);
    return good;
}

static bool read_steps(const struct settings *s, const json_t *j, size_t words, struct wordpiece_how *how,
                       struct str *vocab)
{
    const json_t *model = json_object_get(j, "model"), *before = json_object_get(j, "pre_tokenizer");
    return read_normalizer(s, json_object_get(j, "normalizer"), how) &&
           (is_type(before, "BertPreTokenizer") || unknown(s, "pre_tokenizer", before, "BertPreTokenizer")) &&
           check_model(s, model) && check_template(s, json_object_get(j, "post_processor")) &&
           check_added(s, json_object_get(j, "added_tokens")) &&
           list_pieces(s, json_object_get(model, "vocab"), words, vocab);
}

/* ---- both files together ---- */

static bool one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

/* Class and limit of tokenizer_config.json. */
static bool read_config(const struct settings *s, json_t **j, const char **class, size_t *limit)
{
    if (!settings_json(s, config, false, j))
        return false;
    double most = json_number_value(json_object_get(*j, "model_max_length"));
    if (most >= 1 && most < (double)*limit)
        *limit = (size_t)most;
    *class = settings_string(*j, "tokenizer_class");
    return true;
}

static const char *const general[] = { "PreTrainedTokenizerFast", "TokenizersBackend", "PreTrainedTokenizer", NULL };
static const char *const xlm_roberta[] = { "XLMRobertaTokenizer", "XLMRobertaTokenizerFast", NULL };

/* The flags of a class of BERT's; those of the steps stand for a class that has none. */
static bool read_flags(const struct settings *s, const json_t *settings, const char *class, bool steps,
                       struct wordpiece_how *how)
{
    static const char *const bert[] = { "", "BertTokenizer", "BertTokenizerFast", "DistilBertTokenizer",
                                        "DistilBertTokenizerFast", "ElectraTokenizer", "ElectraTokenizerFast", NULL };
    if (steps && one_of(class, general))
        return true;
    if (!one_of(class, bert))
        return settings_wrong(s, config, "tokenizer_class is %.60s: only BertTokenizer is known%s", class,
                              steps ? "" : " without a tokenizer.json");
    how->lowercase = settings_flag(settings, "do_lower_case", true);
    how->strip_accents = settings_flag(settings, "strip_accents", how->lowercase);
    how->chinese = settings_flag(settings, "tokenize_chinese_chars", true);
    return true;
}

static bool read_wordpiece(struct tokenizer *t, const struct settings *s, const json_t *j, const json_t *settings,
                           const char *class, size_t words, bool lowercase)
{
    struct wordpiece_how how = { .lowercase = true };
    struct str vocab = { NULL, 0, 0 };
    const char *name = file, *missing;
    bool none, good = (!j || read_steps(s, j, words, &how, &vocab)) && read_flags(s, settings, class, j, &how);
    if (good && !j) {
        name = "vocab.txt";
        vocab.p = settings_text(s, name, &vocab.n, &none);
        if (!vocab.p && none)
            settings_wrong(s, name, "cannot read: there is neither this file nor a tokenizer.json");
    }
    how.lowercase |= lowercase;
    if (good && vocab.p) {
        t->words = wordpiece_new(vocab.p, vocab.n, how, &missing);
        if (!t->words)
            settings_wrong(s, name, "no %s in it: no WordPiece vocabulary", missing);
    }
    str_free(&vocab);
    if (!t->words)
        return false;
    t->size = wordpiece_size(t->words);
    t->unk = wordpiece_unk(t->words);
    t->first = wordpiece_cls(t->words);
    t->last = wordpiece_sep(t->words);
    return t->size <= words || settings_wrong(s, name, "%zu pieces, but config.json has %zu", t->size, words);
}

static bool read_unigram(struct tokenizer *t, const struct settings *s, const json_t *j, const char *class, size_t words,
                         bool lowercase)
{
    bool steps = j && one_of(class, general);
    if (!steps && *class && !one_of(class, xlm_roberta))
        return settings_wrong(s, config, "tokenizer_class is %.60s: only XLMRobertaTokenizer is known of a Unigram%s", class,
                              j ? "" : " without a tokenizer.json");
    if (lowercase)
        return settings_wrong(s, "sentence_bert_config.json", "do_lower_case is true: not known of a Unigram");
    t->unigram = unigram_read(s, j, words, !steps, &t->size, &t->unk, &t->first, &t->last);
    return t->unigram;
}

struct tokenizer *tokenizer_read(const struct settings *s, size_t words, bool lowercase, bool xlmr, size_t *limit)
{
    json_t *j, *settings = NULL;
    const char *class = "";
    struct tokenizer *t = mem_zero(1, sizeof *t);
    bool good = settings_json(s, file, false, &j) && read_config(s, &settings, &class, limit);
    bool unigram = j ? json_is_array(json_object_get(json_object_get(j, "model"), "vocab")) :
                       one_of(class, xlm_roberta) || (xlmr && !*class);
    good = good && (unigram ? read_unigram(t, s, j, class, words, lowercase) :
                              read_wordpiece(t, s, j, settings, class, words, lowercase));
    json_decref(j);
    json_decref(settings);
    if (good)
        return t;
    tokenizer_free(t);
    return NULL;
}

void tokenizer_free(struct tokenizer *t)
{
    if (!t)
        return;
    wordpiece_free(t->words);
    unigram_free(t->unigram);
    free(t);
}

bool tokenizer_cut(struct tokenizer *t, struct pieces *p, const char *text, size_t n, size_t *bad)
{
    return t->words ? wordpiece_cut(t->words, p, text, n, bad) : unigram_cut(t->unigram, p, text, n, bad);
}
