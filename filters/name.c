/* name - give each cluster a name
 *
 * in      records with a cluster; labels, vectors of words or tags, titles
 * out     the same records with name, and with --label share, that of the label in the cluster
 * memory  4 bytes a record, and 4 for each label; 8 for each pair of cluster and column; read twice
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "drive/map.h"
#include "drive/naming.h"
#include "drive/pass.h"
#include "stream/value.h"

static struct {
    const char *out;
    struct opt_input from;
    int64_t count;
    struct naming_how how;
} arg = { .out = "name", .count = 3, .how = { .cluster = "cluster", .distance = "distance" } };

static const struct opt opts[] = {
    OPT_STR('c', "cluster", &arg.how.cluster, "FIELD", "clusters to name"),
    OPT_WORDS_EACH('l', "label", &arg.how.labels, "A,B,...", "name by the label that most records have"),
    OPT_WORDS_EACH('w', "words", &arg.how.words, "A,B,...", "name by the columns of these vectors that stand out: words, tags"),
    OPT_INT('n', "count", &arg.count, 1, 100, "how many of these"),
    OPT_STR('t', "title", &arg.how.title, "FIELD", "name by the text of the record nearest to the centre"),
    OPT_STR(0, "distance", &arg.how.distance, "FIELD", "the distance from the centre"),
    OPT_INPUT('f', "from", &arg.from, "names of one's own: a CSV table with the columns FIELD of --cluster and name"),
    OPT_STR('o', "output", &arg.out, "FIELD", "field to write"),
    REQUIRED("label|words|title|from", "what to name by"), NEEDS("count", "words"), NEEDS("distance", "title"),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "name", .brief = "give each cluster a name",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "cluster label", .writes = "name text",
    .example = "--label cluster", .opts = opts, .also = also,
};

static const char *input;           /* its name */
static char *share;                 /* the side field; NULL without a label */

static bool add_record(struct rec *r, const struct value *v, void *naming)
{
    item_claim(r, arg.out);
    return naming_add(naming, r, v);
}

static bool set_name(struct rec *r, const struct value *v, void *naming)
{
    if (!naming_look(naming, r))
        return false;
    if (!value_is_label(v))
        return value_no_label(r, arg.how.cluster, v);
    size_t i = naming_find(naming, v);
    if (i == SIZE_MAX)
        io_changed(input);
    const char *name = naming_name(naming, i);
    rec_set_str(r, arg.out, name, strlen(name));
    if (!share)
        return true;
    item_note_side(r, share);
    if (isnan(naming_share(naming, i)))
        rec_set_nil(r, share);
    else
        rec_set_f64(r, share, naming_share(naming, i));
    return true;
}

static void unset(struct rec *r)
{
    if (share)
        rec_set_nil(r, share);
}

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    if (strcmp(arg.out, arg.how.cluster) == 0)
        opt_misuse(&prog, "--output %s is the field of the clusters; sp-fields --map %s=FILE puts names of one's own there",
                   arg.out, arg.out);
    struct rec_in *in = rec_open(&prog, operands, true);
    struct rec_out *out = rec_create(&prog, in);
    arg.how.count = (size_t)arg.count;
    struct naming *naming = naming_new(&arg.how, rec_head(in));
    share = arg.how.labels.n ? item_side(arg.out, "name", "share") : NULL;
    input = rec_name(in);
    pass_each(in, &(struct pass){ .field = arg.how.cluster, .late_ids = true }, add_record, naming);
    if (arg.from.path)
        arg.from.xxh3 = naming_read(naming, arg.from.path);
    naming_make(naming);
    rec_rewind(in);
    const struct map m = { .in = arg.how.cluster, .out = arg.out, .keep = true, .process = set_name, .unset = unset,
                           .state = naming };
    int status = map_run(&m, in, out);
    naming_free(naming);
    free(share);
    return status;
}
