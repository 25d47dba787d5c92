/* musicnn - the network of J. Pons and X. Serra that hears tags in music, forward only, in float32
 *
 * J. Pons, X. Serra, "musicnn: pre-trained convolutional neural networks for music audio tagging", ISMIR 2019 late breaking.
 * A patch is T frames x 96 mel bands of log10(10000 power + 1), at 62.5 frames a second:
 *
 *     input batch norm --+-- 7 x 38, 7 x 67 (time x bands)          -- max over the bands --+
 *                        +-- 128 x 1, 64 x 1, 32 x 1                -- max over the bands --+-- front [T][F]
 *     front -- 7 frames -- cnn1 -- 7 frames, + cnn1 -- cnn2 -- 7 frames, + cnn2 -- cnn3     (each [T][M])
 *     front, cnn1, cnn2, cnn3 -- max and mean over time, interleaved -- batch norm -- hidden -- tags
 *
 * every convolution being followed by bias, ReLU and batch norm, in this order.
 *
 * Dead channels. Training has shrunk most kernels of the front to nothing (497 of 561 in the weights of the Million Song
 * Dataset). Where sum |w| < 1e-4 the convolution is 0 to rounding, so the channel is the constant
 * c = batch norm(ReLU(bias)) in every frame. It is not computed: its maximum and its mean are c, and what the first layer of 7
 * frames makes of all constants, sum over them of w[tap][channel][out] c, is the weight of one more channel that is 1 in
 * the T frames and 0 in the zeros around them. 141 million products remain of 1399.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NN_MUSICNN_H
#define NN_MUSICNN_H

#include <stddef.h>

enum { MUSICNN_BANDS = 96, MUSICNN_FRAMES = 187, MUSICNN_FRONTS = 5 };

/* What can be looked at. */
enum musicnn_layer {
    MUSICNN_FRONT, MUSICNN_CNN1, MUSICNN_CNN2, MUSICNN_CNN3,    /* [T][width] */
    MUSICNN_MAX, MUSICNN_MEAN,                                  /* [F + 3 M], over time */
    MUSICNN_PENULTIMATE, MUSICNN_LOGITS,                        /* [hidden], [tags] */
    MUSICNN_LAYERS
};

/* Finds a tensor by its name: of n numbers if the shape is shape[ndim], where a 0 stands for any size above 0 and is
 * set. NULL: it is not there, or another; the caller knows why. It is read until musicnn_new returns. */
typedef const float *musicnn_find(void *state, const char *name, int ndim, size_t *shape);

struct musicnn;

/* Take the weights, under their names in the package's checkpoints (conv2d/kernel, batch_normalization/gamma, ...).
 * NULL if `find` gave one of them as NULL. */
struct musicnn *musicnn_new(musicnn_find *find, void *state);
void musicnn_free(struct musicnn *m);

/* Numbers of a layer in each frame (FRONT ... CNN3), or in all. */
size_t musicnn_width(const struct musicnn *m, enum musicnn_layer layer);

/* Channels of the front that are not constant. */
size_t musicnn_live(const struct musicnn *m);

/* Scratch of a thread, and what the last patch gave. */
struct musicnn_room;
struct musicnn_room *musicnn_room_new(const struct musicnn *m);
void musicnn_room_free(struct musicnn_room *room);

/* Hear one patch, x[MUSICNN_FRAMES][MUSICNN_BANDS]. What overflows gives numbers that are not finite. */
void musicnn_run(const struct musicnn *m, struct musicnn_room *room, const float *x);

/* A layer of the last patch, until the next. */
const float *musicnn_at(const struct musicnn_room *room, enum musicnn_layer layer);

#endif
