/* audio: resampling against sines and in pieces, children that go wrong in every way
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audio/fence.h"
#include "audio/mpeg.h"
#include "audio/resample.h"
#include "audio/sniff.h"
#include "audio/tracks.h"
#include "base/mem.h"
#include "base/rng.h"

static const double pi = 3.14159265358979323846;

/* ---- resample ---- */

struct out { float *x; size_t n, cap; unsigned channels; };

static void collect(const float *x, size_t n, void *state)
{
    struct out *o = state;
    mem_grow(&o->x, &o->cap, (o->n + n) * o->channels, sizeof *o->x);
    memcpy(o->x + o->n * o->channels, x, n * o->channels * sizeof *x);
    o->n += n;
}

/* Resample x[n][channels], `step` samples at a time. */
static struct out resampled(const float *x, size_t n, unsigned channels, double from, double to, size_t step)
{
    struct out o = { .channels = channels };
    struct resampler *r = resample_new(from, to, channels, collect, &o);
    assert_non_null(r);
    for (size_t i = 0; i < n; i += step)
        assert_true(resample_put(r, x + i * channels, n - i < step ? n - i : step));
    assert_true(resample_end(r));
    resample_free(r);
    return o;
}

static void lengths(void **state)
{
    (void)state;
    static const double rates[] = { 4000, 8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000, 192000, 384000 };
    static const size_t counts[] = { 0, 1, 2, 3, 100, 147, 320, 4410, 12000, 44101, 70001 };
    float *zeros = mem_zero(70001, sizeof *zeros);
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++)
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            struct out o = resampled(zeros, counts[c], 1, rates[r], 22050, 8192);
            assert_int_equal(o.n, (size_t)ceil((double)counts[c] * (22050 / rates[r])));
            for (size_t i = 0; i < o.n; i++)
                assert_true(o.x[i] == 0);
            free(o.x);
        }
    free(zeros);
}

/* A sine below the band's end stays that sine, one above the new half rate vanishes. */
static void sines(void **state)
{
    (void)state;
    enum { N = 44100 };
    float *x = mem_new(N, sizeof *x);
    for (int k = 0; k < 3; k++) {
        double hz = (double[]){ 440, 9000, 15000 }[k];
        for (int i = 0; i < N; i++)
            x[i] = (float)(1.5 * sin(2 * pi * hz * i / 44100));
        struct out o = resampled(x, N, 1, 44100, 22050, N);
        for (size_t i = 500; i < o.n - 500; i++) {
            double want = hz < 11025 ? 1.5 * sin(2 * pi * hz * (double)i / 22050) : 0;
            assert_true(fabs((double)o.x[i] - want) < 1e-5);
        }
        free(o.x);
    }
    free(x);
}

/* The same bits whatever the pieces; channels do not mix; equal rates change nothing. */
static void pieces(void **state)
{
    (void)state;
    enum { N = 30011 };
    float *x = mem_new(3 * N, sizeof *x), *one = mem_new(N, sizeof *one);
    struct rng r;
    rng_init(&r, 3, 0);
    for (size_t i = 0; i < 3 * N; i++)
        x[i] = (float)rng_normal(&r);
    struct out whole = resampled(x, N, 3, 48000, 22050, N);
    for (size_t step = 1; step < N; step = step * 17 + 1) {
        struct out o = resampled(x, N, 3, 48000, 22050, step);
        assert_int_equal(o.n, whole.n);
        assert_memory_equal(o.x, whole.x, 3 * o.n * sizeof *o.x);
        free(o.x);
    }
    for (size_t c = 0; c < 3; c++) {
        for (size_t i = 0; i < N; i++)
            one[i] = x[3 * i + c];
        struct out o = resampled(one, N, 1, 48000, 22050, 1000);
        for (size_t i = 0; i < o.n; i++)
            assert_true(o.x[i] == whole.x[3 * i + c]);
        free(o.x);
    }
    struct out same = resampled(x, N, 3, 44100, 44100, 777);
    assert_int_equal(same.n, N);
    assert_memory_equal(same.x, x, 3 * N * sizeof *x);
    free(same.x);
    free(whole.x);
    free(one);
    free(x);
}

/* ---- fence ---- */

static const struct fence_limits limits = { 20, 20, (size_t)1 << 30 };

struct heard { char text[256]; size_t n, bytes, messages; };

static void hear(int kind, const void *p, size_t n, bool last, void *state)
{
    struct heard *h = state;
    if (kind == 1 && h->n + n < sizeof h->text) {
        memcpy(h->text + h->n, p, n);
        h->n += n;
    }
    h->bytes += n;
    h->messages += last;
}

/* Run work in a fence to its end; why it failed, or "". */
static const char *run(void (*work)(int, void *), void *argument, const struct fence_limits *l, struct heard *h)
{
    static char why[FENCE_WHY];
    struct fence f, *list[] = { &f };
    bool ready;
    *h = (struct heard){ .n = 0 };
    assert_true(fence_start(&f, l, work, argument));
    do
        fence_wait(list, 1, &ready, -1, -1);
    while (!ready || fence_read(&f, hear, h));
    if (fence_end(&f, why))
        why[0] = '\0';
    assert_int_equal(f.pid, 0);
    return why;
}

static void send_much(int fd, void *state)
{
    (void)state;
    char *big = mem_zero(3 << 20, 1);
    fence_send(fd, 1, "hello", 5);
    fence_send(fd, 2, big, 3 << 20);
    fence_send(fd, 1, "", 0);
    fence_send(fd, 1, " there", 6);
}
static void send_half(int fd, void *state)
{
    (void)state;
    uint32_t head[2] = { 1, 100 };
    if (write(fd, head, sizeof head) != sizeof head || write(fd, "half", 4) != 4)
        _exit(9);
}
static void leave(int fd, void *state) { (void)fd; _exit(*(int *)state); }
static void signalled(int fd, void *state) { (void)fd; signal(*(int *)state, SIG_DFL); raise(*(int *)state); }
static void spin(int fd, void *state) { (void)fd; for (volatile unsigned i = 0; *(volatile int *)state; i++) {} }
static void nap(int fd, void *state) { (void)fd; (void)state; sleep(30); }
static void grab(int fd, void *state)
{
    (void)state;
    size_t n = (size_t)2 << 30;
    volatile char *p = malloc(n);
    if (p)
        p[n / 2] = 1;           /* or a compiler may leave malloc out */
    fence_send(fd, 1, p ? "given" : "refused", p ? 5 : 7);
}
static void look_around(int fd, void *state)
{
    char text[64];
    int open_fds = 0, tty = isatty(0) || isatty(1) || isatty(2);
    for (int i = 0; i < 256; i++)
        open_fds += fcntl(i, F_GETFD) >= 0;
    ssize_t got = read(0, text, 1);
    int n = snprintf(text, sizeof text, "%d open, tty %d, stdin %zd, parent's %d", open_fds, tty, got,
                     fcntl(*(int *)state, F_GETFD) >= 0);
    fence_send(fd, 1, text, (size_t)n);
    if (write(1, "lost", 4) != 4 || write(2, "lost", 4) != 4)
        _exit(9);
}

static void children(void **state)
{
    (void)state;
    struct heard h;
    int number = 7, fd = open("/dev/null", O_RDONLY), high = dup2(fd, 200);
    assert_string_equal(run(send_much, NULL, &limits, &h), "");
    assert_string_equal(h.text, "hello there");
    assert_int_equal(h.bytes, (3 << 20) + 11);
    assert_int_equal(h.messages, 4);
    assert_string_equal(run(look_around, &high, &limits, &h), "");
    assert_string_equal(h.text, "4 open, tty 0, stdin 0, parent's 0");
    assert_string_equal(run(send_half, NULL, &limits, &h), "the decoder ended in the middle of its answer");
    assert_string_equal(run(leave, &number, &limits, &h), "the decoder ended itself with status 7");
    number = SIGSEGV;
    assert_string_equal(run(signalled, &number, &limits, &h),
                        "the decoder was killed by signal 11 (Segmentation fault)");
    number = SIGKILL;
    assert_string_equal(run(signalled, &number, &limits, &h),
                        "the decoder was killed from outside; was there too little memory?");
    number = 1;
    assert_string_equal(run(spin, &number, &(struct fence_limits){ 0.5, 20, 0 }, &h),
                        "took more than 1 s of processor time");
    assert_string_equal(run(nap, NULL, &(struct fence_limits){ 20, 0.2, 0 }, &h), "nothing came for 0.2 s");
    if (!getenv("SONGPIPE_ASAN")) {
        assert_string_equal(run(grab, NULL, &limits, &h), "");
        assert_string_equal(h.text, "refused");
    }
    close(fd);
    close(high);
}

/* Two at once; a killed one is gone; a readable fd ends the wait. */
static void waiting(void **state)
{
    (void)state;
    struct fence slow, quick, *list[] = { &slow, NULL, &quick };
    bool ready[3];
    int fd[2];
    struct heard h = { .n = 0 };
    char why[FENCE_WHY];
    assert_true(fence_start(&slow, &limits, nap, NULL));
    assert_true(fence_start(&quick, &limits, send_much, NULL));
    while (!(fence_wait(list, 3, ready, -1, -1), ready[2]))
        assert_false(ready[0] || ready[1]);
    while (fence_read(&quick, hear, &h))
        fence_wait(list, 3, ready, -1, -1);
    assert_true(fence_end(&quick, why));
    list[2] = NULL;
    assert_false(fence_wait(list, 3, ready, -1, 0.01));
    assert_int_equal(pipe(fd), 0);
    assert_int_equal(write(fd[1], "x", 1), 1);
    assert_true(fence_wait(list, 3, ready, fd[0], -1));
    pid_t pid = slow.pid;
    fence_kill(&slow);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
    fence_kill(&slow);
    close(fd[0]);
    close(fd[1]);
}

/* ---- sniff ---- */

static struct sniff sniffed(const void *bytes, size_t n)
{
    char path[] = "/tmp/songpipe-sniff.XXXXXX";
    int fd = mkstemp(path);
    struct sniff s;
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(write(fd, bytes, n), (ssize_t)n);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    sniff(fd, &s);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
    close(fd);
    return s;
}
#define SNIFF(text) sniffed(text, sizeof text - 1)

static void sniffs(void **state)
{
    (void)state;
    struct sniff s = SNIFF("");
    assert_int_equal(s.size, 0);
    assert_int_equal(SNIFF("\xff\xfb\x90\x44 one, which breaks off").kind, SNIFF_MPEG);
    assert_int_equal(SNIFF("\xff\xf1\x50\x80 AAC").kind, SNIFF_OTHER);
    assert_int_equal(SNIFF("\xff\xfb\xf0\x44 no such bit rate").kind, SNIFF_OTHER);
    assert_int_equal(SNIFF("ID3\3\0\0\0\0\0\5.....\xff\xfb\x90\x44......").kind, SNIFF_MPEG);
    assert_int_equal(SNIFF("ID3\3\0\0\0\0\0\5.....fLaC..........").kind, SNIFF_FLAC);
    assert_int_equal(SNIFF("fLaC").kind, SNIFF_FLAC);
    assert_int_equal(SNIFF("OggS\0\2........\0\0\0\0\0\0\0\0....\1\x1e\1vorbis......").kind, SNIFF_VORBIS);
    assert_int_equal(SNIFF("OggS\0\2........\0\0\0\0\0\0\0\0....\1\x13OpusHead......").kind, SNIFF_OTHER);
    assert_int_equal(SNIFF("\0\0\0\x18" "ftypM4A ").kind, SNIFF_MP4);
    assert_int_equal(SNIFF("wvpk").kind, SNIFF_WAVPACK);
    assert_int_equal(SNIFF("ID3\3\0\0\x7f\x7f\x7f\x7f").kind, SNIFF_OTHER);
    s = SNIFF("RIFF....WAVEJUNK\3\0\0\0....fmt \x10\0\0\0\1\0\2\0\x44\xac\0\0\0\0\0\0\4\0\x10\0data\x28\0\0\0");
    assert_int_equal(s.samples, 10);
    s = SNIFF("RIFF....WAVEfmt \x10\0\0\0\1\0\2\0\x44\xac\0\0\0\0\0\0\4\0\x10\0data\xff\xff\xff\xff");
    assert_int_equal(s.samples, 0);
    s = SNIFF("RIFF....WAVEfmt \x10\0\0\0\1\0\2\0\x44\xac\0\0\0\0\0\0\0\0\x10\0data\x28\0\0\0");
    assert_int_equal(s.samples, 0);
    s = SNIFF("RIFF....WAVEfmt \x10\0\0\0\x55\0\2\0\x44\xac\0\0\0\0\0\0\1\0\0\0data\x28\0\0\0");
    assert_int_equal(s.kind, SNIFF_MPEG);
    s = SNIFF("FORM....AIFFCOMM\0\0\0\x12\0\2\0\0\x12\x34\0\x10");
    assert_int_equal(s.samples, 0x1234);
    s = SNIFF(".snd\0\0\0\x18\0\0\1\0\0\0\0\3\0\0\x1f\x40\0\0\0\2");
    assert_int_equal(s.samples, 64);
    s = SNIFF("OggS\0\2 first page, OggS\0\4 last page");
    assert_false(s.endless);
    s = SNIFF("OggS\0\2 first page, OggS\0\0 middle page");
    assert_true(s.endless);
    /* an Info tag: 10 frames, delay 576, padding 1105 */
    uint8_t mp3[417] = { 0xff, 0xfb, 0x90, 0xc4 };
    memcpy(mp3 + 4 + 17, "Info\0\0\0\xf\0\0\0\xa", 12);
    memcpy(mp3 + 4 + 17 + 12 + 108, "LAME3.100", 9);
    memcpy(mp3 + 4 + 17 + 12 + 108 + 21, "\x24\x04\x51", 3);
    assert_int_equal(sniffed(mp3, sizeof mp3).samples, 10 * 1152 - 576 - 1105);
}

/* n frames of MPEG-1 layer III, 128 kbit/s, 44100 Hz: 417 bytes each; windows[i] of both channels: the four
 * bits that tell of them, in the first granule of frame i. Returns the end. */
static uint8_t *put_frames(uint8_t *to, size_t n, const uint8_t (*windows)[2])
{
    memset(to, 0x55, n * 417);
    for (size_t i = 0; i < n; i++, to += 417) {
        memcpy(to, "\xff\xfb\x90\x44", 4);
        memset(to + 4, 0, 32);
        for (size_t c = 0; windows && c < 2; c++)
            for (size_t k = 0, at = 20 + 59 * c + 33; k < 4; k++, at++)
                to[4 + at / 8] |= (uint8_t)((windows[i][c] >> (3 - k) & 1) << (7 - at % 8));
    }
    return to;
}

/* Frames that agree, behind what is none, before what is none; and what looks like frames, but is not. */
static void frames(void **state)
{
    (void)state;
    static uint8_t file[20000];
    struct sniff s;
    for (size_t junk = 0; junk < 3000; junk = 3 * junk + 1) {
        memset(file, junk % 2 ? 'x' : 0, junk);
        uint8_t *end = put_frames(file + junk, 6, NULL);
        s = sniffed(file, (size_t)(end - file));
        assert_int_equal(s.kind, SNIFF_MPEG);
        assert_int_equal(s.start, junk);
        assert_int_equal(s.end, s.size);
        memset(end, 0, 128);
        memcpy(end, "TAG", 3);
        assert_int_equal(sniffed(file, s.size + 128).end, s.size);
    }
    memset(file, 'x', 100);                         /* one alone, two that do not agree */
    put_frames(file + 100, 1, NULL);
    memset(file + 517, 'x', 3000);
    assert_int_equal(sniffed(file, 3517).kind, SNIFF_OTHER);
    assert_int_equal(sniffed(file + 100, 3417).kind, SNIFF_OTHER);
    memcpy(file + 517, "\xff\xf3\x90\x44", 4);
    assert_int_equal(sniffed(file + 100, 3417).kind, SNIFF_OTHER);
    /* a tag says nothing of what follows it; and one that says too much of itself */
    memcpy(file, "ID3\3\0\0\0\0\0\5.....\xff\xf1\x50\x80\x02\x1f\xfc", 22);
    for (size_t i = 0; i < 4; i++)
        memcpy(file + 15 + 16 * i, "\xff\xf1\x50\x80\x02\x1f\xfc.........", 16);
    assert_string_equal(sniffed(file, 79).seems, "AAC");
    memcpy(file, "ID3\3\0\0\0\0\7\0", 10);
    put_frames(file + 20, 8, NULL);
    assert_int_equal(sniffed(file, 20 + 8 * 417).start, 20);
}

static bool mixes(const uint8_t *bytes, size_t n)
{
    char path[] = "/tmp/songpipe-mpeg.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(write(fd, bytes, n), (ssize_t)n);
    bool yes = mpeg_mixes(fd, 0, n);
    close(fd);
    return yes;
}

/* libmpg123 may mix where both channels have the same windows, in layer III. */
static void mixing(void **state)
{
    (void)state;
    static const uint8_t alike[4][2] = { { 0, 7 }, { 8 + 4, 8 + 4 }, { 8 + 5, 8 + 5 }, { 3, 0 } },
                         unlike[4][2] = { { 0, 0 }, { 8 + 4, 0 } }, mixed[4][2] = { { 8 + 4, 8 + 4 }, { 8 + 4, 8 + 5 } };
    uint8_t file[4 * 417];
    put_frames(file, 4, NULL);
    assert_true(mixes(file, sizeof file));
    put_frames(file, 4, alike);
    assert_true(mixes(file, sizeof file));
    put_frames(file, 4, unlike);
    assert_false(mixes(file, sizeof file));
    put_frames(file, 4, mixed);
    assert_false(mixes(file, sizeof file));
    put_frames(file, 4, NULL);
    file[417 + 3] = 0xc4;                           /* a frame of one channel among those of two */
    assert_false(mixes(file, sizeof file));
    put_frames(file, 4, NULL);
    for (size_t i = 0; i < 4; i++)
        file[417 * i + 1] = 0xfd;                   /* layer II */
    assert_false(mixes(file, sizeof file));
}

/* ---- track ---- */

static void tracks(void **state)
{
    (void)state;
    struct track_spec spec = { .rate = 22050, .mix = true, .duration = -1 };
    struct track t = { .cap = 0 };
    for (int turn = 0; turn < 2; turn++) {      /* its memory is used again */
        assert_true(track_start(&t, "tests/golden/decode/tone_tag.mp3", &spec, &limits));
        struct fence *list[] = { &t.fence };
        bool ready;
        do
            fence_wait(list, 1, &ready, -1, -1);
        while (!ready || track_read(&t));
        assert_string_equal(t.why, "");
        assert_int_equal(track_have(&t), 22050);
        float second = t.x[22049], at100 = t.x[100];
        memset((char *)t.x - TRACK_FRONT, 1, TRACK_FRONT);
        track_take(&t, 100);
        assert_true(t.x[0] == at100 && t.x[21949] == second);
        track_end(&t, turn ? 0 : t.cap);
    }
    assert_null(t.x);
}

/* Seven numbers on a ring of three: whole ones, none at all, one that is not there, too large ones. */
static void several(void **state)
{
    (void)state;
    static const char song[] = "tests/golden/decode/tone_tag.mp3";
    const char *paths[] = { song, NULL, "nowhere.wav", song, song, NULL, song };
    struct track_spec spec = { .rate = 22050, .mix = true, .duration = -1 };
    for (size_t most = 0; most <= 1000; most += 1000) {
        struct tracks *t = tracks_new(3, &spec, &limits, most);
        size_t end = 0;
        for (size_t i = 0; i < 7; i++) {
            for (; end < 7 && end < i + 3; end++)
                assert_true(tracks_start(t, end, paths[end]));
            struct track *track = tracks_at(t, i);
            assert_in_range(tracks_running(t), track->running, 3);
            while (track->running)
                assert_false(tracks_wait(t, i, end - i, -1));
            assert_int_equal(track->large, paths[i] == song && most);
            if (paths[i] && paths[i] != song)
                assert_non_null(strstr(track->why, "cannot open"));
            else
                assert_string_equal(track->why, "");
            if (!track->large)
                assert_int_equal(track_have(track), paths[i] == song ? 22050 : 0);
            tracks_end(t, i);
        }
        assert_int_equal(tracks_running(t), 0);
        tracks_free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths), cmocka_unit_test(sines), cmocka_unit_test(pieces), cmocka_unit_test(children),
        cmocka_unit_test(waiting), cmocka_unit_test(sniffs), cmocka_unit_test(frames),
        cmocka_unit_test(mixing), cmocka_unit_test(tracks),
        cmocka_unit_test(several),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
