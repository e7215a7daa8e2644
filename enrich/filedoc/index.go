package filedoc

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/tokengraft/tokengraft/enrich/bsonjson"
)

// An index finds documents, as BSON, by the ids in their user-id field. It is
// immutable, and the largest part of the process with documents from a file: so it has
// few and small records, and the documents share one array.
type index struct {
	docs [][]byte                  // in the order of the file
	byID map[bsonjson.UserID]int32 // the document of an id, as its place in docs: the one with the lowest _id
	// several has the ids that have more than one document.
	several map[bsonjson.UserID]struct{}
	types   map[string]int    // the numbers of documents, by the type of their field
	sum     [sha256.Size]byte // of the file's content
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
	var content bytes.Buffer
	content.Grow(int(info.Size()) + bytes.MinRead) // or it would grow in steps, each of them garbage
	if _, err := content.ReadFrom(f); err != nil {
		return info, nil, withoutPath(err)
	}
	docs, err := parse(content.Bytes())
	if err != nil {
		return info, nil, err
	}
	index := newIndex(docs, field)
	index.sum = sha256.Sum256(content.Bytes())
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
	x := &index{docs: docs, byID: make(map[bsonjson.UserID]int32, len(docs)), several: map[bsonjson.UserID]struct{}{}, types: field.CountTypes(docs)}
	for i, doc := range docs {
		ids := field.UserIDs(doc)
		for n, id := range ids {
			if !slices.Contains(ids[:n], id) {
				x.add(id, int32(i))
			}
		}
	}
	return x
}

// add adds a document of an id. Of those with equal _ids the first one counts.
func (x *index) add(id bsonjson.UserID, place int32) {
	held, taken := x.byID[id]
	if taken {
		x.several[id] = struct{}{}
	}
	if !taken || bsonjson.CompareIDs(x.docs[place], x.docs[held]) < 0 {
		x.byID[id] = place
	}
}

// find returns the document of the first id that has one, or nil if none has. It also
// reports whether there are other documents.
func (x *index) find(ids []bsonjson.UserID) (doc []byte, duplicate bool) {
	first := int32(-1)
	for _, id := range ids {
		place, ok := x.byID[id]
		if !ok {
			continue
		}
		if first < 0 {
			first, doc = place, x.docs[place]
		}
		if _, more := x.several[id]; more || place != first {
			return doc, true
		}
	}
	return doc, false
}
