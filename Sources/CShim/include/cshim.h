// What Swift cannot write: dlopen'ed libraries behind typed functions. Every symbol starts with cshim_.
#ifndef CSHIM_H
#define CSHIM_H

#include "cshim_curl.h"
#include "cshim_journal.h"
#include "cshim_linux.h"
#include "cshim_terminal.h"
#include "cshim_zlib.h"

#endif
