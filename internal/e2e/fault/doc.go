// Package fault breaks everything around a sidecar, and checks that the sidecar
// does what the table of faults in docs/failures.md promises. Each fault is a row of
// rows_test.go, which says what fails, when, and what must happen. The table is
// generated from the rows.
//
//	go test -v ./internal/e2e/fault        # the short form, with what it measures
//	go test -v ./internal/e2e/fault -full  # every row, twenty times: make faults
package fault
