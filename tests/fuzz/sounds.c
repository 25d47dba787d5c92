/* sounds - audio files of many formats, whole and damaged, for decode to be held against
 *
 *   sounds make DIR            write whole ones
 *   sounds spoil SEED N DIR    write N damaged copies of them, drawn from the seed, to DIR/bad
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <math.h>
#include <sndfile.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/rng.h"

struct bytes { uint8_t *p; size_t n; };

static const struct { const char *name; int format, rate, channels; } kinds[] = {
    { "pcm16.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 22050, 2 },
    { "pcm24.wav", SF_FORMAT_WAVEX | SF_FORMAT_PCM_24, 44100, 1 },
    { "float.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 48000, 1 },
    { "ima.wav", SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, 22050, 1 },
    { "ms.wav", SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM, 22050, 2 },
    { "gsm.wav", SF_FORMAT_WAV | SF_FORMAT_GSM610, 8000, 1 },
    { "ulaw.au", SF_FORMAT_AU | SF_FORMAT_ULAW, 8000, 1 },
    { "pcm16.au", SF_FORMAT_AU | SF_FORMAT_PCM_16, 16000, 2 },
    { "g721.au", SF_FORMAT_AU | SF_FORMAT_G721_32, 8000, 1 },
    { "double.au", SF_FORMAT_AU | SF_FORMAT_DOUBLE, 11025, 1 },
    { "pcm16.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 44100, 2 },
    { "float.aiff", SF_FORMAT_AIFF | SF_FORMAT_FLOAT, 22050, 1 },
    { "pcm16.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 44100, 2 },
    { "pcm24.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 96000, 1 },
    { "vorbis.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100, 2 },
    { "opus.opus", SF_FORMAT_OGG | SF_FORMAT_OPUS, 48000, 1 },
    { "pcm16.caf", SF_FORMAT_CAF | SF_FORMAT_PCM_16, 22050, 1 },
    { "alac.caf", SF_FORMAT_CAF | SF_FORMAT_ALAC_16, 22050, 1 },
    { "pcm16.w64", SF_FORMAT_W64 | SF_FORMAT_PCM_16, 22050, 1 },
    { "pcm8.voc", SF_FORMAT_VOC | SF_FORMAT_PCM_U8, 11025, 1 },
    { "pcm8.8svx", SF_FORMAT_SVX | SF_FORMAT_PCM_S8, 11025, 1 },
    { "layer3.mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 44100, 2 },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* Values that break arithmetic, at any place. */
static const uint32_t odd_numbers[] = { 0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff,
                                        0x80000000, 0x8000001a, 0xf500002c, 0xfffffff0, 0xffffffff };

static char *join(const char *dir, const char *name)
{
    size_t n = strlen(dir) + strlen(name) + 2;
    char *path = mem_new(n, 1);
    snprintf(path, n, "%s/%s", dir, name);
    return path;
}

/* Half a second of two partials and noise; what this libsndfile cannot write is left out. */
static void make(const char *dir)
{
    struct rng rng;
    rng_init(&rng, 1, 0);
    for (size_t k = 0; k < KINDS; k++) {
        SF_INFO info = { .samplerate = kinds[k].rate, .channels = kinds[k].channels, .format = kinds[k].format };
        char *path = join(dir, kinds[k].name);
        SNDFILE *s = sf_format_check(&info) ? sf_open(path, SFM_WRITE, &info) : NULL;
        for (int i = 0; s && i < kinds[k].rate / 2; i++) {
            float x[2];
            for (int c = 0; c < 2; c++)
                x[c] = (float)(0.4 * sin(0.05 * (c + 1) * i) + 0.2 * sin(0.31 * i) + 0.1 * rng_normal(&rng));
            sf_writef_float(s, x, 1);
        }
        if (s)
            sf_close(s);
        free(path);
    }
}

static struct bytes slurp(const char *path)
{
    struct stat st;
    FILE *f = fopen(path, "rb");
    if (!f || fstat(fileno(f), &st) != 0)
        die(ST_STOPPED, "%s: cannot read:", path);
    struct bytes b = { mem_new((size_t)st.st_size + (64 << 10), 1), (size_t)st.st_size };
    if (fread(b.p, 1, b.n, f) != b.n)
        die(ST_STOPPED, "%s: cannot read:", path);
    fclose(f);
    return b;
}

static size_t draw(struct rng *rng, size_t n) { return n ? (size_t)rng_below(rng, n) : 0; }

/* One change of b, which may grow by 4096 bytes; half of them near its beginning. */
static void change(struct bytes *b, struct rng *rng)
{
    if (b->n < 8)
        return;
    size_t reach = draw(rng, 2) && b->n > 256 ? 256 : b->n, at = draw(rng, reach);
    size_t len = 1 + draw(rng, draw(rng, 3) ? 8 : 2048);
    len = len < b->n - at ? len : b->n - at;
    uint32_t odd = odd_numbers[draw(rng, sizeof odd_numbers / sizeof *odd_numbers)];
    size_t size = draw(rng, 2) ? 4 : 2, to = draw(rng, b->n - len);
    bool big = draw(rng, 2) > 0;
    switch (draw(rng, 9)) {
    case 0: case 1:
        b->p[at] ^= (uint8_t)(1 << draw(rng, 8));
        break;
    case 2:
        b->p[at] = (uint8_t)draw(rng, 256);
        break;
    case 3: case 4:                     /* a number */
        for (size_t i = 0; i < size && at + i < b->n; i++)
            b->p[at + i] = (uint8_t)(odd >> 8 * (big ? size - 1 - i : i));
        break;
    case 5:                             /* take away */
        memmove(b->p + at, b->p + at + len, b->n - at - len);
        b->n -= len;
        break;
    case 6:                             /* put in twice */
        len = len < 4096 ? len : 4096;
        memmove(b->p + at + len, b->p + at, b->n - at);
        b->n += len;
        break;
    case 7:                             /* to another place */
        memmove(b->p + to, b->p + at, len);
        break;
    default:                            /* noise */
        for (size_t i = 0; i < len; i++)
            b->p[at + i] = (uint8_t)draw(rng, 256);
        break;
    }
}

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

static int visible(const struct dirent *e) { return e->d_name[0] != '.' && strcmp(e->d_name, "bad") != 0; }

static void spoil(uint64_t seed, size_t count, const char *dir)
{
    struct dirent **names;
    int n = scandir(dir, &names, visible, by_name);
    char *bad = join(dir, "bad");
    if (n <= 0)
        die(ST_STOPPED, "%s: no sounds in it", dir);
    mkdir(bad, 0777);
    for (size_t i = 0; i < count; i++) {
        struct rng rng;
        rng_init(&rng, seed, i);
        const char *name = names[i % (size_t)n]->d_name;
        char *from = join(dir, name), to[4096];
        struct bytes b = slurp(from);
        size_t changes = 1 + draw(&rng, draw(&rng, 2) ? 3 : 12);
        while (changes-- > 0)
            change(&b, &rng);
        if (draw(&rng, 8) == 0)
            b.n = draw(&rng, b.n);
        snprintf(to, sizeof to, "%s/%06zu-%s", bad, i, name);
        FILE *f = fopen(to, "wb");
        if (!f || fwrite(b.p, 1, b.n, f) != b.n || fclose(f) != 0)
            die(ST_STOPPED, "%s: cannot write:", to);
        free(b.p);
        free(from);
    }
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
    free(bad);
}

int main(int argc, char **argv)
{
    die_name = "sounds";
    if (argc == 3 && strcmp(argv[1], "make") == 0)
        make(argv[2]);
    else if (argc == 5 && strcmp(argv[1], "spoil") == 0)
        spoil(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10), argv[4]);
    else
        die(ST_USAGE, "sounds make DIR | sounds spoil SEED N DIR");
    return 0;
}
