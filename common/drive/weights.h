/* weights - the file of a network's weights, which is mapped and may be cut while it is in use
 * SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DRIVE_WEIGHTS_H
#define DRIVE_WEIGHTS_H

/* The path of dir/model.safetensors, which is kept. From now on, whoever reads what the file no longer has ends the
 * program as io_changed does, instead of by SIGBUS. Ends with ST_STREAM if there is no such folder, or one without
 * config.json and modules.json: `holds` then says what it should hold. */
const char *weights_guard(const char *dir, const char *holds);

#endif
