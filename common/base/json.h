/* json - JSON whose memory counts
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>

/* To be called before JSON is read: what jansson allocates is held against the limit (base/mem), as a
 * text takes up to 75 times its bytes. */
void json_counts(void);

#endif
