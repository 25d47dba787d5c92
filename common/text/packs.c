/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text/packs.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/par.h"

enum { PACK = 512 };

struct text { size_t first, sequences, tokens; };
struct sequence { size_t at, n; };      /* its ids in packs.ids */

struct packs {
    const struct encoder *encoder;
    struct text *texts;
    size_t n_texts, texts_cap;
    struct sequence *sequences;
    size_t n_sequences, sequences_cap;
    uint32_t *ids;
    size_t n_ids, ids_cap;
    size_t *pack;                       /* first sequence of each pack, and the end */
    size_t n_packs, pack_cap;
    float *pooled;                      /* pooled[n_sequences][hidden] */
    size_t pooled_cap;
    struct bert_room **rooms;           /* of each thread */
    int threads;
};

struct packs *packs_new(const struct encoder *e)
{
    struct packs *p = mem_zero(1, sizeof *p);
    p->encoder = e;
    p->threads = par_jobs > 0 ? par_jobs : par_available();
    p->rooms = mem_zero((size_t)p->threads, sizeof *p->rooms);
    return p;
}

void packs_free(struct packs *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->threads; i++)
        if (p->rooms[i])
            bert_room_free(p->rooms[i]);
    free(p->rooms);
    free(p->texts);
    free(p->sequences);
    free(p->ids);
    free(p->pack);
    free(p->pooled);
    free(p);
}

void packs_clear(struct packs *p)
{
    p->n_texts = p->n_sequences = p->n_ids = p->n_packs = 0;
}

size_t packs_pieces(const struct packs *p)
{
    return p->n_ids;
}

static void add_sequence(struct packs *p, const uint32_t *id, size_t n)
{
    mem_grow(&p->sequences, &p->sequences_cap, p->n_sequences + 1, sizeof *p->sequences);
    p->sequences[p->n_sequences++] = (struct sequence){ p->n_ids, n + 2 };
    mem_grow(&p->ids, &p->ids_cap, p->n_ids + n + 2, sizeof *p->ids);
    p->ids[p->n_ids++] = p->encoder->pieces->first;
    for (size_t i = 0; i < n; i++)
        p->ids[p->n_ids++] = id[i];
    p->ids[p->n_ids++] = p->encoder->pieces->last;
}

struct packed packs_add(struct packs *p, const uint32_t *id, size_t n, bool all)
{
    size_t most = p->encoder->limit - 2, used = 0;
    mem_grow(&p->texts, &p->texts_cap, p->n_texts + 1, sizeof *p->texts);
    struct text *t = p->texts + p->n_texts++;
    *t = (struct text){ .first = p->n_sequences };
    do {
        size_t part = n - used < most ? n - used : most;
        add_sequence(p, id + used, part);
        used += part;
        t->sequences++;
        t->tokens += part + 2;
    } while (all && used < n);
    return (struct packed){ used, t->tokens };
}

static void run_pack(size_t k, void *state)
{
    struct packs *p = state;
    const struct encoder *e = p->encoder;
    size_t begin = p->pack[k], n = p->pack[k + 1] - begin;
    struct bert_text *texts = mem_new(n, sizeof *texts);
    struct bert_room **room = p->rooms + par_worker();
    if (!*room)
        *room = bert_room_new(e->bert);
    for (size_t i = 0; i < n; i++) {
        const struct sequence *s = p->sequences + begin + i;
        texts[i] = (struct bert_text){ p->ids + s->at, s->n };
    }
    bert_run(e->bert, *room, texts, n, e->pooling, p->pooled + begin * e->shape.hidden, NULL);
    free(texts);
}

void packs_run(struct packs *p)
{
    size_t in_pack = 0;
    p->n_packs = 0;
    for (size_t i = 0; i < p->n_sequences; i++) {
        size_t n = p->sequences[i].n;
        if (p->n_packs == 0 || in_pack + n > PACK) {
            mem_grow(&p->pack, &p->pack_cap, p->n_packs + 2, sizeof *p->pack);
            p->pack[p->n_packs++] = i;
            in_pack = 0;
        }
        in_pack += n;
        p->pack[p->n_packs] = i + 1;
    }
    mem_grow(&p->pooled, &p->pooled_cap, mem_mul(p->n_sequences, p->encoder->shape.hidden), sizeof *p->pooled);
    par_for(p->n_packs, run_pack, p);
}

bool packs_vector(const struct packs *p, size_t i, bool unit, float *x)
{
    const struct text *t = p->texts + i;
    size_t h = p->encoder->shape.hidden;
    double sum = 0;
    for (size_t j = 0; j < h; j++) {
        double v = 0;
        for (size_t s = t->first; s < t->first + t->sequences; s++)
            v += (double)p->pooled[s * h + j] * (double)p->sequences[s].n;
        x[j] = t->sequences == 1 ? p->pooled[t->first * h + j] : (float)(v / (double)t->tokens);
        sum += (double)x[j] * (double)x[j];
    }
    double by = unit ? fmax(sqrt(sum), 1e-12) : 1;
    for (size_t j = 0; j < h; j++)
        x[j] = (float)(x[j] / by);
    return isfinite(sum);
}
