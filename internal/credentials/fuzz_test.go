package credentials

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzGuard_LetsNoCredentialPass compares the guard with one that works on decoded
// values, and checks that the bytes that stay are those of the input (law H7).
func FuzzGuard_LetsNoCredentialPass(f *testing.F) {
	for _, object := range []string{
		`{}`, `{"a":1,"password":"x","b":[{"apiKey":2},"$2b$10$x",["-----BEGIN"]]}`, `{"l":[1,{"token":1},2],"secrets":{"a":1}}`,
		`{"token":{"id":1,"v":"x"},"p\u0061ss":null}`, ` { "otp" : [ ] , "a" : { "$symbol" : "$2a$" } } `, `{"a":{"$binary":{"base64":"JDJiJDEyJEFiY0RlZkdoaWprbG1ub3A=","subType":"00"}}}`,
		`{"a":{"hash":1,"b":{"c":{"salt":1,"d":"$argon2id$"}}},"e":"\"}"}`, `{"$a":"$2a$","x":{"$y":{"token":1},"z":2}}`,
	} {
		f.Add([]byte(object), "")
		f.Add([]byte(object), "token.id a b.apiKey secrets p")
		f.Add([]byte(object), "l.token a.b.c.salt otp a.hash")
	}
	f.Fuzz(func(t *testing.T, object []byte, include string) {
		var input map[string]any
		if !utf8.Valid(object) || json.Unmarshal(object, &input) != nil || input == nil || repeatsNames(object) {
			t.Skip()
		}
		g := New(Drop, strings.Fields(include))
		got, found, err := g.Apply(slices.Clone(object))
		if err != nil {
			if bytes.Count(object, []byte{'{'})+bytes.Count(object, []byte{'['}) < maxDepth {
				t.Fatalf("%s: %v", object, err)
			}
			t.Skip()
		}
		var output map[string]any
		if err := json.Unmarshal(got, &output); err != nil {
			t.Fatalf("%s became %s, which is not JSON: %v", object, got, err)
		}
		want, _ := slowGuard{depth: 0}.value(input, field{below: g.named})
		if !reflect.DeepEqual(output, want) {
			t.Errorf("%s, include [%s]:\ngot  %s\nwant %v", object, include, got, want)
		}
		if len(found) == 0 && !bytes.Equal(got, object) {
			t.Errorf("%s became %s without a report", object, got)
		}
		if !isPartOf(got, object) {
			t.Errorf("%s became %s, want only bytes of it in the same order", object, got)
		}
		if again, found, err := g.Apply(got); err != nil || len(found) > 0 || !bytes.Equal(again, got) {
			t.Errorf("applied twice, %s became %s, found %v, %v; want no change", got, again, found, err)
		}
	})
}

// A slowGuard does what a guard does, with decoded values.
type slowGuard struct{ depth int }

func (g slowGuard) value(v any, f field) (kept any, credential bool) {
	switch v := v.(type) {
	case string:
		return v, !f.named && isValue(v)
	case []any:
		kept := []any{}
		for _, element := range v {
			value, credential := slowGuard{g.depth + 1}.value(element, f)
			if !credential && (!f.inside || isNested(element)) {
				kept = append(kept, value)
			}
		}
		return kept, false
	case map[string]any:
		kept := map[string]any{}
		for name, value := range v {
			value, bad := slowGuard{g.depth + 1}.member(name, value, f)
			part := f.part || g.depth > 0 && strings.HasPrefix(name, "$")
			if !bad {
				kept[name] = value
			}
			credential = credential || bad && part
		}
		return kept, credential
	}
	return v, false
}

func (g slowGuard) member(name string, v any, of field) (kept any, credential bool) {
	below, known := of.below[name]
	part := of.part || g.depth > 1 && strings.HasPrefix(name, "$")
	secret := of.inside || isName([]byte(name))
	switch {
	case known && len(below) == 0, of.named && part && !isName([]byte(name)):
		return g.value(v, field{named: true, part: part})
	case secret && !(known && isNested(v)):
		return nil, true
	}
	return g.value(v, field{below: below, inside: secret, part: part})
}

func isNested(v any) bool {
	switch v.(type) {
	case []any, map[string]any:
		return true
	}
	return false
}

// isPartOf reports whether part is text without some bytes.
func isPartOf(part, text []byte) bool {
	for _, c := range part {
		i := bytes.IndexByte(text, c)
		if i < 0 {
			return false
		}
		text = text[i+1:]
	}
	return true
}

// repeatsNames reports whether an object of the text has a name twice. No document has.
func repeatsNames(text []byte) bool {
	var names func(d *json.Decoder) bool
	names = func(d *json.Decoder) bool {
		token, _ := d.Token()
		seen := map[string]bool{}
		switch token {
		case json.Delim('{'):
			for d.More() {
				name, _ := d.Token()
				if text, _ := name.(string); seen[text] || names(d) {
					return true
				} else {
					seen[text] = true
				}
			}
			_, _ = d.Token()
		case json.Delim('['):
			for d.More() {
				if names(d) {
					return true
				}
			}
			_, _ = d.Token()
		}
		return false
	}
	return names(json.NewDecoder(bytes.NewReader(text)))
}
