/* outfile - a file that appears only when it is whole
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_OUTFILE_H
#define BASE_OUTFILE_H

struct outfile;

/* Begin to write what is to become `path`. Until outfile_done nothing is seen of it,
 * and a program that dies leaves nothing behind. What is no regular file (a pipe,
 * /dev/null) is written straight. An error ends with ST_STOPPED. */
struct outfile *outfile_open(const char *path);

/* Where to write; the caller may close it or not. */
int outfile_fd(const struct outfile *f);

/* All is written: let it appear, in place of an older one. Frees f. */
void outfile_done(struct outfile *f);

#endif
