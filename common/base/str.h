/* str - a text that grows: the one way in which texts are put together
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* n bytes at p, followed by a NUL if there are any; begin with { 0 }. */
struct str { char *p; size_t n, cap; };

/* Add n bytes, a NUL-ended text, one character. */
void str_put(struct str *s, const char *p, size_t n);
void str_text(struct str *s, const char *text);
void str_char(struct str *s, char c);

/* Add as printf does; numbers do not depend on the locale. */
void str_printf(struct str *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void str_vprintf(struct str *s, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* Add a number in the shortest form that reads back as the same double, or float; "nan", "inf"
 * and "-inf" for numbers that are not finite. */
void str_f64(struct str *s, double x);
void str_f32(struct str *s, float x);

/* Add the sizes of an array with `between` them: "3, 1". */
void str_shape(struct str *s, int ndim, const size_t *shape, const char *between);

/* Whether the character at p, of which n >= 1 bytes are there, may be shown to a person: no control
 * character (C0, DEL, C1: terminals obey them), no override or isolate of the direction (U+202A to 202E,
 * U+2066 to 2069: a line then reads as another one), and UTF-8. In *size its bytes; 1 of what is none. */
bool str_harmless(const char *p, size_t n, size_t *size);

/* Add p[n] with "?" for each character that is not harmless, and "..." where it has over `most`
 * bytes, cut between characters. */
void str_shown(struct str *s, const char *p, size_t n, size_t most);

/* The same in place, but for the characters of `keep`; returns how many bytes are left. */
size_t str_clean(char *p, size_t n, const char *keep);

/* Print into to[size] as snprintf does, but of a text that is too long the middle is left out ("..."):
 * what a message is about stands first, and what is wrong with it last. Returns its length. */
size_t str_fit(char *to, size_t size, const char *format, va_list args) __attribute__((format(printf, 3, 0)));

/* An id (or another text of a stream) for messages, NUL-ended: p[n], or of a long one 60 characters and
 * "...". Of the block in which it is used. */
enum { STR_SHORT = 256 };
#define SHORT(p, n) str_short((char[STR_SHORT]){ "" }, p, n)
const char *str_short(char to[STR_SHORT], const char *p, size_t n);

/* Add p[n] with U+FFFD for each byte that is not UTF-8; returns how many there were. */
size_t str_utf8(struct str *s, const char *p, size_t n);

/* Add `fill` blanks. */
void str_pad(struct str *s, size_t fill);

/* Room for n bytes after the text: they are part of it after s->n += n. */
char *str_room(struct str *s, size_t n);

/* Characters of the first n bytes at p, a byte that is not UTF-8 as one: columns on a terminal. */
size_t str_columns(const char *p, size_t n);

void str_free(struct str *s);

#endif
