// Generate writes the JSON Schema of the configuration file, and the table of
// settings in a page. Package config runs it with go generate.
package main

import (
	"flag"
	"log"
	"os"

	"github.com/tokengraft/tokengraft/internal/manual"
)

func main() {
	log.SetFlags(0)
	dir := flag.String("config", ".", "the directory of package config")
	schema := flag.String("schema", "schema.json", "the file for the JSON Schema")
	page := flag.String("page", "../README.md", "the page with the table of settings")
	flag.Parse()
	if err := generate(*dir, *schema, *page); err != nil {
		log.Fatal(err)
	}
}

func generate(dir, schema, page string) error {
	comments, err := manual.ReadComments(dir)
	if err != nil {
		return err
	}
	if err := os.WriteFile(schema, manual.Schema(comments), 0o644); err != nil {
		return err
	}
	before, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	after, err := manual.Insert(string(before), manual.Markdown(manual.Settings(comments)))
	if err != nil || after == string(before) {
		return err
	}
	return os.WriteFile(page, []byte(after), 0o644)
}
