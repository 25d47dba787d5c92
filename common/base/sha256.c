/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/sha256.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "base/die.h"

void sha256(const void *p, size_t n, uint8_t digest[SHA256_BYTES])
{
    if (EVP_Digest(p, n, digest, NULL, EVP_sha256(), NULL) != 1)
        die(ST_STOPPED, "SHA-256 is not to be had from OpenSSL");
}

void sha256_hex(const void *p, size_t n, char hex[SHA256_HEX])
{
    uint8_t digest[SHA256_BYTES];
    sha256(p, n, digest);
    for (int i = 0; i < SHA256_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}
