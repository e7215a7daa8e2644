package jsonfile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tokengraft/tokengraft/internal/appservices/jsonfile"
)

func TestParse_FaultsAreAtTheWrongCharacter(t *testing.T) {
	for text, want := range map[string]string{
		"":                 "1:1",
		"{":                "1:2",
		"{\n":              "2:1",
		"[\n{]":            "2:2",
		"{\"ä\": ä}":       "1:7",
		"{} x":             "1:4",
		"\ufeff{\"a\":1,}": "1:8",
	} {
		v, err := jsonfile.Parse([]byte(text))
		if err == nil {
			t.Errorf("Parse(%q) found no fault", text)
		}
		if got := place(v, 0); got != want {
			t.Errorf("Parse(%q): the fault is at %s, want %s", text, got, want)
		}
	}
}

func TestValue_PartsKnowTheirPlace(t *testing.T) {
	v, err := jsonfile.Parse([]byte("\ufeff \n{\"ä\": \"é\", \"b\" : [1,\n  [null] , \"\"], \"ä\":\n2}\n"))
	if err != nil {
		t.Fatal(err)
	}
	got := parts(v, "")
	want := []string{`ä="é" at 2:7`, `b[0]=1 at 2:19`, `b[1][0]=null at 3:4`, `b[2]="" at 3:12`, `ä=2 at 4:1`}
	if !slices.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), strings.Join(want, ", "))
	}
	if got := place(v, len(v.Text)-1); got != "4:2" {
		t.Errorf("the last byte of the value is at %s, want 4:2", got)
	}
}

func TestValue_OnlyNullAndMissingAreNotSet(t *testing.T) {
	for _, text := range []string{`{"a": null}`, `{"a": false}`, `{"a": 0}`, `{"a": ""}`, `{"a": {}}`} {
		v, _ := jsonfile.Parse([]byte(text))
		for _, member := range v.Members() {
			if want := !strings.Contains(text, "null"); member.IsSet() != want {
				t.Errorf("%s: a is set: %t, want %t", text, member.IsSet(), want)
			}
		}
	}
	if (jsonfile.Value{}).IsSet() {
		t.Error("the zero Value is set, want missing")
	}
}

// parts returns the scalars in a value with their places.
func parts(v jsonfile.Value, path string) (found []string) {
	if !v.IsObject() && !v.IsArray() {
		return []string{fmt.Sprintf("%s=%s at %s", path, v.Text, place(v, 0))}
	}
	for name, member := range v.Members() {
		found = append(found, parts(member, path+name)...)
	}
	i := 0
	for item := range v.Items() {
		found = append(found, parts(item, fmt.Sprintf("%s[%d]", path, i))...)
		i++
	}
	return found
}

func place(v jsonfile.Value, offset int) string {
	line, column := v.Place(offset)
	return fmt.Sprintf("%d:%d", line, column)
}
