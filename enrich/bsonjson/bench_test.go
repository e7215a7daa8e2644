package bsonjson_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// BenchmarkDocument measures what a read of a document costs after the database: its
// projection, its JSON, the look for credentials and its ID.
func BenchmarkDocument(b *testing.B) {
	projections := map[string]bsonjson.Projection{"whole": {}, "exclude": {Exclude: []string{"member1.n", "member3"}}}
	for _, size := range []int{100, 1 << 10, 4 << 10, 16 << 10} {
		for name, projection := range projections {
			b.Run(fmt.Sprintf("%d bytes/%s", size, name), func(b *testing.B) {
				mapping, err := bsonjson.NewMapping("user_id", "", "", projection)
				if err != nil {
					b.Fatal(err)
				}
				doc := benchDocument(b, size)
				b.SetBytes(int64(len(doc)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := mapping.Document(doc); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// benchDocument returns a document of about this size in JSON, with many small members.
func benchDocument(b *testing.B, size int) []byte {
	text := `{"_id":{"$oid":"65a1b2c3d4e5f60718293a4b"},"user_id":"anna"`
	for n := 0; len(text) < size-20; n++ {
		text += fmt.Sprintf(`,"member%d":{"text":"%s","n":%d,"at":{"$date":"2026-11-30T15:00:00.000Z"}}`, n, strings.Repeat("x", 20), n)
	}
	doc, err := bsonjson.Parse([]byte(text + "}"))
	if err != nil {
		b.Fatal(err)
	}
	return doc
}
