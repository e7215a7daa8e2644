package appfunc

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// maxSource bounds one function's source, in bytes.
const maxSource = 1 << 20

// Load reads the sources below a directory that is an exported app's functions:
// functions/name.js, functions/folder/name.js (whose name is folder/name), or
// the older functions/name/source.js. Modules of npm are left out.
func Load(functions fs.FS) (map[string]string, error) {
	sources := map[string]string{}
	err := fs.WalkDir(functions, ".", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "node_modules":
			return fs.SkipDir
		case entry.IsDir() || path.Ext(file) != ".js":
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Size() > maxSource {
			return fmt.Errorf("function %s: more than %d bytes", file, maxSource)
		}
		source, err := fs.ReadFile(functions, file)
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(file, ".js")
		if path.Base(file) == "source.js" && path.Dir(file) != "." {
			name = path.Dir(file)
		}
		sources[name] = string(source)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return sources, nil
}
