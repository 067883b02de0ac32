// Says what is wrong with a broker's certificate: librdkafka itself only says that it could not be verified.
#pragma once

#include <rdkafka.h>

namespace millrace {

// For rd_kafka_conf_set_ssl_cert_verify_cb. Runs in broker threads during handshakes, keeps nothing. Agrees with
// OpenSSL's own verdict: refuses exactly when *x509_error is set, and puts the reason into `reason`.
int explain_certificate(rd_kafka_t* handle, const char* broker_name, int32_t broker_id, int* x509_error, int depth,
                        const char* certificate, size_t certificate_size, char* reason, size_t reason_size,
                        void* opaque);

}  // namespace millrace
