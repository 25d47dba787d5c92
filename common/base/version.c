/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/version.h"

/* Here alone, so that a new version compiles one file. */
const char songpipe_version[] = SONGPIPE_VERSION;
