// libcurl.so.4, opened when there is something to send.
#ifndef CSHIM_CURL_H
#define CSHIM_CURL_H
#endif
