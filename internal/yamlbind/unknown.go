package yamlbind

import "fmt"

// unknown says that a section does not have a setting. It names the setting that
// was probably meant, or all settings of the section.
func unknown(key string, fields []Field) error {
	nearest, distance := "", len(key)/3+2
	for _, f := range fields {
		if d := editDistance(key, f.Setting); d < distance {
			nearest, distance = f.Setting, d
		}
	}
	if nearest != "" {
		return fmt.Errorf("unknown setting; did you mean %s?", nearest)
	}
	return fmt.Errorf("unknown setting; use %s", OneOf(namesOf(fields)))
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
