/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plot/gnuplot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unictype.h>

#include "base/utf8.h"
#include "base/version.h"

/* Blue, orange, green, purple, sky, vermillion, yellow (a little darker, for white paper), black. */
const uint32_t gnuplot_colours[GNUPLOT_COLOURS] = {
    0x0072b2, 0xe69f00, 0x009e73, 0xcc79a7, 0x56b4e9, 0xd55e00, 0xe6d21e, 0x303030,
    0x0000a5, 0x874b4b, 0x8778ff, 0x870069, 0x3c3ce1, 0x87e196, 0xc31e96, 0x2de1ff,
    0x1e4b00, 0xff4b69, 0x5a87d2, 0x875a00, 0x0fd269, 0x4b69e1, 0x692db4, 0x3c3c87,
    0x00962d, 0x5a005a, 0x00a5c3, 0x96000f, 0x7896ff, 0xa55a5a, 0x874b78, 0xf0b4e1,
    0xffa569, 0x004b3c, 0x3c0f87, 0x004b69, 0x871e4b, 0x4bb487, 0x8778b4, 0xa5c396,
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

const char *gnuplot_rare(const char *text, size_t n)
{
    static const char *const has[] = { "Common", "Inherited", "Latin", "Greek", "Cyrillic", "Armenian", "Hebrew", "Arabic",
                                       "Nko", "Lao", "Georgian", "Canadian_Aboriginal", "Ogham", "Tifinagh", "Lisu" };
    const uint8_t *p = (const uint8_t *)text, *end = p + n;
    uint32_t c;
    for (size_t size; p < end; p += size ? size : 1) {
        size = utf8_get(p, end, &c);
        const uc_script_t *script = c < 0x250 ? NULL : uc_script(c);
        bool rare = script != NULL;
        for (size_t i = 0; rare && i < sizeof has / sizeof *has; i++)
            rare = strcmp(script->name, has[i]) != 0;
        if (rare)
            return script->name;
        if (c >= 0x1f000)
            return "emoji";
    }
    return NULL;
}

void gnuplot_begin(struct str *g, const char *tool, struct gnuplot_page *page, int64_t width, int64_t height)
{
    int terminal = page->terminal;
    width = page->width = page->width ? page->width : width;
    height = page->height = page->height ? page->height : height;
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

void gnuplot_range(struct str *g, const char *axis, double low, double high, bool logarithm)
{
    double room = 0.04 * (logarithm ? log(high / low) : high - low);
    if (!(room > 0))
        room = logarithm ? log(2) : fmax(1, 0.1 * fabs(low));
    str_printf(g, "set %srange [%.7g:%.7g]\n", axis, logarithm ? low * exp(-room) : low - room,
               logarithm ? high * exp(room) : high + room);
}

void gnuplot_label(struct str *g, const char *axis, const char *text)
{
    str_printf(g, "set %slabel ", axis);
    gnuplot_quote(g, text, strlen(text), 60);
    str_printf(g, " textcolor rgb '#707070'\n");
}

enum { TIC_MOST = 24 };             /* characters of a name on an axis */

double gnuplot_tics(struct str *g, const struct gnuplot_page *page, const char *axis, const struct gnuplot_tic *v, size_t n,
                    double unit)
{
    bool dumb = page->terminal == GNUPLOT_DUMB, across = axis[0] == 'x';
    size_t longest = 0;
    double nearest = INFINITY;
    for (size_t i = 0; i < n; i++) {
        size_t columns = str_columns(v[i].text, v[i].len);
        longest = columns > longest ? columns : longest;
        nearest = i ? fmin(nearest, (v[i].at - v[i - 1].at) * unit) : nearest;
    }
    longest = longest < TIC_MOST ? longest : TIC_MOST + 1;
    double word = dumb ? (double)longest + 1 : 6.5 * (double)longest + 8;
    bool turned = across && !dumb && nearest < word;
    double each = across && !turned ? word : dumb ? 1 : 12, last = -INFINITY;
    bool upright = turned && (longest > 10 || nearest < 18);
    str_printf(g, "set %stics %s(", axis, upright ? "rotate by 90 right " : turned ? "rotate by 40 right " : "");
    for (size_t i = 0; i < n; i++) {
        if ((v[i].at - last) * unit < each)
            continue;
        str_printf(g, i ? ", " : "");
        size_t from = g->n;
        gnuplot_quote(g, v[i].text, v[i].len, TIC_MOST);
        for (size_t k = from; k < g->n; k++)        /* here it is a format */
            if (g->p[k] == '%') {
                str_char(g, '%');
                memmove(g->p + k + 1, g->p + k, g->n - k - 1);
                k++;
            }
        str_printf(g, " %.7g", last = v[i].at);
    }
    str_printf(g, ")\n");
    return upright || !across ? word : turned ? 0.7 * word : dumb ? 1 : 12;
}

void gnuplot_title(struct str *g, const struct gnuplot_page *page)
{
    if (!page->title)
        return;
    str_printf(g, "set title ");
    size_t most = (size_t)(page->terminal == GNUPLOT_DUMB ? page->width - 2 : page->width / 9);
    gnuplot_quote(g, page->title, strlen(page->title), most);
    str_printf(g, " font ',15'\n");
}

void gnuplot_viridis(struct str *g)
{
    str_printf(g, "set palette defined (0 '#440154', 1 '#472c7a', 2 '#3b518b', 3 '#2c718e', 4 '#21908d', 5 '#27ad81', "
                  "6 '#5cc863', 7 '#aadc32', 8 '#fde725')\n");
}
