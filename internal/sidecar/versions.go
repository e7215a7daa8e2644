package sidecar

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tokengraft/tokengraft/internal/adminapi"
)

// keptVersions is how many versions of the configuration file are kept.
const keptVersions = 10

// versions are earlier contents of a file, in the directory FILE.versions next to it. Each
// has its text in ID.yaml and its [adminapi.Version] in ID.json. Ids sort by time.
// Revisions are of this process, so they are computed and not kept.
type versions struct{ dir string }

func versionsOf(path string) versions { return versions{path + ".versions"} }

// list returns the versions, the newest first. Current is the newest with this revision.
func (v versions) list(current string) ([]adminapi.Version, error) {
	entries, err := os.ReadDir(v.dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	list := []adminapi.Version{}
	for _, entry := range entries {
		id, ok := strings.CutSuffix(entry.Name(), ".yaml")
		if !ok || !entry.Type().IsRegular() || strings.HasPrefix(id, ".") {
			continue
		}
		list = append(list, v.described(id))
	}
	slices.SortFunc(list, func(a, b adminapi.Version) int { return cmp.Compare(b.ID, a.ID) })
	if i := slices.IndexFunc(list, func(v adminapi.Version) bool { return v.Revision == current }); i >= 0 {
		list[i].Current = true
	}
	return list, nil
}

// described returns what is known about a version. Its text may have lost its description.
func (v versions) described(id string) adminapi.Version {
	out := adminapi.Version{}
	if text, err := os.ReadFile(filepath.Join(v.dir, id+".json")); err == nil {
		_ = json.Unmarshal(text, &out)
	}
	out.ID, out.Revision, out.Current = id, "", false
	if text, err := v.read(id); err == nil {
		out.Revision = revisionOf(text)
	}
	stamp, _, _ := strings.Cut(id, "-")
	out.Time, _ = time.Parse(versionTime, stamp)
	if out.Changed == nil {
		out.Changed = []string{}
	}
	return out
}

// versionTime is the time in an id. It has a fixed width.
const versionTime = "20060102T150405.000000000Z"

// add keeps a text as the newest version.
func (v versions) add(text []byte, changed []string) (adminapi.Version, error) {
	// The versions have the secrets of the file.
	if err := errors.Join(os.MkdirAll(v.dir, 0o700), os.Chmod(v.dir, 0o700)); err != nil {
		return adminapi.Version{}, err
	}
	now := time.Now().UTC()
	list, err := v.list("")
	if err != nil {
		return adminapi.Version{}, err
	}
	if len(list) > 0 && !now.After(list[0].Time) {
		now = list[0].Time.Add(time.Nanosecond) // the clock went back
	}
	added := adminapi.Version{Time: now, Revision: revisionOf(text), Changed: append([]string{}, changed...)}
	added.ID = now.Format(versionTime) + "-" + strings.ToLower(rand.Text()[:8])
	kept := added
	kept.Revision = ""
	description, err := json.Marshal(kept)
	if err != nil {
		return adminapi.Version{}, err
	}
	err = writeFile(filepath.Join(v.dir, added.ID+".json"), description, nil)
	if err == nil {
		err = writeFile(filepath.Join(v.dir, added.ID+".yaml"), text, nil)
	}
	if err != nil {
		v.remove(added.ID)
		return adminapi.Version{}, err
	}
	return added, nil
}

// prune removes the versions that are too many, and what earlier processes left when they
// were killed.
func (v versions) prune() {
	removeLeft(v.dir, ".")
	entries, _ := os.ReadDir(v.dir)
	for _, entry := range entries {
		id, described := strings.CutSuffix(entry.Name(), ".json")
		if _, err := os.Stat(filepath.Join(v.dir, id+".yaml")); described && errors.Is(err, os.ErrNotExist) {
			v.remove(id)
		}
	}
	list, _ := v.list("")
	for _, old := range list[min(len(list), keptVersions):] {
		v.remove(old.ID)
	}
}

// read returns the text of a version.
func (v versions) read(id string) ([]byte, error) {
	return os.ReadFile(filepath.Join(v.dir, id+".yaml"))
}

func (v versions) remove(id string) {
	_ = os.Remove(filepath.Join(v.dir, id+".yaml"))
	_ = os.Remove(filepath.Join(v.dir, id+".json"))
}
