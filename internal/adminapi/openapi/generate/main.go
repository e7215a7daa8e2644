// Generate writes the description of the admin API, and the tables of its page in the
// documentation. Package adminapi runs it with go generate.
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"

	"github.com/tokengraft/tokengraft/internal/adminapi/openapi"
	"github.com/tokengraft/tokengraft/internal/manual"
)

func main() {
	log.SetFlags(0)
	root := flag.String("root", "../..", "the directory of the repository")
	flag.Parse()
	if err := generate(*root); err != nil {
		log.Fatal(err)
	}
}

func generate(root string) error {
	document, err := openapi.Document(root)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, openapi.Name), document, 0o644); err != nil {
		return err
	}
	name := filepath.Join(root, openapi.Page)
	page, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	content := string(page)
	for table, rows := range openapi.Tables() {
		if content, err = manual.Insert(content, table, rows); err != nil {
			return err
		}
	}
	return os.WriteFile(name, []byte(content), 0o644)
}
