package filedoc_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
	"github.com/tokengraft/tokengraft/enrich/filedoc"
)

// Parsed documents that are written again, as an array or as lines, parse to the same
// documents. The error for other content contains the line.
func FuzzParse_ReadsWhatIsWritten(f *testing.F) {
	for _, seed := range []string{
		`[]`, `[{"a":1},{"b":{"$oid":"62efedca3587e6e83c0fc675"}}]`, "{\"a\":1}\n{\"a\":2.5}\n",
		"\ufeff[{\"d\":{\"$date\":\"2020-01-01T00:00:00.000Z\"},\"n\":{\"$numberDecimal\":\"1E+3\"}}]",
		`[{"a":{"$numberDouble":"NaN"}}`, `{"a":{"$oid":1}}`, ` `, `[1]`, `[{}] x`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		docs, err := filedoc.Parse(content)
		if err != nil {
			if !strings.Contains(err.Error(), "line ") && !strings.Contains(err.Error(), "is empty") {
				t.Errorf("Parse(%q) = %v, want an error that contains the line", content, err)
			}
			return
		}
		var texts [][]byte
		for _, doc := range docs {
			text, err := bsonjson.Render(doc, bsonjson.Canonical)
			if err != nil {
				t.Skip("the document cannot be rendered")
			}
			texts = append(texts, text)
		}
		again := [][]byte{fmt.Appendf(nil, "[%s]", bytes.Join(texts, []byte(",\n")))}
		if len(texts) > 0 {
			again = append(again, bytes.Join(texts, []byte("\n")))
		}
		for _, content := range again {
			if got, err := filedoc.Parse(content); err != nil || !slices.EqualFunc(got, docs, bytes.Equal) {
				t.Errorf("Parse(%q) = %x, %v; want %x", content, got, err, docs)
			}
		}
	})
}
