package filedoc

import (
	"bytes"
	"iter"
	"slices"
)

// documents are BSON documents in one array without pointers, so the garbage collector
// has two objects to look at, however many documents there are.
type documents struct {
	bytes []byte
	ends  []int // of each document in bytes
}

// add adds a document.
func (d *documents) add(doc []byte) {
	d.bytes = append(d.bytes, doc...)
	d.ends = append(d.ends, len(d.bytes))
}

// clip returns the documents without room for more.
func (d *documents) clip() *documents {
	return &documents{bytes.Clone(d.bytes), slices.Clip(d.ends)}
}

func (d *documents) len() int { return len(d.ends) }

// at returns a document by its place in the file.
func (d *documents) at(place int32) []byte {
	start, end := 0, d.ends[place]
	if place > 0 {
		start = d.ends[place-1]
	}
	return d.bytes[start:end:end]
}

// all yields the documents in the order of the file.
func (d *documents) all() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for place := range d.ends {
			if !yield(d.at(int32(place))) {
				return
			}
		}
	}
}

// first returns the first documents, at most n.
func (d *documents) first(n int) [][]byte {
	docs := make([][]byte, min(n, d.len()))
	for i := range docs {
		docs[i] = d.at(int32(i))
	}
	return docs
}

// within returns the first documents, at most n, until they have so many bytes together.
func (d *documents) within(n, bytes int) [][]byte {
	docs := d.first(n)
	for i, doc := range docs {
		if bytes -= len(doc); bytes <= 0 {
			return docs[:i+1]
		}
	}
	return docs
}
