// Package values reads the values and environments of an exported app of App Services.
package values

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Read reads the values of an exported app: one per file in a directory. An
// empty dir means no values.
func Read(dir string) (map[string]json.RawMessage, error) {
	if dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	all := map[string]json.RawMessage{}
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) != ".json" {
			continue
		}
		name, value, err := readValue(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		all[name] = value
	}
	return all, nil
}

// readValue reads one value. A secret is a fault, because App Services does not
// export its value.
func readValue(file string) (name string, _ json.RawMessage, err error) {
	var value struct {
		Name       string          `json:"name"`
		Value      json.RawMessage `json:"value"`
		FromSecret bool            `json:"from_secret"`
	}
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &value)
	}
	switch {
	case err != nil:
		err = fmt.Errorf("%s: %w", file, err)
	case value.Name == "" || value.Value == nil:
		err = fmt.Errorf(`%s: must be {"name": …, "value": …}`, file)
	case value.FromSecret:
		err = fmt.Errorf("%s: the value is a secret, and App Services does not export secrets: write the secret here and set from_secret: false", file)
	}
	return value.Name, value.Value, err
}

// ReadEnvironment reads the values of one environment of an exported app. An app
// without environments has its values in no-environment.json.
func ReadEnvironment(dir, name string) (map[string]json.RawMessage, error) {
	if dir == "" {
		return nil, nil
	}
	file := filepath.Join(dir, cmp.Or(name, "no-environment")+".json")
	var environment struct{ Values map[string]json.RawMessage }
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &environment)
	}
	if err != nil {
		return nil, fmt.Errorf(`%w; write {"values": {…}} into the file %s`, err, file)
	}
	return environment.Values, nil
}
