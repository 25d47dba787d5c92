/* version - songpipe's version, as the Makefile says it
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

extern const char songpipe_version[];

#endif
