package credentials_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/credentials"
)

// BenchmarkGuard measures a document of 1 KB. It runs once for each read of a document
// from its source, which takes at least 100 µs more.
func BenchmarkGuard(b *testing.B) {
	var members []string
	for i := range 24 {
		members = append(members, fmt.Sprintf(`"field%d":{"name":"a value %d","n":%d}`, i, i, i))
	}
	object := []byte("{" + strings.Join(members, ",") + "}")
	for name, object := range map[string][]byte{"none": object, "one": append(object[:len(object)-1:len(object)-1], `,"passwordHash":"$2b$12$abcdefghijklmnopqrstuv"}`...)} {
		b.Run(name, func(b *testing.B) {
			g := credentials.New(credentials.Drop, nil)
			b.SetBytes(int64(len(object)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := g.Apply(object); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
