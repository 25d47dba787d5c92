/* bert, activate, encoder: PyTorch's hidden values, libm, and folders with damaged files
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "golden.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "math/activate.h"
#include "text/packs.h"

static void activations(void **state)
{
    (void)state;
    enum { N = 4001 };
    static float x[N], bias[N], y[N];
    for (int i = 0; i < N; i++) {
        x[i] = (float)(i - N / 2) / 250;
        bias[i] = (float)(i % 7) / 8;
        y[i] = x[i];
    }
    activate_bias_gelu(y, bias, N);
    for (int i = 0; i < N; i++) {
        double v = (double)(x[i] + bias[i]);
        assert_true(fabs((double)y[i] - 0.5 * v * (1 + erf(v / sqrt(2)))) <= 4e-7 * fmax(1, fabs(v)));
    }
    for (size_t n = 1; n < 60; n += 7) {
        double sum = 0, total = 0;
        for (size_t i = 0; i < n; i++) {
            y[i] = x[i] = (float)(50 * sin((double)(i * i))) - 1e30f * (i % 11 == 10);
            sum += exp((double)x[i] - 50);
        }
        activate_softmax(y, n);
        for (size_t i = 0; i < n; i++) {
            double want = exp((double)x[i] - 50) / sum;
            assert_true(fabs((double)y[i] - want) <= 1e-5 * want + 1e-12);
            total += (double)y[i];
        }
        assert_true(fabs(total - 1) < 1e-6);
    }
    x[0] = 1;
    x[1] = NAN;
    activate_softmax(x, 2);
    assert_true(isnan(x[0]) && isnan(x[1]));
}

/* Each within 1e-5 of the largest element of the tensor, as the golden's README has it. */
static void close_to(const struct safetensors *golden, const char *name, const float *got)
{
    const struct safe_tensor *t = safetensors_find(golden, name);
    assert_non_null(t);
    float *want = mem_new(t->count, sizeof *want), most = 0;
    safetensors_f32(t, want);
    for (size_t i = 0; i < t->count; i++)
        most = fmaxf(most, fabsf(want[i]));
    for (size_t i = 0; i < t->count; i++)
        if (!(fabsf(got[i] - want[i]) <= 1e-5f * most))
            fail_msg("%s at %zu: %g, not %g", name, i, (double)got[i], (double)want[i]);
    free(want);
}

static void hidden_of(const char *model, const char *values)
{
    char why[512];
    struct encoder *e = encoder_open(golden_path(model), NULL, false, why, sizeof why);
    struct safetensors *golden = safetensors_open(golden_path(values), why, sizeof why);
    if (!e || !golden)
        skip();
    const struct safe_tensor *ids = safetensors_find(golden, "ids");
    size_t n = ids->count, h = e->shape.hidden;
    uint32_t id[64];
    float as_float[64];
    assert_true(n <= 64);
    safetensors_f32(ids, as_float);
    for (size_t i = 0; i < n; i++)
        id[i] = (uint32_t)as_float[i];
    float *hidden = mem_new((e->shape.layers + 1) * 2 * n * h, sizeof *hidden), *pooled = mem_new(2 * h, sizeof *pooled);
    struct bert_room *room = bert_room_new(e->bert);
    bert_run(e->bert, room, &(struct bert_text){ id, n }, 1, BERT_MEAN, pooled, hidden);
    close_to(golden, "embedded", hidden);
    for (size_t l = 1; l <= e->shape.layers; l++) {
        char name[32];
        snprintf(name, sizeof name, "hidden.%zu", l);
        close_to(golden, name, hidden + l * n * h);
    }
    close_to(golden, "pooled", pooled);
    /* two texts at once, the first shorter: the second is what it was */
    const struct bert_text both[] = { { id, 3 }, { id, n } };
    bert_run(e->bert, room, both, 2, BERT_MEAN, pooled, NULL);
    close_to(golden, "pooled", pooled + h);
    bert_room_free(room);
    safetensors_close(golden);
    encoder_close(e);
    free(hidden);
    free(pooled);
}

static void hidden(void **state)
{
    (void)state;
    hidden_of("models/all-MiniLM-L6-v2", "golden/embed/hidden.safetensors");
}

static void hidden_tiny(void **state)
{
    (void)state;
    hidden_of("golden/embed/tiny/tiny-f32", "golden/embed/tiny/golden-f32/hidden.safetensors");
}

/* ---- damaged folders ---- */

static char dir[] = "/tmp/songpipe-encoder-XXXXXX";

static char *in_dir(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void put(const char *name, const void *p, size_t n)
{
    FILE *f = fopen(in_dir(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

/* Weights of a BERT with hidden 4, one layer, two heads, inner 8, 6 positions, 8 words. */
static uint8_t *weights(size_t *size)
{
    static const struct { const char *name; size_t rows, columns; } tensors[] = {
        { "embeddings.word_embeddings.weight", 8, 4 }, { "embeddings.position_embeddings.weight", 6, 4 },
        { "embeddings.token_type_embeddings.weight", 2, 4 }, { "embeddings.LayerNorm.weight", 0, 4 },
        { "embeddings.LayerNorm.bias", 0, 4 }, { "encoder.layer.0.attention.self.query.weight", 4, 4 },
        { "encoder.layer.0.attention.self.query.bias", 0, 4 }, { "encoder.layer.0.attention.self.key.weight", 4, 4 },
        { "encoder.layer.0.attention.self.key.bias", 0, 4 }, { "encoder.layer.0.attention.self.value.weight", 4, 4 },
        { "encoder.layer.0.attention.self.value.bias", 0, 4 }, { "encoder.layer.0.attention.output.dense.weight", 4, 4 },
        { "encoder.layer.0.attention.output.dense.bias", 0, 4 }, { "encoder.layer.0.attention.output.LayerNorm.weight", 0, 4 },
        { "encoder.layer.0.attention.output.LayerNorm.bias", 0, 4 }, { "encoder.layer.0.intermediate.dense.weight", 8, 4 },
        { "encoder.layer.0.intermediate.dense.bias", 0, 8 }, { "encoder.layer.0.output.dense.weight", 4, 8 },
        { "encoder.layer.0.output.dense.bias", 0, 4 }, { "encoder.layer.0.output.LayerNorm.weight", 0, 4 },
        { "encoder.layer.0.output.LayerNorm.bias", 0, 4 } };
    static char header[8192];
    size_t n = 0, at = 0;
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
        size_t rows = tensors[i].rows, columns = tensors[i].columns, bytes = 4 * (rows ? rows : 1) * columns;
        char shape[32];
        snprintf(shape, sizeof shape, rows ? "%zu,%zu" : "%.0zu%zu", rows, columns);
        n += (size_t)snprintf(header + n, sizeof header - n,
                              "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[%s],\"data_offsets\":[%zu,%zu]}", i ? "," : "{",
                              tensors[i].name, shape, at, at + bytes);
        at += bytes;
    }
    header[n++] = '}';
    uint8_t *p = mem_zero(8 + n + at, 1);
    p[0] = (uint8_t)n;
    p[1] = (uint8_t)(n >> 8);
    memcpy(p + 8, header, n);
    for (size_t i = 0; i < at / 4; i++) {
        float v = (float)(i % 13) / 8 - 0.7f;
        memcpy(p + 8 + n + 4 * i, &v, 4);
    }
    *size = 8 + n + at;
    return p;
}

static const char config[] = "{\"model_type\":\"bert\",\"hidden_size\":4,\"num_hidden_layers\":1,\"num_attention_heads\":2,"
    "\"intermediate_size\":8,\"hidden_act\":\"gelu\",\"max_position_embeddings\":6,\"vocab_size\":8,\"type_vocab_size\":2,"
    "\"layer_norm_eps\":1e-12}";
static const char vocab[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nla\n##l\n##o\n";
static const char tokenizer[] = "{\"do_lower_case\":true,\"strip_accents\":null,\"tokenize_chinese_chars\":true}";
static const char limit[] = "{\"max_seq_length\":5}", pooling[] = "{\"pooling_mode_mean_tokens\":true}";
static const char modules[] = "[{\"type\":\"a.Transformer\"},{\"type\":\"b.Pooling\",\"path\":\"1_Pooling\"},{\"type\":\"c.Normalize\"}]";

static const char steps[] = "{\"added_tokens\":[{\"id\":0,\"content\":\"[PAD]\"}],\"normalizer\":{\"type\":\"BertNormalizer\"},"
    "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"post_processor\":{\"type\":\"BertProcessing\",\"sep\":[\"[SEP]\",3],"
    "\"cls\":[\"[CLS]\",2]},\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"[UNK]\":1,\"[CLS]\":2,\"[SEP]\":3,\"la\":5,\"##l\":6}}}";

static size_t run_one(void)
{
    char why[512];
    struct encoder *e = encoder_open(dir, NULL, false, why, sizeof why);
    if (!e)
        return 0;
    struct pieces p = { .n = 0 };
    size_t bad;
    assert_true(tokenizer_cut(e->pieces, &p, "la lalo x", 9, &bad));
    assert_in_range(e->limit, 3, e->shape.positions);
    for (size_t i = 0; i < p.n; i++)
        assert_true(p.id[i] < e->shape.words);
    struct bert_room *room = bert_room_new(e->bert);
    float *to = mem_new(e->shape.hidden, sizeof *to);
    bert_run(e->bert, room, &(struct bert_text){ p.id, p.n < e->limit ? p.n : e->limit }, 1, e->pooling, to, NULL);
    free(to);
    free(p.id);
    bert_room_free(room);
    encoder_close(e);
    return 1;
}

/* One file with a few bytes changed, or cut: the folder is refused, or it runs. */
static void mutated(void **state)
{
    (void)state;
    size_t size, runs = 0;
    uint8_t *w = weights(&size);
    const struct { const char *name; const void *p; size_t n; } files[] = {
        { "config.json", config, sizeof config - 1 }, { "vocab.txt", vocab, sizeof vocab - 1 }, { "model.safetensors", w, size },
        { "tokenizer_config.json", tokenizer, sizeof tokenizer - 1 }, { "sentence_bert_config.json", limit, sizeof limit - 1 },
        { "1_Pooling/config.json", pooling, sizeof pooling - 1 }, { "modules.json", modules, sizeof modules - 1 },
        { "tokenizer.json", steps, sizeof steps - 1 } };        /* in the second half, and not vocab.txt */
    enum { FILES = sizeof files / sizeof *files, ROUNDS = 1500 };
    uint8_t *p = mem_new(size + sizeof config + sizeof steps, 1);
    struct rng rng;
    rng_init(&rng, 11, 0);
    assert_int_equal(mkdir(in_dir("1_Pooling"), 0700), 0);
    for (size_t i = 0; i < FILES - 1; i++)
        put(files[i].name, files[i].p, files[i].n);
    assert_int_equal(run_one(), 1);
    for (size_t round = 0; round < ROUNDS; round++) {
        if (round == ROUNDS / 2) {
            put("tokenizer.json", steps, sizeof steps - 1);
            unlink(in_dir("vocab.txt"));
            assert_int_equal(run_one(), 1);
        }
        size_t f = (size_t)rng_below(&rng, FILES - 1), n = files[f].n;
        if (f == 1 && round >= ROUNDS / 2)
            n = files[f = FILES - 1].n;
        memcpy(p, files[f].p, n);
        for (uint64_t k = 1 + rng_below(&rng, 3); k; k--) {
            size_t at = (size_t)rng_below(&rng, f == 2 ? n / 2 : n);
            p[at] = rng_below(&rng, 3) ? (uint8_t)('0' + rng_below(&rng, 10)) : (uint8_t)rng_u32(&rng);
        }
        put(files[f].name, p, rng_below(&rng, 10) ? n : (size_t)rng_below(&rng, n));
        runs += run_one();
        put(files[f].name, files[f].p, files[f].n);
    }
    assert_in_range(runs, ROUNDS / 10, ROUNDS - ROUNDS / 10);
    for (size_t i = 0; i < FILES; i++)
        unlink(in_dir(files[i].name));
    rmdir(in_dir("1_Pooling"));
    free(p);
    free(w);
}

/* Texts in packs: what each gives by itself, whatever is beside it and on any number of threads. */
static void packed(void **state)
{
    (void)state;
    static const uint32_t id[] = { 5, 6, 7, 1, 5, 5, 7, 6, 5, 1 };
    static const struct { size_t n, used, tokens; bool all; } texts[] = {
        { 3, 3, 5, false }, { 0, 0, 2, false }, { 10, 4, 6, false }, { 10, 10, 16, true }, { 0, 0, 2, true }, { 4, 4, 6, true } };
    enum { TEXTS = sizeof texts / sizeof *texts, TIMES = 200, HIDDEN = 4 };
    static float first[TEXTS * TIMES][HIDDEN];
    char why[512];
    size_t size;
    uint8_t *w = weights(&size);
    put("config.json", config, sizeof config - 1);
    put("vocab.txt", vocab, sizeof vocab - 1);
    put("model.safetensors", w, size);
    struct encoder *e = encoder_open(dir, NULL, false, why, sizeof why);
    assert_non_null(e);
    assert_int_equal(e->limit, 6);
    assert_int_equal(e->shape.hidden, HIDDEN);
    struct bert_room *room = bert_room_new(e->bert);
    for (par_jobs = 1; par_jobs <= 3; par_jobs += 2) {
        struct packs *p = packs_new(e);
        for (int round = 0; round < 2; round++) {
            size_t pieces = 0;
            packs_clear(p);
            packs_run(p);
            for (size_t i = 0; i < TEXTS * TIMES; i++) {
                struct packed taken = packs_add(p, id, texts[i % TEXTS].n, texts[i % TEXTS].all);
                assert_int_equal(taken.used, texts[i % TEXTS].used);
                assert_int_equal(taken.tokens, texts[i % TEXTS].tokens);
                assert_int_equal(packs_pieces(p), pieces += taken.tokens);
            }
            packs_run(p);
            for (size_t i = 0; i < TEXTS * TIMES; i++) {
                float x[HIDDEN], unit[HIDDEN], alone[3][HIDDEN];
                double want[HIDDEN] = { 0 }, norm = 0;
                size_t tokens = 0;
                for (size_t at = 0, k = 0; k == 0 || at < texts[i % TEXTS].used; k++) {
                    size_t n = texts[i % TEXTS].used - at < 4 ? texts[i % TEXTS].used - at : 4;
                    uint32_t whole[6] = { 2 };
                    memcpy(whole + 1, id + at, n * sizeof *id);
                    whole[n + 1] = 3;
                    bert_run(e->bert, room, &(struct bert_text){ whole, n + 2 }, 1, e->pooling, alone[k], NULL);
                    for (size_t j = 0; j < HIDDEN; j++)
                        want[j] += (double)alone[k][j] * (double)(n + 2);
                    tokens += n + 2;
                    at += n;
                }
                assert_true(packs_vector(p, i, false, x) && packs_vector(p, i, true, unit));
                for (size_t j = 0; j < HIDDEN; j++) {
                    assert_true(fabs((double)x[j] - want[j] / (double)tokens) < 1e-5);
                    norm += (double)unit[j] * (double)unit[j];
                }
                assert_true(fabs(norm - 1) < 1e-6);
                if (par_jobs == 1 && round == 0)
                    memcpy(first[i], x, sizeof x);
                assert_memory_equal(x, first[i], sizeof x);
            }
        }
        packs_free(p);
    }
    bert_room_free(room);
    encoder_close(e);
    unlink(in_dir("config.json"));
    unlink(in_dir("vocab.txt"));
    unlink(in_dir("model.safetensors"));
    free(w);
}

int main(void)
{
    if (!mkdtemp(dir))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activations), cmocka_unit_test(hidden), cmocka_unit_test(hidden_tiny), cmocka_unit_test(mutated),
        cmocka_unit_test(packed),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(dir);
    return failed;
}
