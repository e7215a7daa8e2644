//go:build !unix

package attack_test

import "time"

// cpu is not measured.
func cpu() time.Duration { return 0 }
