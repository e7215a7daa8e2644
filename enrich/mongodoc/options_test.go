package mongodoc_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokengraft/tokengraft/enrich"
	"github.com/tokengraft/tokengraft/enrich/enrichtest/wiretest"
	"github.com/tokengraft/tokengraft/enrich/mongodoc"
)

func TestOpen_ErrorNamesTheWrongOption(t *testing.T) {
	good := mongodoc.Options{URI: "mongodb://127.0.0.1:1", Database: "d", Collection: "c", Field: "f"}
	tests := []struct {
		name   string
		damage func(*mongodoc.Options)
		want   []string
	}{
		{"zero options", func(o *mongodoc.Options) { *o = mongodoc.Options{} }, []string{"Options.URI is missing", "Options.Database is missing", "Options.Collection is missing", "Options.Field is missing"}},
		{"no URI", func(o *mongodoc.Options) { o.URI = "" }, []string{"Options.URI is missing"}},
		{"no database", func(o *mongodoc.Options) { o.Database = "" }, []string{"Options.Database is missing"}},
		{"no collection", func(o *mongodoc.Options) { o.Collection = "" }, []string{"Options.Collection is missing"}},
		{"no field", func(o *mongodoc.Options) { o.Field = "" }, []string{"Options.Field is missing"}},
		{"field", func(o *mongodoc.Options) { o.Field = "a..b" }, []string{`Options.Field "a..b" is not a path`}},
		{"id type", func(o *mongodoc.Options) { o.IDType = "uid" }, []string{`Options.IDType "uid" is unknown`}},
		{"format", func(o *mongodoc.Options) { o.Format = "yaml" }, []string{`Options.Format "yaml" is unknown`}},
		{"projection", func(o *mongodoc.Options) { o.Projection.Exclude = []string{"a", "a.b"} }, []string{"Options.Projection: "}},
		{"timeout", func(o *mongodoc.Options) { o.Timeout = -1 }, []string{"Options.Timeout is -1ns, want 0 (the default) or more"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := good
			tt.damage(&o)
			src, err := mongodoc.Open(o)
			if err == nil {
				_ = src.Close(t.Context())
				t.Fatalf("Open has no error, want %q", tt.want)
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(tt.want) {
				t.Fatalf("Open = %v, want %d errors: %q", err, len(tt.want), tt.want)
			}
			for i, want := range tt.want {
				if !strings.HasPrefix(lines[i], "mongodoc: "+want) {
					t.Errorf("Open has the error %q, want %q", lines[i], "mongodoc: "+want)
				}
			}
		})
	}
}

// All other options may be zero. The defaults are a timeout of 500 ms, automatic id types,
// the plain format, no log and no metrics.
func TestOpen_FourOptionsAreEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := wiretest.New()
		t.Cleanup(server.Close)
		server.Insert(`{"_id":{"$oid":"62efedca3587e6e83c0fc675"},"f":"anna"}`)
		src := open(t, mongodoc.Options{URI: wiretest.URI, Database: "d", Collection: "c", Field: "f"}.Through(server))
		doc, err := src.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: "anna"}})
		if want := `{"_id":"62efedca3587e6e83c0fc675","f":"anna"}`; err != nil || string(doc.JSON) != want {
			t.Errorf("Lookup = %s, %v; want %s", doc.JSON, err, want)
		}
		server.OnCommand("find", func() { time.Sleep(time.Second) })
		began := time.Now()
		_, err = src.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: "anna"}})
		if took := time.Since(began); err == nil || took != 500*time.Millisecond {
			t.Errorf("Lookup of a slow server = %v after %v, want an error after 500ms", err, took)
		}
	})
}

func TestOpen_ReportsAWrongOptionWithoutThePassword(t *testing.T) {
	good := mongodoc.Options{URI: "mongodb://127.0.0.1:1", Database: "d", Collection: "c", Field: "f"}
	tests := map[string]func(*mongodoc.Options){
		"no URI":                func(o *mongodoc.Options) { o.URI = "" },
		"scheme":                func(o *mongodoc.Options) { o.URI = "http://secret@127.0.0.1" },
		"port":                  func(o *mongodoc.Options) { o.URI = "mongodb://u:secret@127.0.0.1:port" },
		"slash in the password": func(o *mongodoc.Options) { o.URI = "mongodb://u:se/secret@127.0.0.1" },
		"question mark":         func(o *mongodoc.Options) { o.URI = "mongodb://u:secret?@127.0.0.1:port" },
		"at sign":               func(o *mongodoc.Options) { o.URI = "mongodb://u:secret@x@127.0.0.1" },
		"percent sign":          func(o *mongodoc.Options) { o.URI = "mongodb://u:secret%zz@127.0.0.1" },
		"option":                func(o *mongodoc.Options) { o.URI = "mongodb://u:secret@127.0.0.1/?w=secret&journal=secret" },
		"option of srv":         func(o *mongodoc.Options) { o.URI = "mongodb+srv://u:secret@a.example.com:27017" },
		"no database":           func(o *mongodoc.Options) { o.Database = "" },
		"no collection":         func(o *mongodoc.Options) { o.Collection = "" },
		"no field":              func(o *mongodoc.Options) { o.Field = "" },
		"projection":            func(o *mongodoc.Options) { o.Projection.Include = []string{"a", "a.b"} },
	}
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			o := good
			damage(&o)
			src, err := mongodoc.Open(o)
			if err == nil {
				_ = src.Close(t.Context())
				t.Fatal("Open has no error, want one")
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("Open = %q, want an error without the password", err)
			}
		})
	}
}

func TestOpen_AcceptsAPoolOfOneConnection(t *testing.T) {
	open(t, mongodoc.Options{URI: "mongodb://127.0.0.1:1/?maxPoolSize=1", Database: "d", Collection: "c", Field: "f"})
}

func TestOpen_AcceptsAnSRVNameThatDoesNotResolveYet(t *testing.T) {
	src := open(t, mongodoc.Options{URI: "mongodb+srv://u:secret@cluster.tokengraft.invalid/", Database: "d", Collection: "c", Field: "f", Timeout: 200 * time.Millisecond})
	_, err := src.Lookup(t.Context(), enrich.Query{User: enrich.User{ID: "u"}})
	if err == nil || errors.Is(err, enrich.ErrNoDocument) || strings.Contains(err.Error(), "secret") {
		t.Errorf("Lookup = %v; want an error that means that the source failed, without the password", err)
	}
}
