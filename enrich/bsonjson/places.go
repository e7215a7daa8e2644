package bsonjson

import "github.com/tokengraft/tokengraft/internal/jsonvalue"

// places returns, for each item of an array, the index that it had in the old one, or -1 if it
// is new. Items that look the same can differ in BSON, so those at the start, at the end and
// at the same index stay themselves, and each other one is found once, if there are enough.
func places(was, now []jsonvalue.Value) []int {
	old, new := keys(was), keys(now)
	shift, start, end := len(old)-len(new), 0, 0
	for start < min(len(old), len(new)) && old[start] == new[start] {
		start++
	}
	for end < min(len(old), len(new))-start && old[len(old)-1-end] == new[len(new)-1-end] {
		end++
	}
	found, taken := make([]int, len(new)), make([]bool, len(old))
	for i, key := range new {
		found[i] = -1
		switch {
		case i < start, shift == 0 && old[i] == key:
			found[i] = i
		case i >= len(new)-end:
			found[i] = i + shift
		}
		if found[i] >= 0 {
			taken[found[i]] = true
		}
	}
	findOthers(found, old, new, taken)
	return found
}

// findOthers finds the items that have no place yet: the first with the same key that is not
// taken or, if there are more now, one that is.
func findOthers(found []int, old, new []string, taken []bool) {
	free, any := map[string][]int{}, map[string]int{}
	for i, key := range old {
		any[key] = i
		if !taken[i] {
			free[key] = append(free[key], i)
		}
	}
	for i, key := range new {
		if found[i] >= 0 {
			continue
		}
		if left := free[key]; len(left) > 0 {
			found[i], free[key] = left[0], left[1:]
		} else if at, ok := any[key]; ok {
			found[i] = at
		}
	}
}

func keys(items []jsonvalue.Value) []string {
	keys := make([]string, len(items))
	for i, item := range items {
		keys[i] = item.Key()
	}
	return keys
}
