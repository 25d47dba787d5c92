/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text/encoder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "text/settings.h"
#include "text/tokenizer.h"

/* A folder that is being opened, and that of its transformer, which may lie in it. */
struct opening {
    struct settings top, inner;
    char *inner_dir;
};

/* The last word of a module's class: the Pooling of sentence_transformers.models.Pooling. */
static const char *class_of(const json_t *module)
{
    const char *type = settings_string(module, "type"), *last = strrchr(type, '.');
    return last ? last + 1 : type;
}

/* How the vectors are made of the last layer's: 1_Pooling/config.json, in whichever folder. */
static bool read_pooling(const struct settings *s, const char *folder, struct encoder *e)
{
    json_t *j;
    char name[300];
    snprintf(name, sizeof name, "%.250s/config.json", folder);
    if (!settings_json(s, name, false, &j))
        return false;
    bool cls = settings_flag(j, "pooling_mode_cls_token", false), max = settings_flag(j, "pooling_mode_max_tokens", false);
    bool mean = settings_flag(j, "pooling_mode_mean_tokens", !cls && !max);
    bool other = settings_flag(j, "pooling_mode_mean_sqrt_len_tokens", false) ||
                 settings_flag(j, "pooling_mode_weightedmean_tokens", false) ||
                 settings_flag(j, "pooling_mode_lasttoken", false);
    const json_t *mode = json_object_get(j, "pooling_mode");
    if (json_array_size(mode) == 1)
        mode = json_array_get(mode, 0);
    if (mode && !json_is_null(mode)) {
        const char *word = json_is_string(mode) ? json_string_value(mode) : "";
        cls = strcmp(word, "cls") == 0;
        max = strcmp(word, "max") == 0;
        mean = strcmp(word, "mean") == 0;
        other = false;
    }
    e->prompt_pooled = settings_flag(j, "include_prompt", true);
    json_decref(j);
    if (other || cls + max + mean != 1)
        return settings_wrong(s, name, "its pooling is not one of mean, cls and max alone");
    e->pooling = cls ? BERT_CLS : max ? BERT_MAX : BERT_MEAN;
    return true;
}

/* Normalize of the pooled vectors. */
static bool read_normalize(const struct settings *s, const char *folder, struct encoder *e)
{
    json_t *j;
    char name[300];
    snprintf(name, sizeof name, "%.250s/config.json", folder);
    e->normalize = true;
    bool good = settings_json(s, name, false, &j) &&
                settings_word(s, name, j, "module_input_name", "sentence_embedding") &&
                settings_word(s, name, j, "module_output_name", "sentence_embedding");
    json_decref(j);
    return good;
}

static bool read_module(struct opening *o, const json_t *module, size_t *at, struct encoder *e)
{
    static const char *const order[] = { "Transformer", "Pooling", "Normalize" };
    const char *class = class_of(module), *folder = settings_string(module, "path");
    if (strcmp(class, "Dropout") == 0)          /* which does nothing but in training */
        return true;
    size_t k = 0;
    while (k < 3 && strcmp(class, order[k]) != 0)
        k++;
    if (k == 3)
        return settings_wrong(&o->top, "modules.json", "module %.60s: only Transformer, Pooling and Normalize are known",
                              *settings_string(module, "type") ? settings_string(module, "type") : "without type");
    if (k != *at)
        return settings_wrong(&o->top, "modules.json", "module %zu is %s where %s is expected", *at, class,
                              *at < 3 ? order[*at] : "none");
    ++*at;
    if (k == 0 && *folder)
        o->inner.dir = o->inner_dir = settings_path(&o->top, folder);
    return k == 0 || (k == 1 ? read_pooling(&o->top, folder, e) : read_normalize(&o->top, folder, e));
}

/* Without modules.json the vectors are means over the pieces, or what 1_Pooling says, as they are. */
static bool read_modules(struct opening *o, struct encoder *e)
{
    json_t *j, *module;
    size_t i, at = 0;
    bool good = settings_json(&o->top, "modules.json", false, &j);
    e->modules = j;
    if (good && !j)
        return read_pooling(&o->top, "1_Pooling", e);
    json_array_foreach(j, i, module)
        good = good && read_module(o, module, &at, e);
    json_decref(j);
    if (good && at < 2)
        return settings_wrong(&o->top, "modules.json", "no %s in it", at ? "Pooling" : "Transformer");
    return good;
}

/* What goes before each text, and what would be done behind the modules. */
static bool read_prompt(const struct settings *s, const char *wanted, struct encoder *e)
{
    json_t *j;
    const char *name = "config_sentence_transformers.json";
    if (!settings_json(s, name, false, &j))
        return false;
    const char *prompt = wanted ? wanted : settings_string(j, "default_prompt_name");
    const json_t *prompts = json_object_get(j, "prompts"), *type = json_object_get(j, "model_type"),
                 *cut = json_object_get(j, "truncate_dim");
    bool named = json_is_string(json_object_get(prompts, prompt)), itself = wanted && !named && strpbrk(wanted, " :");
    const char *text = itself ? wanted : settings_string(prompts, prompt);
    bool usual = strcmp(prompt, "query") == 0 || strcmp(prompt, "document") == 0;   /* empty ones that all models have */
    bool good = true;
    e->prompt = mem_text(text, strlen(text));
    e->prompt_name = mem_text(prompt, strlen(prompt));
    if (cut && !json_is_null(cut))
        good = settings_wrong(s, name, "truncate_dim: vectors that are cut are not known");
    else if (type && !json_is_null(type))
        good = settings_word(s, name, j, "model_type", "SentenceTransformer");
    if (good && *prompt && !usual && !named && !itself)
        good = settings_wrong(s, name, "no prompt is called %.60s", prompt);
    if (good && *text && !e->prompt_pooled)
        good = settings_wrong(s, name, "the prompt %.60s is to be left out of the pooling (include_prompt false), "
                              "which is not known", prompt);
    json_decref(j);
    return good;
}

static bool read_shape(const struct settings *o, struct encoder *e)
{
    json_t *j;
    const char *name = "config.json";
    struct bert_shape *s = &e->shape;
    if (!settings_json(o, name, true, &j))
        return false;
    const json_t *given = json_object_get(j, "layer_norm_eps");
    double eps = given ? json_number_value(given) : 1e-12;
    bool decoder = settings_flag(j, "is_decoder", false);
    bool xlmr = strcmp(settings_string(j, "model_type"), "xlm-roberta") == 0;
    const json_t *padding = json_object_get(j, "pad_token_id");
    double pad = json_is_number(padding) ? json_number_value(padding) : 1;
    bool ok = (xlmr || settings_word(o, name, j, "model_type", "bert")) && settings_word(o, name, j, "hidden_act", "gelu") &&
              settings_word(o, name, j, "position_embedding_type", "absolute") &&
              settings_whole(o, name, j, "num_hidden_layers", 1000, &s->layers) &&
              settings_whole(o, name, j, "hidden_size", 1 << 16, &s->hidden) &&
              settings_whole(o, name, j, "num_attention_heads", 1 << 12, &s->heads) &&
              settings_whole(o, name, j, "intermediate_size", 1 << 20, &s->inner) &&
              settings_whole(o, name, j, "max_position_embeddings", 1 << 16, &s->positions) &&
              settings_whole(o, name, j, "vocab_size", 1 << 24, &s->words) &&
              settings_whole(o, name, j, "type_vocab_size", 1 << 10, &s->types);
    json_decref(j);
    if (ok && decoder)
        return settings_wrong(o, name, "is_decoder is true: only encoders are known");
    if (ok && s->hidden % s->heads)
        return settings_wrong(o, name, "%zu heads do not divide hidden_size %zu", s->heads, s->hidden);
    if (ok && !(eps > 0 && eps < 1))
        return settings_wrong(o, name, "layer_norm_eps is %g", eps);
    if (ok && xlmr && !(pad >= 0 && pad == floor(pad) && pad + 2 < (double)s->positions))
        return settings_wrong(o, name, "pad_token_id is %g, which leaves no positions", pad);
    s->eps = eps;
    s->counts_padding = xlmr;
    s->padding = xlmr && ok ? (uint32_t)pad : 0;
    e->most = s->positions - (xlmr && ok ? s->padding + 1 : 0);
    return ok;
}

/* The pieces, and how many of them a text may have: max_seq_length, or else model_max_length. */
static bool read_pieces(const struct settings *s, struct encoder *e)
{
    json_t *j;
    const char *name = "sentence_bert_config.json";
    if (!settings_json(s, name, false, &j))
        return false;
    size_t limit = e->limit = e->most;
    const json_t *given = json_object_get(j, "max_seq_length");
    bool lowercase = settings_flag(j, "do_lower_case", false);
    bool is_given = given && !json_is_null(given), good = true;
    if (is_given && !(json_number_value(given) > (double)limit))
        good = settings_whole(s, name, j, "max_seq_length", limit, &limit);
    json_decref(j);
    if (!good || !(e->pieces = tokenizer_read(s, e->shape.words, lowercase, e->shape.counts_padding, &e->limit)))
        return false;
    if (is_given)
        e->limit = limit;
    if (e->limit < 3)
        return settings_wrong(s, is_given ? name : "tokenizer_config.json", "%s is below 3",
                              is_given ? "max_seq_length" : "model_max_length");
    return true;
}

static bool read_weights(const struct settings *o, bool bf16, struct encoder *e)
{
    const char *name = "model.safetensors";
    char *path = settings_path(o, name), why[300];
    e->file = safetensors_open(path, why, sizeof why);
    free(path);
    if (!e->file) {
        char *old = settings_path(o, "pytorch_model.bin"), *parts = settings_path(o, "model.safetensors.index.json");
        bool is_old = access(old, F_OK) == 0, in_parts = access(parts, F_OK) == 0;
        free(old);
        free(parts);
        return settings_wrong(o, name, "%s%s", why, in_parts ? "; weights in several files are not read: save them as one"
                              : is_old ? "; pytorch_model.bin is not read: it may hold code" : "");
    }
    e->bert = bert_new(e->file, &e->shape, bf16, why, sizeof why);
    return e->bert || settings_wrong(o, name, "%s", why);
}

struct encoder *encoder_open(const char *dir, const char *prompt, bool bf16, char *why, size_t room)
{
    struct encoder *e = mem_zero(1, sizeof *e);
    struct settings top = { dir, why, room };
    struct opening o = { top, top, NULL };
    bool good = read_modules(&o, e) && read_prompt(&top, prompt, e) && read_shape(&o.inner, e) &&
                read_weights(&o.inner, bf16, e) && read_pieces(&o.inner, e);
    free(o.inner_dir);
    if (good)
        return e;
    encoder_close(e);
    return NULL;
}

void encoder_close(struct encoder *e)
{
    if (!e)
        return;
    bert_free(e->bert);
    tokenizer_free(e->pieces);
    safetensors_close(e->file);
    free(e->prompt);
    free(e->prompt_name);
    free(e);
}
