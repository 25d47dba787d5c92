/* info_nce - the contrastive loss between two views of the same things
 *
 * Of n pairs (a_i, b_i) of vectors, each a is to find its own b among all b, and each b its a:
 *
 *     s_ij = a_i . b_j / (|a_i| |b_j| t)
 *     loss = 1/2 (mean over i of -ln softmax_j(s_ij)[i] + mean over j of -ln softmax_i(s_ij)[j])
 *
 * (van den Oord, Li, Vinyals 2018: "Representation learning with contrastive predictive coding", equation 4; symmetric
 * as in Radford et al. 2021: "Learning transferable visual models from natural language supervision", figure 3). It is
 * ln n where the vectors tell nothing.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NN_INFO_NCE_H
#define NN_INFO_NCE_H

#include <stddef.h>

struct info_nce {
    size_t most, d;             /* pairs at once, numbers of a vector */
    double temperature;         /* t, above 0 */
    size_t n;                   /* pairs at hand */
    float *a, *b;               /* [n][d] the vectors, to be filled in; info_nce_loss makes them unit vectors */
    float *da, *db;             /* [n][d] gradients of the loss by what was filled in */
    float *turned_a, *turned_b; /* own: the unit vectors, 32 side by side */
    float *norm;                /* own: lengths of all a, then of all b */
    float *of_a, *of_b;         /* [n][n] softmax of each a's row, of each b's */
};

/* For at most `most` pairs, and the bytes that it holds. */
struct info_nce *info_nce_new(size_t most, size_t d, double temperature);
double info_nce_bytes(size_t most, size_t d);
void info_nce_free(struct info_nce *l);

/* The loss of the pairs 0 ... n-1 and its gradients; *found: the share of a whose own b has the largest s (or NULL).
 * Vectors shorter than 1e-12 are divided by that, as PyTorch's normalize. Uses par_for; the same bits for any par_jobs. */
double info_nce_loss(struct info_nce *l, double *found);

/* The least loss that n pairs can have if all others are at right angles: ln(1 + (n - 1) exp(-1/t)). */
double info_nce_least(size_t n, double temperature);

#endif
