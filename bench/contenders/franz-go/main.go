// franz-go: goroutines that each await ProduceSync, driven as the Node clients are; one trial per process.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"
)

const poolRecords = 100_000
const distinctValueBytes = 16 << 20

type spec struct {
	Brokers       string
	RealKafka     bool
	Topic         string
	WarmupSeconds float64
	Seconds       float64
	Records       int64
	LingerMs      float64
	BatchBytes    int32
	Workload      struct {
		Keyed          bool
		ValueBytes     int
		RecordsPerCall int
		CallsInFlight  int
		Topics         int
		Headers        bool
		Idempotent     bool
		Compression    string
	}
}

// The pool follows record-pool.ts: read-back expects the same value behind the same key.
type pool struct {
	keys, values [][]byte
	topics       []string
}

var source = []byte("bench")
var firstTimestamp = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func buildPool(s spec) pool {
	size := s.Workload.ValueBytes
	var p pool
	for i := range min(poolRecords, max(1, distinctValueBytes/size)) {
		id := fmt.Sprintf("%06d", i)
		p.values = append(p.values, []byte(strings.Repeat(id, size/len(id)+1)[:size]))
	}
	for i := range s.Workload.Topics {
		p.topics = append(p.topics, fmt.Sprintf("%s-%d", s.Topic, i))
	}
	for i := range poolRecords {
		p.keys = append(p.keys, fmt.Appendf(nil, "user-%06d", i))
	}
	return p
}

func (p pool) records(s spec, call int64) []*kgo.Record {
	n := s.Workload.RecordsPerCall
	block := make([]kgo.Record, n)
	records := make([]*kgo.Record, n)
	for i := range n {
		index := int((call*int64(n) + int64(i)) % poolRecords)
		block[i].Value = p.values[index%len(p.values)]
		if s.Workload.Keyed {
			block[i].Key = p.keys[index]
		}
		if s.Workload.Topics > 1 {
			block[i].Topic = p.topics[index%len(p.topics)]
		}
		if s.Workload.Headers {
			block[i].Headers = []kgo.RecordHeader{{Key: "source", Value: source}, {Key: "trace", Value: p.keys[index]}}
			block[i].Timestamp = firstTimestamp.Add(time.Duration(index) * time.Millisecond)
		}
		records[i] = &block[i]
	}
	return records
}

// runPhase lets every caller await its calls and returns the acknowledged calls' latencies.
func runPhase(client *kgo.Client, s spec, p pool, seconds float64, records int64) []time.Duration {
	callers := s.Workload.CallsInFlight
	deadline := time.Now().Add(time.Duration(seconds * float64(time.Second)))
	callLimit := int64(1) << 62
	if records > 0 {
		perCall := int64(s.Workload.RecordsPerCall)
		callLimit = (records + perCall - 1) / perCall
		deadline = deadline.Add(24 * time.Hour)
	}
	var next atomic.Int64
	perCaller := make([][]time.Duration, callers)
	var group sync.WaitGroup
	for caller := range callers {
		group.Go(func() {
			for start := time.Now(); start.Before(deadline); {
				call := next.Add(1) - 1
				if call >= callLimit {
					return
				}
				err := client.ProduceSync(context.Background(), p.records(s, call)...).FirstErr()
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				end := time.Now()
				perCaller[caller] = append(perCaller[caller], end.Sub(start))
				start = end
			}
		})
	}
	group.Wait()
	return slices.Concat(perCaller...)
}

func usage() (cpuUs int64, rssPeak int64) {
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	rssPeak = r.Maxrss
	if runtime.GOOS == "linux" {
		rssPeak *= 1024
	}
	return (r.Utime.Nano() + r.Stime.Nano()) / 1000, rssPeak
}

func franzVersion() string {
	info, _ := debug.ReadBuildInfo()
	for _, dep := range info.Deps {
		if dep.Path == "github.com/twmb/franz-go" {
			return dep.Version
		}
	}
	return "unknown"
}

func main() {
	var s spec
	if err := json.Unmarshal([]byte(os.Args[1]), &s); err != nil {
		panic(err)
	}
	codecs := map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}
	options := []kgo.Opt{
		kgo.SeedBrokers(strings.Split(s.Brokers, ",")...),
		kgo.DefaultProduceTopic(s.Topic),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)),
		kgo.ProducerBatchCompression(codecs[s.Workload.Compression]),
		kgo.ProducerLinger(time.Duration(s.LingerMs * float64(time.Millisecond))),
		kgo.ProducerBatchMaxBytes(s.BatchBytes),
		kgo.MaxBufferedRecords(1_000_000),
	}
	if !s.Workload.Idempotent {
		options = append(options, kgo.DisableIdempotentWrite())
	}
	if !s.RealKafka {
		// librdkafka's mock cluster answers a newer ApiVersions request in a form that is not that request's.
		options = append(options, kgo.MaxVersions(kversion.V2_3_0()))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		panic(err)
	}
	p := buildPool(s)

	warmup := runPhase(client, s, p, s.WarmupSeconds, 0)
	cpuBefore, _ := usage()
	start := time.Now()
	latencies := runPhase(client, s, p, s.Seconds, s.Records)
	seconds := time.Since(start).Seconds()
	cpuAfter, rssPeak := usage()
	client.Close()

	slices.Sort(latencies)
	percentile := func(fraction float64) float64 {
		index := min(len(latencies)-1, int(fraction*float64(len(latencies))))
		return float64(latencies[index].Microseconds()) / 1000
	}
	perCall := s.Workload.RecordsPerCall
	records := len(latencies) * perCall
	recordBytes := s.Workload.ValueBytes
	if s.Workload.Keyed {
		recordBytes += len(p.keys[0])
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"records":          records,
		"bytes":            records * recordBytes,
		"seconds":          seconds,
		"cpuUs":            cpuAfter - cpuBefore,
		"rssPeak":          rssPeak,
		"latencyMs":        map[string]float64{"p50": percentile(.5), "p95": percentile(.95), "p99": percentile(.99)},
		"eventLoopDelayMs": nil,
		"versions":         map[string]string{"franz-go": franzVersion(), "go": runtime.Version()},
		"recordsSent":      records + len(warmup)*perCall,
	})
}
