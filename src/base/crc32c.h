/* crc32c - the check sum (Castagnoli, RFC 3720) under what is kept on disk. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Check sum of `bytes` that follow bytes with the check sum `before` (0 at the beginning). */
uint32_t crc32c(uint32_t before, const void *bytes, size_t length);
