#include "cshim_curl.h"
