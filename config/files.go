package config

import (
	"crypto/sha256"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// A sum tells contents of a file apart. The zero sum is that of one that cannot
// be read.
type sum [sha256.Size]byte

// sumUp takes the sums of the configuration file and of those that it names,
// before anybody reads these: what is read is then never older than its sum, so
// no change goes unnoticed.
func (c *Config) sumUp(path string, content []byte) {
	c.sums = map[string]sum{path: sha256.Sum256(content)}
	for _, name := range []Path{
		c.AdminTokenFile, c.Verify.SecretFile, c.Documents.MongoDB.URIFile,
		c.Verify.JWKS.File, c.Verify.PublicKey, c.Sign.BackendKey, c.BackendTLS.CAFile,
		c.UserCreation.Webhook.SecretFile, c.UserCreation.Document, c.Functions.Dir, c.Functions.Values, c.Functions.Environments,
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
		return nil // what cannot be read has the zero sum
	})
	return sum(all.Sum(nil))
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// File is the path of the configuration file itself; empty for a configuration
// made in Go.
func (c *Config) File() string { return c.file }

// Folders are where the files are that the configuration is made of: its own,
// those of secrets, and those of the backend's keys. The files of documents, of
// certificates and of our own keys are followed by who reads them. A file that is a symbolic link
// is in two of them.
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

// Changed reports whether one of these files has another content than when the
// configuration was loaded.
func (c *Config) Changed() bool {
	for name, sum := range c.sums {
		if sumOf(name) != sum {
			return true
		}
	}
	return false
}
