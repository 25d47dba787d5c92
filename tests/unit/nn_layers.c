/* nn layers: every layer and loss equals PyTorch's, forward and backward (golden/nn/layers)
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn.h"

#include "nn/act.h"
#include "nn/conv.h"
#include "nn/linear.h"
#include "nn/loss.h"
#include "nn/batch_norm.h"
#include "nn/optim.h"
#include "nn/vae_fit.h"
#include "nn/tiles.h"

#define TOL 1e-5

static struct safetensors *g;
static const char *file;

/* Open layers/NAME or skip. */
#define OPEN(name) do { \
        char path_[128]; \
        snprintf(path_, sizeof path_, "layers/%s", name); \
        file = name; \
        if (!(g = golden(path_))) \
            skip(); \
    } while (0)

/* x[n][d] to [blocks][d][32], and back. */
static float *side(const float *x, size_t n, size_t d)
{
    size_t blocks = (n + LINEAR_ROWS - 1) / LINEAR_ROWS;
    float *y = mem_zero(blocks * LINEAR_ROWS * d, sizeof *y);
    for (size_t r = 0; r < n; r++)
        for (size_t i = 0; i < d; i++)
            y[(r / LINEAR_ROWS * d + i) * LINEAR_ROWS + r % LINEAR_ROWS] = x[r * d + i];
    return y;
}

static float *unside(const float *y, size_t n, size_t d)
{
    float *x = mem_new(n * d, sizeof *x);
    for (size_t r = 0; r < n; r++)
        for (size_t i = 0; i < d; i++)
            x[r * d + i] = y[(r / LINEAR_ROWS * d + i) * LINEAR_ROWS + r % LINEAR_ROWS];
    return x;
}

/* Images x[n][channels][pixels] to [n][pixels][channels], in place. */
static void channels_last(float *x, size_t n, size_t channels, size_t pixels)
{
    size_t size = channels * pixels;
    float *from = mem_new(size, sizeof *from);
    for (; n; n--, x += size) {
        memcpy(from, x, size * sizeof *x);
        for (size_t i = 0; i < size; i++)
            x[i % pixels * channels + i / pixels] = from[i];
    }
    free(from);
}

static void linear(const char *name, bool biased)
{
    OPEN(name);
    size_t n = dim(g, "x", 0), in = dim(g, "x", 1), out = dim(g, "weight", 0);
    size_t blocks = (n + LINEAR_ROWS - 1) / LINEAR_ROWS;
    float *rows = values(g, "x", NULL), *x = side(rows, n, in), *w = values(g, "weight", NULL);
    float *b = biased ? values(g, "bias", NULL) : NULL, *drows = values(g, "dy", NULL), *dy = side(drows, n, out);
    float *y = mem_zero(blocks * LINEAR_ROWS * out, sizeof *y), *dx = mem_zero(blocks * LINEAR_ROWS * in, sizeof *dx);
    float *dw = mem_new(in * out, sizeof *dw), *db = mem_new(out, sizeof *db), *one = mem_new(n * out, sizeof *one);
    for (size_t k = 0; k < blocks; k++) {
        linear_forward(in, out, w, b, x + k * LINEAR_ROWS * in, y + k * LINEAR_ROWS * out, LINEAR_ROWS);
        linear_input(in, out, w, dy + k * LINEAR_ROWS * out, dx + k * LINEAR_ROWS * in, false);
        linear_input(in, out, w, dy + k * LINEAR_ROWS * out, dx + k * LINEAR_ROWS * in, true);
    }
    for (size_t i = 0; i < blocks * LINEAR_ROWS * in; i++)
        dx[i] /= 2;                             /* it was added to itself */
    for (size_t i = 0; i < in; i += LINEAR_ROWS)
        linear_weight(in, out, x, dy, blocks, i, dw, NULL);
    linear_bias(out, dy, blocks, db, NULL);
    for (size_t i = 0; i < in; i += LINEAR_ROWS) {      /* a block after the other: the same bits */
        size_t cols = in - i < LINEAR_ROWS ? in - i : LINEAR_ROWS;
        float *sums = mem_zero(out * LINEAR_ROWS, sizeof *sums), *parts = mem_new(in * out, sizeof *parts);
        for (size_t k = 0; k < blocks; k++)
            linear_weight(in, out, x + k * LINEAR_ROWS * in, dy + k * LINEAR_ROWS * out, 1, i, k + 1 < blocks ? NULL : parts, sums);
        for (size_t o = 0; o < out; o++)
            assert_memory_equal(parts + o * in + i, dw + o * in + i, cols * sizeof *dw);
        free(sums);
        free(parts);
    }
    double *bias_sums = mem_zero(out * LINEAR_SUMS, sizeof *bias_sums);
    float *db_parts = mem_new(out, sizeof *db_parts);
    for (size_t k = 0; k < blocks; k++)
        linear_bias(out, dy + k * LINEAR_ROWS * out, 1, k + 1 < blocks ? NULL : db_parts, bias_sums);
    assert_memory_equal(db_parts, db, out * sizeof *db);
    free(bias_sums);
    free(db_parts);
    for (size_t r = 0; r < n; r++)
        linear_forward(in, out, w, b, rows + r * in, one + r * out, 1);
    float *y_rows = unside(y, n, out), *dx_rows = unside(dx, n, in);
    same(file, g, "y", y_rows, TOL);
    same(file, g, "y", one, TOL);
    same(file, g, "dx", dx_rows, TOL);
    same(file, g, "dweight", dw, TOL);
    if (biased)
        same(file, g, "dbias", db, TOL);
    float *all[] = { rows, x, w, b, drows, dy, y, dx, dw, db, one, y_rows, dx_rows };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    safetensors_close(g);
}

static void linears(void **state)
{
    (void)state;
    linear("linear", true);
    linear("linear_nobias", false);
    linear("linear_mid", true);
}

static void activations(void **state)
{
    (void)state;
    static const struct { const char *name; enum act kind; } kinds[] = {
        { "relu", ACT_RELU }, { "leaky_relu", ACT_LEAKY_RELU }, { "gelu", ACT_GELU }, { "tanh", ACT_TANH },
        { "sigmoid", ACT_SIGMOID } };
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        OPEN(kinds[k].name);
        size_t n;
        float *x = values(g, "x", &n), *dy = values(g, "dy", NULL), *y = mem_new(n, sizeof *y), *dx = mem_new(n, sizeof *dx);
        act_forward(kinds[k].kind, 0.2f, x, y, n);
        act_backward(kinds[k].kind, 0.2f, x, y, dy, dx, n);
        same(file, g, "y", y, TOL);
        same(file, g, "dx", dx, TOL);
        if (act_in_place(kinds[k].kind)) {
            act_forward(kinds[k].kind, 0.2f, x, x, n);
            act_backward(kinds[k].kind, 0.2f, x, x, dy, dy, n);
            same("in place", g, "dx", dy, TOL);
        }
        free(x); free(dy); free(y); free(dx);
        safetensors_close(g);
    }
}

/* Two steps of x[2][B][C][pixels]; rows (pixels 1) laid side by side, images with channels last. */
static void norm(const char *name, bool train)
{
    OPEN(name);
    size_t B = dim(g, "x", 1), C = dim(g, "x", 2), count, pixels;
    float *x = values(g, "x", &count), *dy = values(g, "dy", NULL), *w = values(g, "weight", NULL);
    float *b = values(g, "bias", NULL), *mean = values(g, "running_mean", NULL), *var = values(g, "running_var", NULL);
    pixels = count / 2 / B / C;
    bool rows = pixels == 1;
    size_t ld = LINEAR_ROWS, N = B * pixels, size = B * C * pixels, all_size = rows ? C * ld : size;
    float *y_all = mem_new(count, sizeof *x), *dx_all = mem_new(count, sizeof *x);
    float *means = mem_new(2 * C, sizeof *means), *vars = mem_new(2 * C, sizeof *vars);
    float *dw = mem_zero(C, sizeof *dw), *db = mem_zero(C, sizeof *db);
    struct norm_stat *stat = mem_new(C, sizeof *stat);
    if (!rows) {
        channels_last(x, 2 * B, C, pixels);
        channels_last(dy, 2 * B, C, pixels);
    }
    for (size_t step = 0; step < 2; step++) {
        float *xs = x + step * size, *dys = dy + step * size;
        if (rows) {
            xs = side(xs, B, C);
            dys = side(dys, B, C);
        }
        float *y = mem_new(all_size, sizeof *y), *dx = mem_new(all_size, sizeof *dx);
        double *sums = mem_zero(2 * C, sizeof *sums), *back = mem_zero(2 * C, sizeof *back);
        struct norm by = { stat, w, b };
        struct norm_part part = { C, rows ? ld : 0, N }, one = { C, 0, pixels };
        if (rows)
            batch_norm_sums(&part, xs, sums);
        else
            for (size_t i = 0; i < B; i++)
                batch_norm_sums(&one, xs + i * C * pixels, sums);
        for (size_t c = 0; c < C; c++) {
            stat[c] = train ? batch_norm_stat(sums + 2 * c, N) : batch_norm_running(mean[c], var[c]);
            if (train)
                batch_norm_follow(sums + 2 * c, N, mean + c, var + c);
        }
        batch_norm_forward(&by, &part, xs, y);
        batch_norm_backward_sums(&by, &part, xs, dys, back);
        batch_norm_backward(&by, &part, back, N, xs, dys, dx);
        for (size_t c = 0; c < C; c++) {
            db[c] += (float)back[2 * c];
            dw[c] += (float)back[2 * c + 1];
        }
        float *y_rows = rows ? unside(y, B, C) : y, *dx_rows = rows ? unside(dx, B, C) : dx;
        if (!rows) {                            /* back to PyTorch's order */
            channels_last(y, B, pixels, C);
            channels_last(dx, B, pixels, C);
        }
        memcpy(y_all + step * size, y_rows, size * sizeof *y);
        memcpy(dx_all + step * size, dx_rows, size * sizeof *y);
        memcpy(means + step * C, mean, C * sizeof *mean);
        memcpy(vars + step * C, var, C * sizeof *var);
        if (rows) {
            free(xs); free(dys); free(y_rows); free(dx_rows);
        }
        free(y); free(dx); free(sums); free(back);
    }
    same(file, g, "y", y_all, TOL);
    same(file, g, "running_mean_after", means, TOL);
    same(file, g, "running_var_after", vars, TOL);
    same(file, g, "dweight", dw, TOL);
    same(file, g, "dbias", db, TOL);
    if (train)
        same(file, g, "dx", dx_all, TOL);
    float *all[] = { x, dy, w, b, mean, var, y_all, dx_all, means, vars, dw, db };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    free(stat);
    safetensors_close(g);
}

static void norms(void **state)
{
    (void)state;
    norm("batchnorm1d_train", true);
    norm("batchnorm1d_eval", false);
    norm("batchnorm2d_train", true);
    norm("batchnorm2d_eval", false);
}

/* The weights as conv_down or conv_up wants them. */
static float *packed(const struct conv *c, const float *w, bool up)
{
    float *p = mem_zero(conv_packed(c, up), sizeof *p);
    for (size_t part = 0; part < CONV_PARTS; part++)
        conv_pack(c, up, w, p, part);
    return p;
}

/* A convolution, or, if `up`, a transposed one. */
static void convolution(const char *name, size_t stride, bool up)
{
    OPEN(name);
    size_t n = dim(g, "x", 0), k = dim(g, "weight", 2);
    struct conv c = { .kernel = k, .stride = stride, .pad = 1, .out = dim(g, "weight", 0), .in = dim(g, "weight", 1) };
    const char *big = up ? "y" : "x", *small = up ? "x" : "y";
    c.h = dim(g, big, 2);
    c.w = dim(g, big, 3);
    c.oh = dim(g, small, 2);
    c.ow = dim(g, small, 3);
    assert_int_equal(conv_size(c.h, k, stride, 1), c.oh);
    assert_int_equal(conv_size(c.w, k, stride, 1), c.ow);
    size_t nx, ny, nw;
    float *x = values(g, "x", &nx), *dy = values(g, "dy", &ny), *w = values(g, "weight", &nw), *b = values(g, "bias", NULL);
    float *y = mem_new(ny, sizeof *y), *dx = mem_new(nx, sizeof *dx), *dw = mem_new(nw, sizeof *dw);
    float *db = mem_new(c.in + c.out, sizeof *db), *packed_down = packed(&c, w, false), *packed_up = packed(&c, w, true);
    float *scratch = mem_aligned(conv_scratch(&c), sizeof *scratch);
    size_t from = up ? c.out : c.in, to = up ? c.in : c.out, pixels = c.h * c.w, small_pixels = c.oh * c.ow;
    channels_last(x, n, from, up ? small_pixels : pixels);
    channels_last(dy, n, to, up ? pixels : small_pixels);
    if (up) {
        conv_up(&c, packed_up, b, x, y, n, scratch);
        conv_down(&c, packed_down, NULL, dy, dx, n, scratch);
    } else {
        conv_down(&c, packed_down, b, x, y, n, scratch);
        conv_up(&c, packed_up, NULL, dy, dx, n, scratch);
    }
    for (size_t i = 0; i < conv_slices(&c); i++)
        conv_weight(&c, up ? dy : x, up ? x : dy, dw, n, i, scratch, NULL);
    double sums[64];
    conv_bias(dy, to, n * (up ? pixels : small_pixels), sums);
    for (size_t i = 0; i < to; i++)
        db[i] = (float)sums[i];
    channels_last(y, n, up ? pixels : small_pixels, to);        /* back to PyTorch's order */
    channels_last(dx, n, up ? small_pixels : pixels, from);
    same(file, g, "y", y, TOL);
    same(file, g, "dx", dx, TOL);
    same(file, g, "dweight", dw, TOL);
    same(file, g, "dbias", db, TOL);
    float *all[] = { x, dy, w, b, y, dx, dw, db, packed_down, packed_up, scratch };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    safetensors_close(g);
}

static void convolutions(void **state)
{
    (void)state;
    static const char *const down[] = { "conv2d_k3_even", "conv2d_k3_odd", "conv2d_k4_even", "conv2d_k4_odd", "conv2d_mid" };
    static const char *const up[] = { "convt2d_k3_even", "convt2d_k3_odd", "convt2d_k4_even", "convt2d_k4_odd", "convt2d_mid" };
    for (size_t i = 0; i < 5; i++) {
        convolution(down[i], 2, false);
        convolution(up[i], 2, true);
    }
    convolution("conv2d_k3_s1", 1, false);
}

/* Sums of small whole numbers are exact, but of tiles they have thirds in them. */
static void equal(const float *got, const double *want, size_t n, bool tiles)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(want[i]));
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - want[i]) <= (tiles ? TOL * largest : 0))) fail_msg("%g not %g (largest %g) tiles %d", (double)got[i], want[i], largest, tiles);
}

/* The weights' sums over some images and then the others have the bits of those over all. */
static void in_parts(const struct conv *c, float *x, size_t nx, const float *y, size_t n, size_t nw, float *scratch)
{
    float *all = mem_new(nw, 4), *dw = mem_new(nw, 4), *sums = mem_aligned(conv_sums(c), 4);
    for (size_t i = 0; i < nx; i++)
        x[i] *= 0.123f + (float)(i % 31);
    for (size_t i = 0; i < conv_slices(c); i++) {
        conv_weight(c, x, y, all, n, i, scratch, NULL);
        memset(sums, 0, conv_sums(c) * 4);
        for (size_t at = 0, many = 1; at < n; at += many, many = n - at)
            conv_weight(c, x + at * nx / n, y + at * c->out * c->oh * c->ow, at ? dw : NULL, many, i, scratch, sums);
    }
    assert_memory_equal(dw, all, nw * 4);
    free(all);
    free(dw);
    free(sums);
}

/* Any kernel, stride and size: the products against the sums as they are written in conv.h. */
static void convolution_slow(void **state)
{
    (void)state;
    static const struct { size_t kernel, stride, h, w, in, out; bool tiles; } cases[] = {
        { 5, 3, 11, 13, 2, 9, false }, { 2, 2, 5, 70, 3, 9, false }, { 7, 1, 9, 8, 1, 9, false }, { 1, 1, 4, 4, 2, 9, false },
        { 5, 5, 23, 17, 2, 9, false }, { 6, 4, 40, 37, 3, 9, false }, { 3, 2, 3, 100, 35, 9, false },
        { 16, 8, 33, 20, 1, 33, false }, { 3, 1, 8, 9, 32, 16, false }, { 4, 2, 3, 3, 16, 16, false },
        { 4, 2, 16, 32, 32, 64, true }, { 3, 2, 16, 16, 32, 32, true }, { 4, 2, 13, 19, 16, 48, true },
        { 3, 2, 15, 33, 48, 16, true }, { 2, 1, 9, 8, 16, 32, true }, { 5, 3, 46, 33, 16, 16, true },
        { 6, 3, 50, 60, 32, 16, true } };
    for (size_t t = 0; t < sizeof cases / sizeof *cases; t++) {
        struct conv c = { .kernel = cases[t].kernel, .stride = cases[t].stride, .h = cases[t].h, .w = cases[t].w,
                          .in = cases[t].in, .out = cases[t].out, .pad = (cases[t].kernel - 1) / 2 };
        c.oh = conv_size(c.h, c.kernel, c.stride, c.pad);
        c.ow = conv_size(c.w, c.kernel, c.stride, c.pad);
        assert_int_equal(tiles_fit(&c), cases[t].tiles);
        size_t n = 5, nx = n * c.in * c.h * c.w, ny = n * c.out * c.oh * c.ow, k = c.kernel, nw = c.out * c.in * k * k;
        float *x = mem_new(nx, 4), *y = mem_new(ny, 4), *w = mem_new(nw, 4);
        float *to = mem_new(nx + ny + nw, 4), bias[64];
        double *down = mem_zero(ny, 8), *up = mem_zero(nx, 8), *dw = mem_zero(nw, 8);
        float *scratch = mem_aligned(conv_scratch(&c), 4);
        for (size_t i = 0; i < 64; i++)
            bias[i] = (float)i;
        for (size_t i = 0; i < nx; i++)
            x[i] = (float)((int)(i * 7919 % 23) - 11);
        for (size_t i = 0; i < ny; i++)
            y[i] = (float)((int)(i * 6151 % 19) - 9);
        for (size_t i = 0; i < nw; i++)
            w[i] = (float)((int)(i * 3571 % 17) - 8);
        for (size_t i = 0; i < ny; i++)
            down[i] = (double)bias[i % c.out];
        for (size_t i = 0; i < nx; i++)
            up[i] = (double)bias[i % c.in];
        for (size_t b = 0; b < n; b++)
            for (size_t q = 0; q < c.oh * c.ow; q++)
                for (size_t i = 0; i < c.in * k * k; i++) {
                    size_t row = q / c.ow * c.stride + i / k % k - c.pad, col = q % c.ow * c.stride + i % k - c.pad;
                    if (row >= c.h || col >= c.w)
                        continue;
                    size_t at_x = ((b * c.h + row) * c.w + col) * c.in + i / k / k, at_y = (b * c.oh * c.ow + q) * c.out;
                    for (size_t o = 0; o < c.out; o++) {
                        size_t at_w = o * c.in * k * k + i;
                        down[at_y + o] += (double)w[at_w] * (double)x[at_x];
                        up[at_x] += (double)w[at_w] * (double)y[at_y + o];
                        dw[at_w] += (double)x[at_x] * (double)y[at_y + o];
                    }
                }
        float *packed_down = packed(&c, w, false), *packed_up = packed(&c, w, true);
        conv_down(&c, packed_down, bias, x, to, n, scratch);
        equal(to, down, ny, cases[t].tiles);
        conv_up(&c, packed_up, bias, y, to, n, scratch);
        equal(to, up, nx, cases[t].tiles);
        for (size_t i = 0; i < conv_slices(&c); i++)
            conv_weight(&c, x, y, to, n, i, scratch, NULL);
        equal(to, dw, nw, cases[t].tiles);
        in_parts(&c, x, nx, y, n, nw, scratch);
        free(x); free(y); free(w); free(packed_down); free(packed_up); free(to); free(down); free(up); free(dw); free(scratch);
    }
}

static void losses(void **state)
{
    (void)state;
    OPEN("reparam");
    size_t n, d;
    float *mu = values(g, "mu", &n), *logvar = values(g, "logvar", NULL), *eps = values(g, "eps", NULL), *dy = values(g, "dy", NULL);
    float *z = mem_new(n, sizeof *z), *dmu = mem_new(n, sizeof *z), *dlogvar = mem_new(n, sizeof *z);
    loss_sample(mu, logvar, eps, z, n);
    loss_sample_backward(logvar, eps, dy, dmu, dlogvar, n);
    same(file, g, "y", z, TOL);
    same(file, g, "dmu", dmu, TOL);
    same(file, g, "dlogvar", dlogvar, TOL);
    free(mu); free(logvar); free(eps); free(dy); free(z); free(dmu); free(dlogvar);
    safetensors_close(g);
    for (int mean = 0; mean < 2; mean++) {
        OPEN(mean ? "kl_mean" : "kl");
        n = dim(g, "mu", 0);
        d = dim(g, "mu", 1);
        float *m = values(g, "mu", NULL), *l = values(g, "logvar", NULL), *want = values(g, "y", NULL);
        float *ms = side(m, n, d), *ls = side(l, n, d), scale[16];
        double sums[16] = { 0 }, rows[16] = { 0 }, total = 0, by = (double)(mean ? n * d : n);
        loss_kl(ms, ls, d, LINEAR_ROWS, n, sums, rows);
        for (size_t j = 0; j < d; j++) {
            total += sums[j];
            scale[j] = (float)(1 / by);
        }
        near_to("kl", total / by, (double)want[0], TOL);
        float *gm = mem_zero(d * LINEAR_ROWS, sizeof *gm), *gl = mem_zero(d * LINEAR_ROWS, sizeof *gl);
        loss_kl_backward(ms, ls, scale, gm, gl, d, LINEAR_ROWS, n);
        float *gm_rows = unside(gm, n, d), *gl_rows = unside(gl, n, d);
        same(file, g, "dmu", gm_rows, TOL);
        same(file, g, "dlogvar", gl_rows, TOL);
        if (!mean) {
            float *want_rows = values(g, "rows", NULL);
            for (size_t r = 0; r < n; r++)
                near_to("kl of a row", rows[r], (double)want_rows[r], TOL);
            free(want_rows);
        }
        free(m); free(l); free(want); free(ms); free(ls); free(gm); free(gl); free(gm_rows); free(gl_rows);
        safetensors_close(g);
    }
    static const char *const names[] = { "mse", "mse_sum", "mse_mean" };
    for (int i = 0; i < 3; i++) {
        OPEN(names[i]);
        float *y = values(g, "xhat", &n), *x = values(g, "x", NULL), *want = values(g, "y", NULL), *dx = mem_new(n, sizeof *dx);
        double by = i == 0 ? (double)dim(g, "x", 0) : i == 1 ? 1 : (double)n;
        near_to("mse", loss_recon(RECON_MSE, y, x, dx, (float)(1 / by), n) / by, (double)want[0], TOL);
        same(file, g, "dxhat", dx, TOL);
        free(y); free(x); free(want); free(dx);
        safetensors_close(g);
    }
}

/* No golden has them: closed forms. */
static void other_losses(void **state)
{
    (void)state;
    const float y[] = { -3, 0, 2.5f, 100, -100 }, x[] = { 0, 0.25f, 1, 1, 0 };
    float dy[5];
    near_to("l1", loss_recon(RECON_L1, y, x, dy, 2, 5), 3 + 0.25 + 1.5 + 99 + 100, 1e-6);
    const float sign[] = { -2, -2, 2, 2, -2 };
    for (int i = 0; i < 5; i++)
        assert_float_equal(dy[i], sign[i], 0);
    double want = log1p(exp(-3)) + log(2) + log1p(exp(-2.5));
    near_to("bce", loss_recon(RECON_BCE, y, x, dy, 2, 5), want, 1e-6);
    for (int i = 0; i < 5; i++)
        assert_true(fabs((double)dy[i] - 2 * (1 / (1 + exp(-(double)y[i])) - (double)x[i])) <= 1e-6);
}

/* From the clipped gradients alone: values and states of every step. */
static void optimisers(void **state)
{
    (void)state;
    static const struct { const char *name; double wd; bool decoupled; double clip; bool cosine; } kinds[] = {
        { "adam", 0, false, 0, false }, { "adam_l2", 1e-5, false, 0, false }, { "adam_l2_large", 0.1, false, 0, false },
        { "adamw", 1e-2, true, 0, false }, { "adam_l2_clip_cosine", 1e-5, false, 1, true } };
    static const char *const params[] = { "w1", "b1", "w2", "b2" };
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        char name[64];
        snprintf(name, sizeof name, "optim/%s", kinds[k].name);
        if (!(g = golden(name)))
            skip();
        struct adam a = { 0.9, 0.999, 1e-8, kinds[k].wd, kinds[k].decoupled };
        struct rate rate = { .kind = kinds[k].cosine ? SCHEDULE_COSINE : SCHEDULE_CONSTANT, .lr = 1e-2, .epochs = 5 };
        float *lr = values(g, "lr", NULL), *norm = values(g, "norm", NULL);
        double squares[5] = { 0 };
        for (int i = 0; i < 4; i++) {
            char what[5][32];
            static const char *const leaves[] = { "value", "grad", "clipped", "m", "v" };
            float *t[5];
            size_t n = 0;
            for (int j = 0; j < 5; j++) {
                snprintf(what[j], sizeof what[j], "%s.%s", params[i], leaves[j]);
                t[j] = values(g, what[j], &n);
            }
            n /= 5;
            float *w = mem_new(6 * n, 4), *m = mem_zero(6 * n, 4), *v = mem_zero(6 * n, 4);
            memcpy(w, t[0], n * sizeof *w);
            for (size_t s = 0; s < 5; s++) {
                double f = clip_factor((double)norm[s], kinds[k].clip);
                for (size_t e = 0; e < n; e++)
                    near_to("clipped", (double)t[1][s * n + e] * f, (double)t[2][s * n + e], 1e-6);
                squares[s] += clip_squares(t[1] + s * n, n);
                near_to("rate", rate_at(&rate, (double)s, s), (double)lr[s], 1e-6);
                memcpy(w + (s + 1) * n, w + s * n, n * sizeof *w);
                memcpy(m + (s + 1) * n, m + s * n, n * sizeof *w);
                memcpy(v + (s + 1) * n, v + s * n, n * sizeof *w);
                adam_step(&a, rate_at(&rate, (double)s, s), s + 1, f, w + (s + 1) * n, t[1] + s * n, m + (s + 1) * n,
                          v + (s + 1) * n, n);
            }
            same(kinds[k].name, g, what[0], w, 1e-6);
            same(kinds[k].name, g, what[3], m + n, TOL);
            same(kinds[k].name, g, what[4], v + n, TOL);
            free(w); free(m); free(v);
            for (int j = 0; j < 5; j++)
                free(t[j]);
        }
        for (int s = 0; s < 5; s++)
            near_to("norm", sqrt(squares[s]), (double)norm[s], TOL);
        free(lr); free(norm);
        safetensors_close(g);
    }
    if (!(g = golden("optim/cosine")))
        skip();
    static const struct { const char *name; double T, lo; } cosines[] = {
        { "T10_min0", 10, 0 }, { "T50_min0", 50, 0 }, { "T200_min0", 200, 0 }, { "T20_min1e-05", 20, 1e-5 } };
    for (int i = 0; i < 4; i++) {
        struct rate rate = { .kind = SCHEDULE_COSINE, .lr = 1e-3, .lr_min = cosines[i].lo, .epochs = cosines[i].T };
        float *got = mem_new((size_t)cosines[i].T + 1, sizeof *got);
        for (size_t e = 0; e <= (size_t)cosines[i].T; e++)
            got[e] = (float)rate_at(&rate, (double)e, 0);
        same("cosine", g, cosines[i].name, got, 1e-6);
        free(got);
    }
    safetensors_close(g);
}

static void rates(void **state)
{
    (void)state;
    struct rate step = { .kind = SCHEDULE_STEP, .lr = 1, .step_size = 3, .gamma = 0.1, .warmup = 4 };
    near_to("warm-up", rate_at(&step, 0, 0), 0.25, 1e-12);
    near_to("warm-up", rate_at(&step, 0, 2), 0.75, 1e-12);
    near_to("step", rate_at(&step, 2, 9), 1, 1e-12);
    near_to("step", rate_at(&step, 7, 9), 0.01, 1e-12);
    near_to("linear", anneal_at(ANNEAL_LINEAR, 4, 3), 0.75, 1e-12);
    near_to("linear", anneal_at(ANNEAL_LINEAR, 4, 9), 1, 1e-12);
    near_to("cyclical", anneal_at(ANNEAL_CYCLICAL, 8, 9), 0.25, 1e-12);
    near_to("cyclical", anneal_at(ANNEAL_CYCLICAL, 8, 14), 1, 1e-12);
    near_to("constant", anneal_at(ANNEAL_CONSTANT, 1, 14), 1, 1e-12);
    assert_true(anneal_at(ANNEAL_LINEAR, 4, 0) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linears), cmocka_unit_test(activations), cmocka_unit_test(norms),
        cmocka_unit_test(convolutions), cmocka_unit_test(convolution_slow), cmocka_unit_test(losses),
        cmocka_unit_test(other_losses), cmocka_unit_test(optimisers),
        cmocka_unit_test(rates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
