/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/gnuplot.h"

#include <stdio.h>
#include <string.h>

#include "base/version.h"

/* Blue, orange, green, purple, sky, vermillion, yellow (a little darker, for white paper), black. */
const uint32_t gnuplot_colours[GNUPLOT_COLOURS] = {
    0x0072b2, 0xe69f00, 0x009e73, 0xcc79a7, 0x56b4e9, 0xd55e00, 0xe6d21e, 0x303030,
};
const int gnuplot_marks[GNUPLOT_MARKS] = { 7, 9, 5, 13, 11, 15 };

void gnuplot_quote(struct str *g, const char *s, size_t n, size_t most)
{
    str_printf(g, "'");
    for (size_t i = 0, count = 0; i < n; count++) {
        if (most && count == most) {
            str_printf(g, "\u2026");
            break;
        }
        size_t size;
        unsigned char c = (unsigned char)s[i];
        if (!str_harmless(s + i, n - i, &size))
            str_printf(g, c < ' ' || c == 0x7f ? " " : "?");
        else if (c == '\'')
            str_printf(g, "\u2019");
        else
            str_put(g, s + i, size);
        i += size;
    }
    str_printf(g, "'");
}

void gnuplot_begin(struct str *g, const char *tool, int terminal, int64_t width, int64_t height)
{
    static const char *const kinds[] = { "png", "svg", "pdf", "txt" };
    static const char *const names[] = { "pngcairo", "svg", "pdfcairo", "dumb" };
    str_printf(g, "# %s, songpipe %s: gnuplot FILE > picture.%s\n", tool, songpipe_version, kinds[terminal]);
    if (terminal == GNUPLOT_PDF)
        str_printf(g, "set terminal pdfcairo size %.4g,%.4g noenhanced font 'DejaVu Sans,9' background '#ffffff'\n",
                   (double)width / 100, (double)height / 100);
    else if (terminal == GNUPLOT_DUMB)
        str_printf(g, "set terminal dumb size %lld,%lld noenhanced\n", (long long)width, (long long)height);
    else
        str_printf(g, "set terminal %s size %lld,%lld noenhanced font 'DejaVu Sans,11' background '#ffffff'\n",
                   names[terminal], (long long)width, (long long)height);
    str_printf(g, "set encoding utf8\n");
}

bool gnuplot_size(const char *text, int64_t *width, int64_t *height)
{
    long long w, h;
    int used = 0;
    if (sscanf(text, "%lldx%lld%n", &w, &h, &used) != 2 && sscanf(text, "%lld,%lld%n", &w, &h, &used) != 2)
        return false;
    *width = w;
    *height = h;
    return !text[used] && w >= 20 && w <= 20000 && h >= 20 && h <= 20000;
}

void gnuplot_axes(struct str *g)
{
    str_printf(g, "set border 3 linecolor rgb '#a0a0a0'\n"
                  "set tics nomirror out scale 0.5 textcolor rgb '#707070' font ',9'\n"
                  "set grid linetype 1 linewidth 0.6 linecolor rgb '#ececec'\n");
}

void gnuplot_viridis(struct str *g)
{
    str_printf(g, "set palette defined (0 '#440154', 1 '#472c7a', 2 '#3b518b', 3 '#2c718e', 4 '#21908d', 5 '#27ad81', "
                  "6 '#5cc863', 7 '#aadc32', 8 '#fde725')\n");
}
