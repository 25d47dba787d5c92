/* utf8 - moved to base/utf8.h
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/utf8.h"
