// libz.so.1, opened when a rotated log is compressed. zlib.h is not needed to build; the ABI used is that of zlib 1.x.
#ifndef CSHIM_ZLIB_H
#define CSHIM_ZLIB_H

#include <stddef.h>

/// What one call to cshim_z_inflate came to.
enum cshim_z_result {
    /// Go on: with more input, or with more room for output.
    CSHIM_Z_MORE = 0,
    /// A gzip member ended, its checksum is right. Another may follow: cshim_z_next_member.
    CSHIM_Z_MEMBER_END = 1,
    /// No valid gzip data, or a wrong checksum.
    CSHIM_Z_DAMAGED = 2,
};

/// One running decompression.
struct cshim_z_stream;

/// Whether libz.so.1 could be opened and has the functions needed.
int cshim_z_available(void);

/// Begins a decompression of gzip data; NULL when zlib is missing or memory is short.
struct cshim_z_stream *_Nullable cshim_z_open(void);

/// Decompresses from `input` to `output` until one of them is used up; says how much of each was used.
enum cshim_z_result cshim_z_inflate(
    struct cshim_z_stream *_Nonnull stream, const void *_Nonnull input, size_t input_size, size_t *_Nonnull input_used,
    void *_Nonnull output, size_t output_size, size_t *_Nonnull output_used);

/// Gets ready for the next member of a multi-member file.
void cshim_z_next_member(struct cshim_z_stream *_Nonnull stream);

void cshim_z_close(struct cshim_z_stream *_Nonnull stream);

#endif
