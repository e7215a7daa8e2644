package config

import (
	"crypto/sha256"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// A sum is a checksum of the content of a file. The zero sum means that the file
// cannot be read.
type sum [sha256.Size]byte

// recordSums records the checksums of the configuration file and of the files that it
// names. It runs before they are read: a file that changes in between then differs
// from its checksum, and the change is noticed.
func (c *Config) recordSums(path string, content []byte) {
	c.sums = map[string]sum{}
	if path != Stdin {
		c.sums[path] = sha256.Sum256(content)
	}
	for _, name := range []Path{
		c.AdminTokenFile, c.Verify.SecretFile, c.Documents.MongoDB.URIFile,
		c.Verify.JWKS.File, c.Verify.PublicKey, c.Sign.BackendKey, c.BackendTLS.CAFile,
		c.UserCreation.Webhook.SecretFile, c.UserCreation.Document, c.Functions.Dir, c.Functions.Values, c.Functions.Environments,
		c.Access.Roles, c.Access.Schema,
	} {
		if name != "" {
			c.sums[string(name)] = sumOf(string(name))
		}
	}
}

// sumOf is the sum of a file, or of all files below a directory.
func sumOf(name string) sum {
	if !isDir(name) {
		content, err := os.ReadFile(name)
		if err != nil {
			return sum{}
		}
		return sha256.Sum256(content)
	}
	all := sha256.New()
	_ = fs.WalkDir(os.DirFS(name), ".", func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			one := sumOf(filepath.Join(name, file))
			all.Write(append([]byte(file+"\x00"), one[:]...))
		}
		return nil // a file that cannot be read has the zero sum
	})
	return sum(all.Sum(nil))
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// File returns the path of the configuration file, [Stdin] for one that was not in a
// file, or "" for a configuration made in Go.
func (c *Config) File() string { return c.file }

// Folders returns the directories to watch for changes of the configuration: those of
// its own file, of secrets, of the backend's keys, of functions, and the targets of
// symbolic links among them. Documents, certificates and the sidecar's own keys are
// not included, because their readers watch them.
func (c *Config) Folders() []string {
	folders := map[string]bool{}
	for name := range c.sums {
		folders[filepath.Dir(name)] = true
		if isDir(name) {
			folders[name] = true
		}
		if target, err := filepath.EvalSymlinks(name); err == nil {
			folders[filepath.Dir(target)] = true
		}
	}
	return slices.Sorted(maps.Keys(folders))
}

// Changed reports whether a file has changed since the configuration was loaded: its own
// file, or one of the others that [Config.Folders] is for.
func (c *Config) Changed() bool {
	for name, sum := range c.sums {
		if sumOf(name) != sum {
			return true
		}
	}
	return false
}
