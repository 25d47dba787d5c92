/* str - a text that grows: the one way in which texts are put together
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stddef.h>

/* n bytes at p, a NUL behind them where there are any; begin with { 0 }. */
struct str { char *p; size_t n, cap; };

/* Add n bytes, a NUL-ended text, one character. */
void str_put(struct str *s, const char *p, size_t n);
void str_text(struct str *s, const char *text);
void str_char(struct str *s, char c);

/* Add as printf does; numbers do not depend on the locale. */
void str_printf(struct str *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void str_vprintf(struct str *s, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* Add a number in the shortest form that reads back as the same double, or float; "nan", "inf"
 * and "-inf" for what is not finite. */
void str_f64(struct str *s, double x);
void str_f32(struct str *s, float x);

/* Add the sizes of an array with `between` them: "3, 1". */
void str_shape(struct str *s, int ndim, const size_t *shape, const char *between);

/* Add p[n] as it is safe on a terminal: "?" for control characters and what is not UTF-8, and
 * "..." where it has over `most` bytes, cut between characters. */
void str_shown(struct str *s, const char *p, size_t n, size_t most);

/* Add p[n] with U+FFFD for each byte that is not UTF-8; returns how many there were. */
size_t str_utf8(struct str *s, const char *p, size_t n);

/* Add `fill` blanks. */
void str_pad(struct str *s, size_t fill);

/* Room for n bytes behind the text: they are part of it after s->n += n. */
char *str_room(struct str *s, size_t n);

/* Characters of the first n bytes at p, a byte that is not UTF-8 as one: columns on a terminal. */
size_t str_columns(const char *p, size_t n);

void str_free(struct str *s);

#endif
