// libz.so.1, opened when a rotated log is compressed.
#ifndef CSHIM_ZLIB_H
#define CSHIM_ZLIB_H
#endif
