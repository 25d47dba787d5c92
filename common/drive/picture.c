/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drive/picture.h"

#include <unistd.h>

#include "base/die.h"
#include "base/progress.h"
#include "drive/item.h"
#include "files/line.h"

static struct gnuplot_page wanted;
static const char *size;

const struct opt picture_opts[] = {
    OPT_STR('t', "title", &wanted.title, "TEXT", "title of the picture"),
    OPT_CHOICE(0, "terminal", &wanted.terminal, GNUPLOT_TERMINALS, "gnuplot terminal: the kind of picture"),
    OPT_STR(0, "size", &size, "WxH", "size in pixels; for dumb, in characters"),
    OPT_END
};
const struct opt *const picture_also[] = { picture_opts, rec_in_opts, NULL };

char **picture_parse(const struct prog *prog, int argc, char **argv, struct gnuplot_page *page)
{
    char **operands = opt_parse(prog, argc, argv);
    if (size && !gnuplot_size(size, &wanted.width, &wanted.height))
        opt_misuse(prog, "--size '%s' is not WIDTHxHEIGHT, 20 to 20000 each", size);
    opt_need_stdin(prog, operands);
    if (isatty(STDOUT_FILENO))
        die(ST_USAGE, "a program for gnuplot is not written to a terminal: %s ... | gnuplot%s, or > FILE", prog->name,
            wanted.terminal == GNUPLOT_DUMB ? "" : " > picture.png");
    *page = wanted;
    return operands;
}

int picture_write(struct str *g)
{
    const char *rare = wanted.terminal == GNUPLOT_PNG || wanted.terminal == GNUPLOT_PDF ? gnuplot_rare(g->p, g->n) : NULL;
    if (rare && !progress_quiet)
        warn("there are letters of the script %s: if no font here has them, gnuplot draws huge boxes; install one (Debian's"
             " fonts-noto-core has most), or give --terminal svg", rare);
    struct line_out *out = line_create(NULL);
    str_free(&out->text);
    out->text = *g;
    *g = (struct str){ NULL, 0, 0 };
    line_cut(out);
    line_finish(out);
    return item_status();
}
