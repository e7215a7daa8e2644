package hooks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// A Template is a document with placeholders: strings that are exactly %%user.id,
// %%user.type, %%user.data.NAME or %%now. A member whose value is not known is left
// out. The zero Template creates no document.
type Template struct{ root any }

func (t Template) isZero() bool { return t.root == nil }

// ParseTemplate parses a template: a JSON object, which may be MongoDB Extended JSON.
// It does not keep the text.
func ParseTemplate(text []byte) (Template, error) {
	root, err := decode(text)
	if err != nil {
		return Template{}, fmt.Errorf("not a JSON object: %w", err)
	}
	if root == nil {
		return Template{}, errors.New("not a JSON object: null")
	}
	return Template{root}, check(root)
}

// decode reads one JSON object or null, and keeps numbers as they are written.
func decode(text []byte) (root map[string]any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&root); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("there is more text after the object")
	}
	return root, nil
}

// check returns an error for a placeholder that does not exist.
func check(value any) error {
	switch v := value.(type) {
	case map[string]any:
		for _, member := range v {
			if err := check(member); err != nil {
				return err
			}
		}
	case []any:
		for _, element := range v {
			if err := check(element); err != nil {
				return err
			}
		}
	case string:
		if !strings.HasPrefix(v, "%%") {
			return nil
		}
		if name, isData := strings.CutPrefix(v, "%%user.data."); isData && metadata[name] != "" {
			return nil
		}
		if v != "%%user.id" && v != "%%user.type" && v != "%%now" {
			return fmt.Errorf("the placeholder %s does not exist; use %%%%user.id, %%%%user.type, %%%%now or %%%%user.data.NAME with one of these names: %s",
				v, strings.Join(slices.Sorted(maps.Keys(metadata)), ", "))
		}
	}
	return nil
}

// fill returns the document of a user.
func (t Template) fill(object json.RawMessage, now time.Time) json.RawMessage {
	var u user
	_ = json.Unmarshal(object, &u) // it comes from userObject
	filled, _ := fill(t.root, u, now)
	document, _ := json.Marshal(filled)
	return document
}

// fill returns a value with its placeholders filled in. known is false for a
// placeholder whose value is not known.
func fill(value any, u user, now time.Time) (filled any, known bool) {
	switch v := value.(type) {
	case map[string]any:
		object := map[string]any{}
		for name, member := range v {
			if filled, known := fill(member, u, now); known {
				object[name] = filled
			}
		}
		return object, true
	case []any:
		list := []any{}
		for _, element := range v {
			if filled, known := fill(element, u, now); known {
				list = append(list, filled)
			}
		}
		return list, true
	case string:
		return place(v, u, now)
	}
	return value, true
}

func place(text string, u user, now time.Time) (filled any, known bool) {
	switch text {
	case "%%user.id":
		return u.ID, true
	case "%%user.type":
		return u.Type, true
	case "%%now":
		return map[string]any{"$date": now.UTC().Format(time.RFC3339Nano)}, true
	}
	if name, isData := strings.CutPrefix(text, "%%user.data."); isData {
		value, known := u.Data[name]
		return value, known
	}
	return text, true
}
