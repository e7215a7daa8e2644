package yamlbind

import "fmt"

// unknown says that a section has no such setting: with the one that was
// probably meant, or with all there are.
func unknown(key string, fields []Field) error {
	nearest, distance := "", len(key)/3+2
	for _, f := range fields {
		if d := editDistance(key, f.Setting); d < distance {
			nearest, distance = f.Setting, d
		}
	}
	if nearest != "" {
		return fmt.Errorf("unknown setting, did you mean %s?", nearest)
	}
	return fmt.Errorf("unknown setting, want %s", OneOf(namesOf(fields)))
}

// editDistance is the number of bytes to insert, remove or replace that makes
// b of a (Levenshtein).
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
