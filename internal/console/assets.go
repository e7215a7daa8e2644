package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"time"
)

//go:embed assets
var files embed.FS

// An asset is a file of the pages, and its name in their links. The name has a hash of the
// content, so that browsers can keep the file and get a new one after an update.
type asset struct {
	content []byte
	link    string
}

var (
	style  = newAsset("console.css")
	script = newAsset("console.js")
	icon   = newAsset("icon.svg")
)

func newAsset(name string) asset {
	content, err := files.ReadFile("assets/" + name)
	if err != nil {
		panic(err) // the file is embedded
	}
	hash := sha256.Sum256(content)
	return asset{content, "assets/" + name + "?" + hex.EncodeToString(hash[:6])}
}

func serveAsset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	content, err := files.ReadFile("assets/" + name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	setHeaders(w.Header())
	if r.URL.RawQuery != "" {
		w.Header().Set("Cache-Control", "max-age=31536000, immutable")
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
}
