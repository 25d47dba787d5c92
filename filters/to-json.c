/* to-json - write records as JSON Lines
 *
 * in      any records
 * out     text: an object a line, its members in the order of the fields
 * memory  one record
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/die.h"
#include "drive/pass.h"
#include "files/json_out.h"
#include "files/line.h"

static struct {
    const char *output;
} arg;

static const struct opt opts[] = {
    OPT_OUTPUT(0, "output", &arg.output, "write to FILE, which appears only when complete"),
    OPT_END
};
static const struct opt *const also[] = { rec_in_opts, NULL };
static const struct prog prog = {
    .name = "to-json", .brief = "write records as JSON Lines",
    .in = IO_ANY, .out = IO_TEXT, .writes = "one object per line", .opts = opts, .also = also,
};

static struct json_lost lost;

static struct rec_in *in;

static bool put_record(struct rec *r, const struct value *unused, void *state)
{
    struct line_out *out = state;
    struct str *to = &out->text;
    (void)unused;
    for (size_t i = 0; i < r->n; i++) {
        const struct field *f = r->fields + i;
        str_char(to, i ? ',' : '{');
        json_put_text(to, f->name, f->len, &lost);
        str_char(to, ':');
        if (!json_put_value(to, f->raw + f->key, f->raw + f->size, &lost))
            die(ST_STOPPED, "%s: %s cannot be written as JSON: a map whose keys are not names, or values nested over"
                " %d deep", REC_ID(r), SHORT(f->name, f->len), JSON_DEEPEST);
    }
    str_text(to, r->n ? "}" : "{}");
    line_end(out);
    if (!rec_ready(in))
        line_flush(out);
    return true;
}

int main(int argc, char **argv)
{
    in = rec_open(&prog, opt_parse(&prog, argc, argv), false);
    struct line_out *out = line_create(arg.output);
    pass_each(in, &(struct pass){ .what = "records", .any_ids = true }, put_record, out);
    line_finish(out);
    rec_close(in);
    if (lost.not_finite)
        warn("values that are NaN or infinite, written as null: %zu", lost.not_finite);
    if (lost.not_utf8)
        warn("bytes that are not UTF-8, written as U+FFFD: %zu", lost.not_utf8);
    return item_status();
}
