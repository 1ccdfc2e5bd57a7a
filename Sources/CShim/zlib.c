#include "cshim_zlib.h"
