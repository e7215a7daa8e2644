package yamlbind

import (
	"fmt"
	"reflect"
)

// unknown records that the section at path does not have a setting. The fault names
// the section that has it, the setting that was probably meant, or all settings of
// the section. The setting that was probably meant is not reported as missing.
func (b *Binder) unknown(path string, p Pair, fields []Field) {
	at := join(path, p.Key)
	nearest, distance := nearestTo(p.Key, fields)
	if section, ok := sectionWith(p.Key, "", b.root); ok && distance > len(p.Key)/5 {
		if section == "" {
			section = "the top level"
		}
		b.FaultAt(p.Place, at, fmt.Errorf("unknown setting; it belongs to %s, so check the indentation", section))
		return
	}
	if nearest != "" {
		b.meant[join(path, nearest)] = true
		b.FaultAt(p.Place, at, fmt.Errorf("unknown setting; did you mean %s?", nearest))
		return
	}
	b.FaultAt(p.Place, at, fmt.Errorf("unknown setting; use %s", OneOf(namesOf(fields))))
}

// sectionWith returns the path of the first section that has a setting with this
// name.
func sectionWith(key, path string, section reflect.Type) (string, bool) {
	fields := Fields(section)
	for _, f := range fields {
		if f.Setting == key {
			return path, true
		}
	}
	for _, f := range fields {
		within, of := join(path, f.Setting), f.Type
		if of.Kind() == reflect.Slice {
			within, of = within+"[]", of.Elem()
		}
		if isScalar(of) || of.Kind() != reflect.Struct {
			continue
		}
		if found, ok := sectionWith(key, within, of); ok {
			return found, true
		}
	}
	return "", false
}

// nearestTo returns the setting whose name differs least from a key, and in how many
// bytes. The name is "" if all differ much.
func nearestTo(key string, fields []Field) (nearest string, distance int) {
	distance = len(key)/3 + 2
	for _, f := range fields {
		if d := editDistance(key, f.Setting); d < distance {
			nearest, distance = f.Setting, d
		}
	}
	return nearest, distance
}

// editDistance returns how many bytes to insert, remove or replace to turn a into
// b (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
