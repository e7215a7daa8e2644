//go:build !race

package jose_test

import "testing"

// Not with the race detector, with which a sync.Pool drops some buffers.
func TestMethods_AllocateLittle(t *testing.T) {
	for algorithm, limit := range map[string][2]float64{"HS256": {0, 0}, "EdDSA": {0, 0}, "ES256": {61, 12}} {
		p, text, dst := newPair(t, algorithm), []byte(texts[2]), make([]byte, 0, 256)
		signature, err := p.key.AppendSignature(nil, text)
		if err != nil {
			t.Fatal(err)
		}
		sign := testing.AllocsPerRun(100, func() { p.key.AppendSignature(dst, text) })
		verify := testing.AllocsPerRun(100, func() { p.verifies(algorithm, texts[2], signature) })
		if sign > limit[0] || verify > limit[1] {
			t.Errorf("%s: %v allocations to sign and %v to verify, want at most %v", algorithm, sign, verify, limit)
		}
	}
}
