// Package fault breaks everything around a sidecar, and holds the sidecar to
// what the README's table of faults promises. Each fault is a row of
// rows_test.go: what breaks, when, and what must happen. The README's table is
// made of the rows.
//
//	go test -v ./internal/e2e/fault        # the short form, with what it measures
//	go test -v ./internal/e2e/fault -full  # every row, twenty times: make faults
package fault
