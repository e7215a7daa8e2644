// Generate writes the JSON Schema of the configuration file, and the tables of the
// documentation that come from the code: settings, reasons, problem types. Package
// config runs it with go generate.
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"

	"github.com/tokengraft/tokengraft/internal/manual"
)

func main() {
	log.SetFlags(0)
	root := flag.String("root", "..", "the directory of the repository")
	flag.Parse()
	if err := generate(*root); err != nil {
		log.Fatal(err)
	}
}

func generate(root string) error {
	comments, err := manual.ReadComments(filepath.Join(root, "config"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, "config", "schema.json"), manual.Schema(comments), 0o644); err != nil {
		return err
	}
	pages, err := manual.Pages(root)
	if err != nil {
		return err
	}
	for _, page := range pages {
		if err := os.WriteFile(filepath.Join(root, page.Name), []byte(page.Content), 0o644); err != nil {
			return err
		}
	}
	return nil
}
