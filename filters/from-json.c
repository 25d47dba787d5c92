/* from-json - read JSON Lines as records
 *
 * in      JSON objects: one a line, pretty-printed, one behind the other, or in an array
 * out     a record for each; arrays of numbers become f32 tensors
 * memory  one object, and about 50 bytes for each id
 *
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/progress.h"
#include "drive/source.h"
#include "files/json_field.h"
#include "files/jsonl.h"

static struct {
    const char *id;
} arg;

static const struct opt opts[] = {
    OPT_STR(0, "id", &arg.id, "KEY", "member that becomes the id (without: id, else objects are numbered)"),
    OPT_END
};
static const struct opt *const also[] = { item_opts, rec_in_opts, rec_out_opts, NULL };
static const struct prog prog = {
    .name = "from-json", .brief = "read JSON Lines as records",
    .in = IO_TEXT, .out = IO_RECORDS, .writes = "a field for each member", .opts = opts, .also = also,
};

/* Begin r with its id: the member that --id names; without --id that called id, else the
 * object's number. */
static bool begin(struct rec *r, const json_t *object, size_t number)
{
    char digits[NUMBER_MOST];
    const json_t *v = json_object_get(object, arg.id ? arg.id : "id");
    const char *id = digits;
    size_t n;
    if (!v && arg.id)
        return rec_error(r, "no member %s to be the id", arg.id);
    if (!v)
        n = (size_t)snprintf(digits, sizeof digits, "%zu", number);
    else if (json_is_integer(v))
        n = (size_t)snprintf(digits, sizeof digits, "%lld", (long long)json_integer_value(v));
    else if (json_is_real(v))
        n = number_f64(digits, json_real_value(v));
    else if (json_is_string(v) && json_string_length(v))
        id = json_string_value(v), n = json_string_length(v);
    else
        return rec_error(r, "the id (%s) is neither text nor a number", arg.id ? arg.id : "id");
    if (arg.id && strcmp(arg.id, "id") != 0 && json_object_get(object, "id"))
        return rec_error(r, "has a member id beside %s: one of them would be lost", arg.id);
    rec_begin(r, id, n);
    return true;
}

/* Fill r from what was parsed. */
static bool fill(struct rec *r, const json_t *v, size_t number)
{
    if (!json_is_object(v))
        return rec_error(r, "no object: a record is {\"name\": value, ...}");
    if (!begin(r, v, number))
        return false;
    const char *id = arg.id ? arg.id : "id";
    for (void *i = json_object_iter((json_t *)v); i; i = json_object_iter_next((json_t *)v, i)) {
        const char *name = json_object_iter_key(i);
        if (strcmp(name, id) != 0 && !json_set(r, name, json_object_iter_value(i)))
            return false;
    }
    return true;
}

/* All objects of the file. */
static void read_file(struct source *s, struct jsonl *in)
{
    json_t *v = NULL;
    for (enum jsonl_got got; (got = jsonl_next(in, &v)) != JSONL_END; ) {
        s->rec->error[0] = '\0';
        if (got == JSONL_BAD)
            rec_error(s->rec, "%s", jsonl_error(in));
        else
            fill(s->rec, v, s->count);
        source_put(s, jsonl_path(in), jsonl_line(in));
        if (got == JSONL_VALUE)
            json_decref(v);
    }
}

/* Nothing is kept back while we wait. */
static void flush(void *out)
{
    rec_flush(out);
}

int main(int argc, char **argv)
{
    struct source s;
    source_open(&s, &prog, source_parse(&prog, argc, argv));
    progress_start(0, "records");
    for (char **path = s.paths; *path; path++) {
        struct jsonl *in = jsonl_open(*path, flush, s.out);
        read_file(&s, in);
        jsonl_close(in);
    }
    return source_finish(&s);
}
