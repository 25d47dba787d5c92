/* decode - the samples of an audio file, whatever its format
 *
 * The file's content, not its name, says which library reads it: libmpg123 MPEG audio (without
 * the encoder's delay and padding), libsndfile what is stored as floating point, Ogg Vorbis, Opus
 * and FLAC (libFLAC itself where libsndfile cannot or would not see a change), libsox all other
 * formats. Those libraries exit, hang and crash on bad files: call this inside a fence.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AUDIO_DECODE_H
#define AUDIO_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DECODE_WHY 200
enum { DECODE_CHANNELS = 64, DECODE_RATE_MIN = 4000, DECODE_RATE_MAX = 384000 };

struct decode_info {
    int rate;               /* Hz, 4000 to 384000 */
    unsigned channels;      /* of what decode_read gives: 1 to 64 */
    uint64_t claimed;       /* samples per channel by the file's header; 0: it does not say */
    char note[DECODE_WHY];  /* of what is odd about it, known at the end; or "" */
    char name[48];          /* the decoder and its version */
};

struct decoder;

/* Load libsox's formats, which takes some milliseconds: once, before a fence in which it
 * will be wanted. Without it they are loaded when they are. */
void decode_init(void);

/* Open a regular file; `mix`: give the mean of its channels. NULL if it cannot be read:
 * why[DECODE_WHY] says why, and errno, if the system could not open it; else errno is 0. */
struct decoder *decode_open(const char *path, bool mix, char *why);

/* Open what comes through a pipe: WAV, AU or what else libsndfile reads without going back;
 * raw_rate > 0: float samples without a header, of so many Hz and channels. */
struct decoder *decode_pipe(int fd, bool mix, int raw_rate, int raw_channels, char *why);

const struct decode_info *decode_info(const struct decoder *d);

/* Read x[frames][channels] or less: returns how many; 0 at the end; -1 if the file is broken
 * there, or a sample is NaN or infinite: why[DECODE_WHY] says what and where. */
ptrdiff_t decode_read(struct decoder *d, float *x, size_t frames, char *why);

/* Go on by so many frames. Less if the file ends before: returns how many; -1 as decode_read. */
int64_t decode_skip(struct decoder *d, uint64_t frames, char *why);

void decode_close(struct decoder *d);

#endif
