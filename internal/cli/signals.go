package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// UntilSignal returns a context that ends with the first SIGINT or SIGTERM. A second
// signal ends the process at once, for users who do not want to wait.
func UntilSignal() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		waitForSecond(signals)
		fmt.Fprintln(os.Stderr, "tokengraft: stopped at once by a second signal; requests in flight were cut")
		os.Exit(exitFault)
	}()
	return ctx
}

// repeatTime is how long a further signal is treated as a repetition of the first:
// timeout(1) and other supervisors signal the process, and then its whole group.
const repeatTime = time.Second

// waitForSecond waits for a signal that is not a repetition of the first.
func waitForSecond(signals <-chan os.Signal) {
	first := time.Now()
	for range signals {
		if time.Since(first) >= repeatTime {
			return
		}
	}
}
