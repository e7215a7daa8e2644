package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// An output is the form of what a command prints: text for people, or JSON for programs.
type output string

const (
	textOutput output = "text"
	jsonOutput output = "json"
)

// outputFlag adds -o to a command.
func outputFlag(c *cobra.Command) *output {
	o := textOutput
	c.Flags().VarP(&o, "output", "o", "the form of the output: `text|json`")
	return &o
}

// String and the next two methods implement pflag.Value.
func (o *output) String() string { return string(*o) }

// Type returns the name of the type in the help.
func (o *output) Type() string { return "text|json" }

// Set sets the form, and returns an error if the word names none.
func (o *output) Set(word string) error {
	switch output(word) {
	case textOutput, jsonOutput:
		*o = output(word)
		return nil
	}
	return fmt.Errorf("want text or json")
}

// json reports whether the form is JSON.
func (o *output) json() bool { return *o == jsonOutput }

// writeJSON writes a value as one JSON document, indented, with < > & as they are. No character
// in it controls a terminal.
func writeJSON(w io.Writer, v any) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := io.WriteString(w, printableJSON(text.String()))
	return err
}
