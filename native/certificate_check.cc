#include "certificate_check.h"

#include <cstdio>

namespace millrace {

namespace {

// OpenSSL's X509_V_ERR_… of x509_vfy.h, which are part of its ABI. Its own texts cannot be asked for: inside Node the
// name would resolve to Node's OpenSSL, not to librdkafka's.
const char* problem(int x509_error) {
  switch (x509_error) {
    case 9:
      return "is not valid yet";
    case 10:
      return "has expired";
    case 18:  // self-signed
    case 19:  // a self-signed one in the chain
    case 2:   // issuer missing
    case 20:  // issuer missing locally
    case 21:  // the leaf alone
    case 27:  // not trusted
      return "was signed by an unknown authority (see ssl.ca)";
    case 23:
      return "has been revoked";
    case 26:
      return "is not meant for servers";
    case 62:
    case 64:
      return "is for another host name or address";
    case 66:
    case 67:
      return "has too short a key";
    case 68:
      return "was signed with too weak a digest";
    default:
      return nullptr;
  }
}

}  // namespace

int explain_certificate(rd_kafka_t*, const char*, int32_t, int* x509_error, int, const char*, size_t, char* reason,
                        size_t reason_size, void*) {
  if (*x509_error == 0) return 1;
  if (const char* const known = problem(*x509_error)) {
    std::snprintf(reason, reason_size, "the broker's certificate %s", known);
  } else {
    std::snprintf(reason, reason_size, "the broker's certificate was refused by OpenSSL with error %d", *x509_error);
  }
  return 0;
}

}  // namespace millrace
