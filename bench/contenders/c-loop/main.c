// The limit: a C loop on node-rdkafka's librdkafka, records grouped by partition, acknowledgements counted only.
#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "rdkafka.h"

#define POOL_RECORDS 100000
#define KEY_LENGTH 11
#define DISTINCT_VALUE_BYTES (16 * 1024 * 1024)
#define MAX_PARTITIONS 1024

// One call of `records_per_call` records: its acknowledgements are counted down by librdkafka's threads.
typedef struct {
  atomic_int left;
  atomic_int busy;
  int64_t started_ns;
} call_t;

static const char *topic_name;
static rd_kafka_t *client;
static int records_per_call, calls_in_flight, keyed, with_headers, partitions;
static int64_t first_timestamp;
static size_t value_bytes, distinct;
static char *keys, *values;
static rd_kafka_message_t *grouped;
static call_t *calls;
static sem_t free_calls;
static atomic_long failed;
static uint32_t *latencies_us;
static atomic_size_t latency_count;
static size_t latency_capacity;

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void die(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

// As the Java client hashes keys.
static int32_t murmur2(const unsigned char *data, size_t length) {
  const uint32_t m = 0x5bd1e995;
  uint32_t h = 0x9747b28c ^ (uint32_t)length;
  for (; length >= 4; data += 4, length -= 4) {
    uint32_t k;
    memcpy(&k, data, 4);
    k *= m;
    k ^= k >> 24;
    h = h * m ^ k * m;
  }
  switch (length) {
    case 3: h ^= (uint32_t)data[2] << 16; /* fall through */
    case 2: h ^= (uint32_t)data[1] << 8; /* fall through */
    case 1: h = (h ^ data[0]) * m;
  }
  h = (h ^ h >> 13) * m;
  return (int32_t)(h ^ h >> 15);
}

static rd_kafka_resp_err_t on_acknowledgement(rd_kafka_t *rk, rd_kafka_message_t *message, void *opaque) {
  (void)rk, (void)opaque;
  call_t *call = message->_private;
  if (message->err) atomic_fetch_add(&failed, 1);
  if (atomic_fetch_sub(&call->left, 1) == 1) {
    size_t slot = atomic_fetch_add(&latency_count, 1);
    if (slot < latency_capacity) latencies_us[slot] = (uint32_t)((now_ns() - call->started_ns) / 1000);
    atomic_store(&call->busy, 0);
    sem_post(&free_calls);
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *opaque, char *errstr,
                                  size_t errstr_size) {
  (void)conf, (void)opaque, (void)errstr, (void)errstr_size;
  return rd_kafka_interceptor_add_on_acknowledgement(rk, "bench", on_acknowledgement, NULL);
}

// The pool follows record-pool.ts: read-back expects the same value behind the same key.
static void build_pool(void) {
  distinct = DISTINCT_VALUE_BYTES / value_bytes;
  if (distinct > POOL_RECORDS) distinct = POOL_RECORDS;
  keys = malloc((size_t)POOL_RECORDS * KEY_LENGTH + 1);
  values = malloc(distinct * value_bytes);
  for (int i = 0; i < POOL_RECORDS; i++) snprintf(keys + (size_t)i * KEY_LENGTH, KEY_LENGTH + 1, "user-%06d", i);
  for (size_t i = 0; i < distinct; i++) {
    char id[24];
    snprintf(id, sizeof id, "%06zu", i);
    for (size_t b = 0; b < value_bytes; b++) values[i * value_bytes + b] = id[b % 6];
  }
}

// With the pool's headers and timestamp, which rd_kafka_produce_batch does not take.
static void produce_with_headers(rd_kafka_topic_t *topic, int partition, const rd_kafka_message_t *m) {
  size_t record = (size_t)((char *)m->key - keys) / KEY_LENGTH;
  rd_kafka_headers_t *headers = rd_kafka_headers_new(2);
  rd_kafka_header_add(headers, "source", -1, "bench", -1);
  rd_kafka_header_add(headers, "trace", -1, m->key, KEY_LENGTH);
  rd_kafka_vu_t arguments[] = {
      {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic},
      {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition},
      {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
      {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = m->_private},
      {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {m->payload, m->len}},
      {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {m->key, m->key_len}},
      {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = first_timestamp + (int64_t)record},
      {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
  };
  rd_kafka_error_t *error = rd_kafka_produceva(client, arguments, sizeof arguments / sizeof *arguments);
  if (error) die("produce", rd_kafka_error_string(error));
}

// Counting sort by partition, then one produce_batch for each partition that has records.
static void produce_call(rd_kafka_topic_t *topic, call_t *call, long number) {
  static int start[MAX_PARTITIONS + 1], end[MAX_PARTITIONS + 1];
  static int partition_of[POOL_RECORDS];
  size_t first = (size_t)(number % (POOL_RECORDS / records_per_call)) * (size_t)records_per_call;
  memset(start, 0, sizeof start);
  for (int i = 0; i < records_per_call; i++) {
    const char *key = keys + (first + (size_t)i) * KEY_LENGTH;
    // Records without a key stay together, as a sticky partitioner keeps them.
    int p = keyed ? (murmur2((const unsigned char *)key, KEY_LENGTH) & 0x7fffffff) % partitions
                  : (int)(number % partitions);
    partition_of[i] = p;
    start[p + 1]++;
  }
  for (int p = 0; p < partitions; p++) start[p + 1] += start[p];
  memcpy(end, start, sizeof end);
  for (int i = 0; i < records_per_call; i++) {
    size_t record = first + (size_t)i;
    rd_kafka_message_t *m = &grouped[end[partition_of[i]]++];
    m->err = 0;
    m->payload = values + record % distinct * value_bytes;
    m->len = value_bytes;
    m->key = keyed ? keys + record * KEY_LENGTH : NULL;
    m->key_len = keyed ? KEY_LENGTH : 0;
    m->_private = call;
  }
  for (int p = 0; p < partitions; p++) {
    int count = end[p] - start[p];
    if (count == 0) continue;
    if (with_headers) {
      for (int i = start[p]; i < end[p]; i++) produce_with_headers(topic, p, grouped + i);
      continue;
    }
    int accepted = rd_kafka_produce_batch(topic, p, RD_KAFKA_MSG_F_COPY, grouped + start[p], count);
    if (accepted != count) die("produce", rd_kafka_err2str(grouped[start[p]].err));
  }
}

static long run_phase(rd_kafka_topic_t *topic, double seconds, long records) {
  long limit = records > 0 ? (records + records_per_call - 1) / records_per_call : INT64_MAX;
  int64_t deadline = records > 0 ? INT64_MAX : now_ns() + (int64_t)(seconds * 1e9);
  atomic_store(&latency_count, 0);
  long number = 0;
  for (; number < limit && now_ns() < deadline; number++) {
    while (sem_wait(&free_calls) == -1 && errno == EINTR) continue;
    call_t *call = calls;
    while (atomic_load(&call->busy)) call++;
    atomic_store(&call->busy, 1);
    atomic_store(&call->left, records_per_call);
    call->started_ns = now_ns();
    produce_call(topic, call, number);
  }
  for (int i = 0; i < calls_in_flight; i++) sem_wait(&free_calls);
  for (int i = 0; i < calls_in_flight; i++) sem_post(&free_calls);
  if (atomic_load(&failed)) die("acknowledgement", "records failed");
  return number * records_per_call;
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value) {
  char why[256];
  if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK) die(name, why);
}

static int64_t cpu_us(struct rusage *usage) {
  getrusage(RUSAGE_SELF, usage);
  return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000LL + usage->ru_utime.tv_usec +
         usage->ru_stime.tv_usec;
}

static int by_value(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static double percentile_ms(double fraction, size_t count) {
  size_t index = (size_t)(fraction * (double)count);
  return count == 0 ? 0 : latencies_us[index < count ? index : count - 1] / 1000.0;
}

int main(int argc, char **argv) {
  if (argc != 17) die("c-loop", "expects the sixteen arguments that c-loop.ts passes");
  topic_name = argv[2];
  double warmup_seconds = atof(argv[3]), seconds = atof(argv[4]);
  long records = atol(argv[5]);
  records_per_call = atoi(argv[9]);
  calls_in_flight = atoi(argv[10]);
  keyed = atoi(argv[11]);
  value_bytes = (size_t)atol(argv[12]);
  with_headers = atoi(argv[15]);
  first_timestamp = atoll(argv[16]);
  build_pool();
  grouped = calloc((size_t)records_per_call, sizeof *grouped);
  calls = calloc((size_t)calls_in_flight, sizeof *calls);
  latency_capacity = 20 * 1000 * 1000;
  latencies_us = malloc(latency_capacity * sizeof *latencies_us);
  sem_init(&free_calls, 0, (unsigned)calls_in_flight);

  char why[512];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", argv[1]);
  set(conf, "linger.ms", argv[6]);
  set(conf, "batch.size", argv[7]);
  set(conf, "queue.buffering.max.kbytes", argv[8]);
  set(conf, "queue.buffering.max.messages", "0");
  set(conf, "enable.idempotence", atoi(argv[14]) ? "true" : "false");
  set(conf, "compression.codec", argv[13]);
  set(conf, "acks", "all");
  rd_kafka_conf_interceptor_add_on_new(conf, "bench", on_new, NULL);
  client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
  if (!client) die("client", why);
  rd_kafka_topic_t *topic = rd_kafka_topic_new(client, topic_name, NULL);
  const struct rd_kafka_metadata *metadata;
  rd_kafka_resp_err_t err = rd_kafka_metadata(client, 0, topic, &metadata, 30000);
  if (err || metadata->topic_cnt != 1) die("metadata", rd_kafka_err2str(err));
  partitions = metadata->topics[0].partition_cnt;
  rd_kafka_metadata_destroy(metadata);
  if (partitions < 1 || partitions > MAX_PARTITIONS) die("metadata", "no usable partition count");

  long warmup = run_phase(topic, warmup_seconds, 0);
  struct rusage usage;
  int64_t cpu_before = cpu_us(&usage), start = now_ns();
  long sent = run_phase(topic, seconds, records);
  double took = (double)(now_ns() - start) / 1e9;
  int64_t cpu = cpu_us(&usage) - cpu_before;
#ifdef __APPLE__
  long rss = usage.ru_maxrss;
#else
  long rss = usage.ru_maxrss * 1024;
#endif
  size_t count = atomic_load(&latency_count);
  if (count > latency_capacity) count = latency_capacity;
  qsort(latencies_us, count, sizeof *latencies_us, by_value);
  printf("{\"records\":%ld,\"bytes\":%ld,\"seconds\":%.6f,\"cpuUs\":%ld,\"rssPeak\":%ld,"
         "\"latencyMs\":{\"p50\":%.3f,\"p95\":%.3f,\"p99\":%.3f},\"eventLoopDelayMs\":null,"
         "\"versions\":{\"librdkafka\":\"%s\"},\"recordsSent\":%ld}\n",
         sent, sent * (long)(value_bytes + (keyed ? KEY_LENGTH : 0)), took, (long)cpu, rss,
         percentile_ms(.5, count), percentile_ms(.95, count), percentile_ms(.99, count),
         rd_kafka_version_str(), warmup + sent);
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(client);
  return 0;
}
