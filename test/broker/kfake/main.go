// A Kafka cluster in memory, of a third make beside Apache's and librdkafka's mock: three brokers on free ports of this
// machine. It prints their addresses, comma-separated, makes topics as admin clients ask for them, and ends when its
// input does, so that it outlives nobody who started it.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/kfake"
)

func main() {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(3))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(strings.Join(cluster.ListenAddrs(), ","))
	io.Copy(io.Discard, os.Stdin)
	cluster.Close()
}
