/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/elsewhere.h"

#include <stdbool.h>
#include <string.h>

#include "base/opt_kind.h"

#define TRAINERS "vae-train|contrast-train"
#define FRAMES "mfcc|logmel|chromagram|descriptors"
#define PLOTS "scatter|heatmap|curve"
#define EXACT "dbscan|hdbscan|neighbours|outliers|journey"
#define EUCLIDEAN "distances are Euclidean; between vectors that l2norm made they order pairs as the cosine does: l2norm | "

/* Programs (NULL: all) and names, as "one|two". Names are those of scikit-learn, librosa, PyTorch, umap-learn,
 * sentence-transformers and pandas, and what else is likely. */
static const struct known { const char *programs, *names, *says; } known[] = {
    { NULL, "load", "--model" },
    { NULL, "k|n|n-components|n-classes", "--n-clusters" },
    { NULL, "k|n-clusters|dims|dim|d", "--n-components" },
    { NULL, "dims|dim|d|n", "--components" },
    { NULL, "random-state|random-seed", "--seed" },
    { NULL, "threads|n-jobs|workers|num-workers|n-threads|cores|cpus", "--jobs" },
    { NULL, "sr|sample-rate", "--rate" },
    { NULL, "learning-rate", "--lr" },
    { NULL, "o|out", "--output" },
    { NULL, "h", "--help" },
    { NULL, "V", "--version" },
    { NULL, "sep|separator", "--delimiter" },
    { NULL, "verbose|v", "--progress" },
    { NULL, "device|gpu|cuda|use-gpu", "all is computed on the processor: -j N or -j 0 where there is -j" },
    { NULL, "field|column", "--input" },

    { "kmeans", "metric|distance", EUCLIDEAN "kmeans" },
    { "agglo", "metric|affinity", EUCLIDEAN "agglo" },
    { "spectral", "metric", EUCLIDEAN "spectral" },
    { "mixture", "metric", "mixtures use no distance; --covariance says how clusters spread" },
    { "kmeans", "algorithm", "the clusters do not depend on it" },
    { "kmeans", "batch-size", "--batch" },
    { "kmeans", "max-no-improvement", "with --batch, ten batches in a row that are no better end it" },
    { "agglo", "distance-threshold|cut|height", "--distance" },
    { "agglo", "compute-distances|compute-full-tree|dendrogram", "--tree" },
    { "spectral", "assign-labels", "--labels" },
    { "spectral", "n-components", "there are as many as clusters" },
    { EXACT, "algorithm|leaf-size", "neighbours are exact: nothing depends on it" },
    { EXACT "|tsne|umap", "metric-params|metric-kwds", "--metric is euclidean or cosine" },
    { "dbscan", "k|n-clusters", "the number of clusters comes of --eps and --min-samples; kmeans and agglo take one" },
    { "hdbscan", "k|n-clusters", "the number of clusters comes of --min-cluster-size; kmeans and agglo take one" },
    { "hdbscan", "cluster-selection-epsilon", "--epsilon" },
    { "hdbscan", "cluster-selection-method", "--method" },
    { "hdbscan", "max-cluster-size", "no size is too large; --method leaf takes the smallest clusters" },
    { "mixture", "covariance-type", "--covariance" },
    { "mixture", "means-init", "--init" },
    { "mixture", "init-params", "it begins with the clusters of kmeans, or of --init FILE" },
    { "tsne", "max-iter|n-epochs|epochs", "--n-iter" },
    { "tsne", "n-neighbors|k", "--perplexity" },
    { "tsne", "method|exact", "--angle 0 is exact, any other angle is Barnes and Hut's" },
    { "umap", "perplexity", "--n-neighbors" },
    { "umap", "max-iter|n-iter|epochs", "--n-epochs" },
    { "umap|tsne", "target|target-metric|target-weight|labels|y", "labels do not help to draw a map: lda before it does that" },
    { "pca", "svd-solver", "--solver" },
    { "lda", "shrinkage", "--ridge" },
    { "lda", "label|labels|target|truth|y", "--by" },
    { "whiten", "n-components", "pca -n N --whiten keeps some" },
    { "zscore", "with-mean|with-std|center|scale", "each column gets mean 0 and deviation 1, always" },
    { "zscore", "minmax|min-max|feature-range|robust|method",
      "columns get mean 0 and deviation 1, and cannot be scaled otherwise" },
    { "tfidf", "ngram-range", "--ngrams" },
    { "tfidf", "use-idf|idf", "--no-idf" },
    { "tfidf", "lowercase", "--no-lowercase" },
    { "tfidf", "analyzer|tokenizer|preprocessor|token-pattern", "--token" },
    { "tfidf", "vocabulary", "--save FILE keeps the terms, --model FILE takes them" },
    { "tfidf|from-csv|from-json|tracks", "encoding",
      "texts are UTF-8, tables also UTF-16 with a mark: iconv helps with others" },
    { "outliers", "contamination|threshold", "each record gets a number: sp-match outlier gt X takes those above X" },
    { "neighbours", "radius|eps", "a song has always so many: --n-neighbors" },
    { "neighbours", "id|song|query", "--of" },
    { "neighbours", "n|count|top", "--n-neighbors" },
    { "metrics|profile", "labels|label", "--cluster FIELD is what is scored, --truth FIELD what it is compared with" },
    { "metrics|profile", "metric", "--cosine" },
    { "metrics", "sample-size", "all pairs count; --no-silhouette leaves them out" },

    { FRAMES, "sr|rate|sample-rate", "samples know their rate: decode --rate N" },
    { "texture|embed-audio", "sr|rate|sample-rate", "frames and samples know their rate" },
    { FRAMES, "frame-length|frame-size|win-size", "--n-fft" },
    { FRAMES, "hop-size|step", "--hop-length" },
    { FRAMES, "center|centre", "frames are centred without --no-center" },
    { FRAMES, "duration|offset|length|seconds", "decode --duration X reads the beginning; segment cuts pieces" },
    { "mfcc", "delta|deltas", "summarize --stats mean,delta:mean has them" },
    { "logmel", "db|to-db", "the output is in dB" },
    { "descriptors", "features", "--which" },
    { "decode", "mono|stereo", "--channels" },
    { "decode", "length|seconds", "--duration" },
    { "decode", "path", "tracks lists files: tracks FILE | decode" },
    { "decode", "res-type|resampler", "libsoxr resamples, by its HQ recipe" },
    { "segment|texture", "duration|seconds|size", "--length" },
    { "segment|texture", "overlap|step|stride|hop-length", "--hop" },
    { "embed-audio", "duration|seconds|length|hop", "patches of 3 s; --patches N says how many, all takes all" },
    { "embed", "max-seq-length|max-length", "--max-tokens" },
    { "embed", "batch-size|batch", "texts of like length go together by themselves" },

    { TRAINERS, "save|output|o|model|m", "the model is the output: > FILE" },
    { TRAINERS, "early-stopping", "--patience" },
    { TRAINERS, "layers|units|hidden-layers", "--hidden" },
    { "vae-train", "kl|kl-weight", "--beta" },
    { "vae-train", "loss", "--recon" },
    { "vae-train", "n-components|z", "--latent" },
    { "contrast-train", "latent|n-components|embedding-dim|output-dim", "--out" },
    { "contrast-train", "tau", "--temperature" },
    { "contrast-train", "label|labels|target|truth|y", "--by" },

    { "sp-join|fuse", "key|id", "--on" },
    { "sp-join", "how|left|inner|outer", "--missing says what becomes of those without a partner; --all" },
    { "fuse", "weights|weight|parts", "they are words: fuse a=1 l=0.25" },
    { "sp-sort", "n|numeric|k|key|by", "fields are words, numbers go by size: sp-sort FIELD,FIELD:r" },
    { "sp-sample", "frac|fraction", "--share" },
    { "sp-fields", "select|only|columns|fields", "--keep" },
    { "sp-fields", "remove|delete", "--drop" },
    { "sp-fields", "replace|recode|values", "--map FIELD=FILE" },
    { "sp-info", "n|number|length|lines", "--count" },
    { "to-csv|to-json|to-npy", "columns|fields|keep|drop", "sp-fields --keep A,B chooses before" },
    { "from-csv", "usecols|columns", "--drop" },
    { "from-csv|from-json|from-npy", "index|index-col", "--id" },
    { "tracks", "ext|extension|extensions|pattern|glob", "--suffixes" },
    { "tracks", "r|recursive", "a folder is always taken with all that is in it" },
    { "tracks", "n|limit|max", "sp-sample -n N takes some" },
    { "to-m3u", "n|limit|max", "sp-sample --by FIELD -n N takes some" },
    { "to-m3u", "o|output", "a playlist goes to stdout, > FILE; those of --by to --dir DIR" },
    { PLOTS, "o|output|save|out", "gnuplot makes the picture: ... | gnuplot > map.png" },
    { PLOTS, "format|png|svg|pdf", "--terminal" },
    { PLOTS, "width|height|figsize", "--size" },
    { "scatter", "hue|label|labels", "--color" },
    { "heatmap", "metric|cosine", "--similarity" },
    { "heatmap", "cmap|palette|annot|vmin|vmax", "the output is a program for gnuplot, which may be edited" },
    { "sp-parallel", "n|k|procs|processes", "--jobs" },
    { "journey", "start", "--from" },
    { "journey", "end", "--to" },
    { "journey", "steps|length", "--count" },
    { "name", "top|k|n-words", "--count" },
};

const char *elsewhere(const char *program, const char *name, size_t *at)
{
    size_t n = sizeof known / sizeof *known;
    for (; *at < 2 * n; ++*at) {        /* what stands for a program comes first */
        const struct known *k = known + *at % n;
        bool general = *at >= n;
        if (!k->programs == general && (general || opt_word_index(k->programs, program, strlen(program)) >= 0) &&
            opt_word_index(k->names, name, strlen(name)) >= 0) {
            ++*at;
            return k->says;
        }
    }
    return NULL;
}
