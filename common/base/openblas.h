/* openblas - OpenBLAS as songpipe needs it: at one thread, and with its memory got beforehand
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE_OPENBLAS_H
#define BASE_OPENBLAS_H

/* To be called before what calls OpenBLAS, ARPACK or LAPACK. OpenBLAS gives other bits for other numbers of
 * threads: it is held at one from the start of the program on. It maps a buffer for each thread
 * that is in a call, and tries for ever where it gets none: in a process whose address space is limited
 * (ulimit -v), the first call gets those of all threads (-j), or ends the program with ST_MEMORY. */
void openblas_ready(void);

#endif
