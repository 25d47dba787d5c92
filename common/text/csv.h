/* csv - moved to stream/csv.h
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/csv.h"
