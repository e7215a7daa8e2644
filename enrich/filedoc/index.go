package filedoc

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// An index finds documents, as BSON, by the ids in their user-id field. It is
// immutable.
type index struct {
	docs [][]byte                     // in the order of the file
	byID map[bsonjson.UserID][][]byte // the documents of an id, the lowest _id first
	// duplicates is the number of user ids that have more than one document.
	duplicates int
	types      map[string]int    // the numbers of documents, by the type of their field
	sum        [sha256.Size]byte // of the file's content
}

// loadIndex reads and indexes a file. It returns the info of the file even if the
// content is wrong.
func loadIndex(path string, field bsonjson.Field) (fs.FileInfo, *index, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, withoutPath(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, withoutPath(err)
	}
	content, err := io.ReadAll(f)
	if err != nil {
		return info, nil, withoutPath(err)
	}
	docs, err := parse(content)
	if err != nil {
		return info, nil, err
	}
	index := newIndex(docs, field)
	index.sum = sha256.Sum256(content)
	return info, index, nil
}

// withoutPath removes the path from an error, because [Source.wrapError] adds it.
func withoutPath(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return fmt.Errorf("%s: %w", pathError.Op, pathError.Err)
	}
	return err
}

func newIndex(docs [][]byte, field bsonjson.Field) *index {
	x := &index{docs: docs, byID: make(map[bsonjson.UserID][][]byte, len(docs)), types: field.CountTypes(docs)}
	for _, doc := range docs {
		ids := field.UserIDs(doc)
		for i, id := range ids {
			if !slices.Contains(ids[:i], id) {
				x.byID[id] = append(x.byID[id], doc)
			}
		}
	}
	for _, same := range x.byID {
		if len(same) > 1 {
			x.duplicates++
			slices.SortStableFunc(same, bsonjson.CompareIDs)
		}
	}
	return x
}

// find returns the document of the first id that has one, or nil if none has. It also
// reports whether there are other documents.
func (x *index) find(ids []bsonjson.UserID) (doc []byte, duplicate bool) {
	for _, id := range ids {
		for _, candidate := range x.byID[id] {
			if doc != nil && &doc[0] != &candidate[0] {
				return doc, true
			}
			doc = candidate
		}
	}
	return doc, false
}
