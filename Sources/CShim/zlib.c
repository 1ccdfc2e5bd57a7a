#include "cshim_zlib.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

// z_stream of zlib.h. inflateInit2_ is told its size and the version, and refuses when they do not fit.
struct z_stream {
    const unsigned char *next_in;
    unsigned int avail_in;
    unsigned long total_in;
    unsigned char *next_out;
    unsigned int avail_out;
    unsigned long total_out;
    const char *msg;
    void *state;
    void *(*zalloc)(void *, unsigned int, unsigned int);
    void (*zfree)(void *, void *);
    void *opaque;
    int data_type;
    unsigned long adler;
    unsigned long reserved;
};

struct cshim_z_stream {
    struct z_stream z;
};

// Constants of zlib.h.
enum { Z_OK = 0, Z_STREAM_END = 1, Z_BUF_ERROR = -5, Z_NO_FLUSH = 0, LARGEST_WINDOW = 15, GZIP_ONLY = 16 };

static struct {
    int (*inflateInit2_)(struct z_stream *, int window_bits, const char *version, int stream_size);
    int (*inflate)(struct z_stream *, int flush);
    int (*inflateReset)(struct z_stream *);
    int (*inflateEnd)(struct z_stream *);
    int loaded;
} zlib;

static pthread_once_t zlib_once = PTHREAD_ONCE_INIT;

static void zlib_load(void) {
    void *library = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    *(void **)&zlib.inflateInit2_ = dlsym(library, "inflateInit2_");
    *(void **)&zlib.inflate = dlsym(library, "inflate");
    *(void **)&zlib.inflateReset = dlsym(library, "inflateReset");
    *(void **)&zlib.inflateEnd = dlsym(library, "inflateEnd");
    zlib.loaded = zlib.inflateInit2_ && zlib.inflate && zlib.inflateReset && zlib.inflateEnd;
}

int cshim_z_available(void) {
    pthread_once(&zlib_once, zlib_load);
    return zlib.loaded;
}

struct cshim_z_stream *cshim_z_open(void) {
    if (!cshim_z_available()) return NULL;
    struct cshim_z_stream *stream = calloc(1, sizeof *stream);
    if (!stream) return NULL;
    if (zlib.inflateInit2_(&stream->z, LARGEST_WINDOW + GZIP_ONLY, "1.2.11", (int)sizeof stream->z) != Z_OK) {
        free(stream);
        return NULL;
    }
    return stream;
}

enum cshim_z_result cshim_z_inflate(
    struct cshim_z_stream *stream, const void *input, size_t input_size, size_t *input_used, void *output,
    size_t output_size, size_t *output_used) {
    unsigned int in = input_size > UINT_MAX ? UINT_MAX : (unsigned int)input_size;
    unsigned int out = output_size > UINT_MAX ? UINT_MAX : (unsigned int)output_size;
    stream->z.next_in = input;
    stream->z.avail_in = in;
    stream->z.next_out = output;
    stream->z.avail_out = out;
    int status = zlib.inflate(&stream->z, Z_NO_FLUSH);
    *input_used = in - stream->z.avail_in;
    *output_used = out - stream->z.avail_out;
    // Z_BUF_ERROR: nothing could be done without more input or room. It is no failure.
    if (status == Z_OK || status == Z_BUF_ERROR) return CSHIM_Z_MORE;
    return status == Z_STREAM_END ? CSHIM_Z_MEMBER_END : CSHIM_Z_DAMAGED;
}

void cshim_z_next_member(struct cshim_z_stream *stream) { zlib.inflateReset(&stream->z); }

void cshim_z_close(struct cshim_z_stream *stream) {
    zlib.inflateEnd(&stream->z);
    free(stream);
}
