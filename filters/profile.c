/* profile - describe each cluster: medoid, largest columns, majorities
 *
 * in      records with a cluster, a vector x (or none) and fields of truth
 * out     one record for each cluster
 * memory  all vectors, 20 bytes a number for the silhouette, and 8 bytes for each pair of record
 *         and cluster, but no more than 256 MB for these
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/budget.h"
#include "drive/profiles.h"

static struct {
    const char *cluster;
    struct opt_words truth;
    struct opt_pairs set;
    int noise;
    struct profiles how;
} arg = { .cluster = "cluster", .noise = NOISE_CLUSTER, .how = { .input = "x" } };

static const struct opt opts[] = {
    OPT_STR('i', "input", &arg.how.input, "FIELD", "vectors that were clustered"),
    OPT_STR('c', "cluster", &arg.cluster, "FIELD", "clusters to describe"),
    OPT_WORDS_EACH('t', "truth", &arg.truth, "A,B,...", "fields whose majority to report"),
    OPT_CHOICE(0, "noise", &arg.noise, "cluster|drop", "what cluster -1 is: a cluster, or left out"),
    OPT_FLAG(0, "cosine", &arg.how.cosine, "also compute the silhouette by cosine distance"),
    OPT_FLAG(0, "no-silhouette", &arg.how.no_silhouette, "skip the silhouette, which takes longest"),
    OPT_PAIRS('s', "set", &arg.set, "NAME=VALUE", "id", "set a field of each record; may be given several times"),
    OPT_JOBS(0),
    EXCLUDES("cosine", "no-silhouette"),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "profile", .brief = "describe each cluster: medoid, largest columns, majorities",
    .in = IO_RECORDS, .out = IO_RECORDS, .reads = "x vector, cluster label", .writes = "size number, medoid text, top text",
    .opts = opts, .also = also,
};

int main(int argc, char **argv)
{
    char **operands = opt_parse(&prog, argc, argv);
    struct rec_in *in = rec_open(&prog, operands, false);
    struct scored *s = scored_read(in, arg.how.input, NULL, arg.cluster, &arg.truth, true);
    struct rec_out *out = rec_create(&prog, in);
    struct scores to = { .set = &arg.set };
    head_clear_columns(rec_out_head(out));
    arg.how.columns = head_columns(rec_head(in), arg.how.input);
    scored_noise(s, (enum scored_noise)arg.noise);
    profiles_write(&arg.how, s, &to, out);
    scores_free(&to);
    rec_finish(out);
    rec_close(in);
    scored_free(s);
    return item_status();
}
