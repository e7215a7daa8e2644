package mongodoc_test

import (
	"testing"

	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

func TestHosts_ShowsNoCredentials(t *testing.T) {
	for uri, want := range map[string]string{
		"mongodb://a.example": "a.example",
		"mongodb://a.example:27017,b.example/app?replicaSet=r":    "a.example:27017,b.example",
		"mongodb://anna:geheim@a.example/app":                     "a.example",
		"mongodb://anna:geh%40eim@a.example/?authSource=admin":    "a.example",
		"mongodb+srv://anna:geheim@c.example.mongodb.net/?w=all":  "c.example.mongodb.net (SRV)",
		"mongodb+srv://anna:gehe/im@c.example.mongodb.net":        "",
		"mongodb://anna:gehe/im@a.example":                        "",
		"mongodb://anna:geheim@a.example:x":                       "",
		"":                                                        "",
		"geheim":                                                  "",
		"mongodb://a.example/?authMechanismProperties=X:geheim@y": "",
	} {
		if got := mongodoc.Hosts(uri); got != want {
			t.Errorf("Hosts(%q) = %q, want %q", uri, got, want)
		}
	}
}
