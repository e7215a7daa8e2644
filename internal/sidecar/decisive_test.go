package sidecar

import (
	"slices"
	"testing"

	"github.com/tokengraft/tokengraft/internal/jsonvalue"
)

func TestExpansionsIn_FindsEveryUseOfCustomData(t *testing.T) {
	for text, want := range map[string][]string{
		`{"%%user.custom_data.tier": "pro"}`:                                              {"tier"},
		`{"team": {"$in": ["x", "%%user.custom_data.teams.0"]}}`:                          {"teams.0"},
		`{"%%true": {"%function": {"name": "f", "arguments": ["%%user.custom_data"]}}}`:   {""},
		`{"%%true": {"%function": {"name": "f", "arguments": [{"a": "%%user"}]}}}`:        {""},
		`{"%%user.id": "%%user.data.email", "userId": "%%username", "custom_data": true}`: nil,
	} {
		v, err := jsonvalue.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, name := range expansionsIn(v) {
			if path, reads := (expansion{name: name}).customData(); reads {
				got = append(got, path)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: the expansions read %q, want %q", text, got, want)
		}
	}
}
